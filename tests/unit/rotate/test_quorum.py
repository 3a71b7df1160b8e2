"""What the control plane can do without: members that vote, counted with those that are on their way."""

import pytest

from objects import NEW, control_plane, etcd, node
from objects import cluster as snapshot
from underway.model.node import Node
from underway.model.snapshot import Snapshot
from underway.rotate.admission import Hands, admit
from underway.rotate.estimates import Estimates
from underway.rotate.gates import GATES
from underway.rotate.plan import plan, rules_of
from underway.rotate.quorum import must_stay, too_few
from underway.rotate.record import Slot
from underway.rotate.spec import Rotation, rotation_from

CONTROL = {name: control_plane(name) for name in "abcde"}


def members(names: str, not_ready: str = "") -> Snapshot:
    """A control plane of these nodes, with a member of etcd on each, and one worker."""
    return snapshot(*(CONTROL[name] for name in names), *(etcd(name, ready=name not in not_ready) for name in names), node("w"))


def test_a_worker_is_nothing_to_etcd() -> None:
    assert must_stay(members("a", not_ready="a"), node("w")) == ""


@pytest.mark.parametrize("names", ["abc", "abcd", "abcde"])
def test_one_of_three_or_more_that_vote_may_go(names: str) -> None:
    assert must_stay(members(names), CONTROL["a"]) == ""


def test_none_goes_while_another_does_not_vote() -> None:
    reason = must_stay(members("abc", not_ready="b"), CONTROL["a"])
    assert reason == "node a stays for the quorum of etcd: member etcd-b of etcd does not vote yet"


def test_none_goes_while_another_has_no_member_yet() -> None:
    without = snapshot(*(CONTROL[name] for name in "abc"), etcd("a"), etcd("b"))
    assert must_stay(without, CONTROL["a"]) == "node a stays for the quorum of etcd: no member of etcd runs on node c yet"


def test_all_that_are_lost_are_named() -> None:
    reason = must_stay(members("abcde", not_ready="bc"), CONTROL["a"])
    assert reason.endswith("member etcd-b of etcd does not vote yet; member etcd-c of etcd does not vote yet")


def test_the_one_that_is_lost_itself_may_go() -> None:
    """Its own vote is missing already; to replace it is what helps."""
    assert must_stay(members("abc", not_ready="a"), CONTROL["a"]) == ""


@pytest.mark.parametrize("successor", [False, True])
def test_the_only_member_never_goes(successor: bool) -> None:
    """With its successor there are two, of which one alone is no quorum."""
    reason = must_stay(members("a"), CONTROL["a"], successor=successor)
    of = "of 2 members, its successor's among them, 1 would be left, and 2" if successor else "of 1 member 0 would be left, and 1"
    assert reason == f"node a stays for the quorum of etcd: {of} are needed; bring the control plane to three members first"


def test_of_two_one_goes_once_a_third_has_joined() -> None:
    alone = must_stay(members("ab"), CONTROL["a"])
    assert alone == (
        "node a stays for the quorum of etcd: of 2 members 1 would be left, and 2 are needed; "
        "give it a successor beside it (spec.pace.maxSurge)"
    )
    assert must_stay(members("ab"), CONTROL["a"], successor=True) == ""
    assert must_stay(members("abc"), CONTROL["a"]) == ""
    assert "member etcd-c of etcd does not vote yet" in must_stay(members("abc", not_ready="c"), CONTROL["a"])


def test_where_etcd_lies_outside_one_api_server_is_left() -> None:
    """Nobody would bring the successor of the only one: whoever is to ask for it reads the cluster."""
    only = snapshot(CONTROL["a"], node("w"))
    assert too_few(only, CONTROL["a"], successor=False) == (
        "node a is the whole control plane; give it a successor beside it (spec.pace.maxSurge)"
    )
    assert too_few(only, CONTROL["a"], successor=True) == ""
    assert must_stay(snapshot(CONTROL["a"], CONTROL["b"]), CONTROL["a"]) == ""


def rotation(**pace: int) -> Rotation:
    """Of every node, at this pace."""
    spec = {"target": {"kubeletVersion": NEW}, "nodes": {"selector": {}}, "pace": pace}
    values = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "all"}, "spec": spec}
    return rotation_from(values, "test", [gate.name for gate in GATES], ["Command"])


def test_the_plan_names_what_stays_and_rotates_the_rest() -> None:
    made = plan(rotation(maxSurge=1), members("a"), Estimates(), 0)
    assert [blocker.node for blocker in made.blockers] == ["a"]
    assert "bring the control plane to three members first" in made.blockers[0].reason
    assert [planned.node for planned in made.order] == ["w"]


def test_the_plan_warns_of_a_member_that_is_lost_now() -> None:
    made = plan(rotation(maxSurge=1), members("abc", not_ready="b"), Estimates(), 0)
    assert made.blockers == ()
    assert "member etcd-b of etcd does not vote yet" in made.warnings


def test_one_of_two_is_admitted_with_a_successor_alone() -> None:
    picture = members("ab")

    def chosen(*nodes: Node, **pace: int) -> dict[str, Slot]:
        spec = rotation(**pace).spec
        found = admit(nodes, Hands(zones={"a": 3}), picture, spec, rules_of(spec), Estimates())
        return {admission.node.name: admission.slot for admission in found}

    assert chosen(CONTROL["a"], maxSurge=0, maxUnavailable=1) == {}
    assert chosen(CONTROL["a"], maxSurge=1) == {"a": Slot.SURGE}
    both = chosen(picture.nodes["w"], CONTROL["a"], CONTROL["b"], maxSurge=1, maxUnavailable=2)
    assert Slot.UNAVAILABLE not in {slot for name, slot in both.items() if name != "w"}
