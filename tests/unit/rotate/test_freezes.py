"""The levels of a freeze: who wins, what is held, and that what cannot be read stops everything."""

import pytest

from objects import node
from underway.model.lease import Lease
from underway.model.meta import LabelSelector, ObjectMeta
from underway.rotate.freezes import (
    BY_SPECIFICATION,
    FREEZES,
    ORDER,
    Freeze,
    Frozen,
    annotations_of,
    by_a_fleet,
    freezes_of,
    held_back,
    held_nodes,
    holding,
    next_command,
    order_annotation,
    ordered,
    resumed_ms,
    standing,
)
from underway.rotate.record import Journal

POOL = Freeze("incident 7", "user", 5, "pool=a", LabelSelector(match_labels={"pool": "a"}))
CLUSTER = Freeze("black friday", "user", 9)


def lease(**annotations: str) -> Lease:
    return Lease(ObjectMeta(name="underway.freeze", annotations=annotations))


def test_freezes_are_read_back_as_they_were_written() -> None:
    written = annotations_of([POOL, CLUSTER], 20_000, ended=False)
    assert freezes_of(Lease(ObjectMeta(annotations={k: v for k, v in written.items() if v}))) == (POOL, CLUSTER)
    assert annotations_of([], 20_000, ended=True)[FREEZES] is None
    ended = {k: v for k, v in annotations_of([], 20_000, ended=True).items() if v}
    assert resumed_ms(Lease(ObjectMeta(annotations=ended))) == 20_000


def test_a_cluster_that_is_frozen_stays_so_whatever_its_rotations_say() -> None:
    frozen = standing(Journal(frozen="a gate", frozen_by="gate x"), [POOL, CLUSTER])
    assert frozen is not None
    assert (frozen.level, frozen.reason, frozen.since_ms) == ("cluster", "black friday", 9)
    assert standing(Journal(), [POOL]) is None


def test_what_cannot_be_read_freezes_the_cluster() -> None:
    (freeze,) = freezes_of(lease(**{FREEZES: "[{"}))
    assert freeze.selector is None
    assert "annotation rotation.underway.dev/freezes of Lease underway.freeze cannot be read" in freeze.reason


def test_a_pool_holds_its_nodes_alone_and_the_rotation_only_once_nothing_else_is_left() -> None:
    inside, outside = node("n1", labels={"pool": "a"}), node("n2", labels={"pool": "b"})
    held = held_nodes([POOL], [inside, outside])
    assert list(held) == ["n1"]
    assert holding(held, [inside, outside]) is None
    frozen = holding(held, [inside])
    assert frozen is not None
    assert (frozen.level, frozen.reason) == ("pool", "incident 7 (1 of pool pool=a)")
    assert holding(held, []) is None


def test_blocked_means_that_nothing_is_left_that_could_go() -> None:
    from underway.model.snapshot import Snapshot
    from underway.rotate.blockers import Blocker
    from underway.rotate.situation import Situation
    from underway.rotate.status import is_blocked

    first, second = node("n1"), node("n2")
    situation = Situation(Snapshot(), {}, Journal(), 0)
    assert not is_blocked(situation, [first, second], [Blocker("n1", "a budget")]), "n2 has only not been begun yet"
    assert is_blocked(situation, [first], [Blocker("n1", "a budget")])


def test_what_holds_a_part_of_the_nodes_is_said_with_how_many_by_whom_and_since_when() -> None:
    nodes = [node(f"n{number}", labels={"pool": "a" if number < 2 else "b"}) for number in range(4)]
    older = Freeze("chosen by the older Rotation days too", "underway", 0)
    pool, other = held_back({**held_nodes([POOL], nodes), "n3": older}, nodes)
    assert pool.sentence == "2 nodes of pool pool=a frozen since 1970-01-01T00:00:00Z by user: incident 7"
    assert other.sentence == "1 node held: chosen by the older Rotation days too"
    assert held_back({}, nodes) == ()


@pytest.mark.parametrize(
    ("frozen", "command"),
    [
        (Frozen("a gate"), "underway resume workers"),
        (Frozen("sale", level="cluster"), "underway resume"),
        (by_a_fleet(Frozen("drill", "admin"), "prod"), "on the hub: underway resume --fleet prod"),
        (by_a_fleet(Frozen("spec.mode is Freeze", BY_SPECIFICATION), "prod"), "on the hub: underway resume --fleet prod"),
        (by_a_fleet(Frozen("wave canary: cluster eu is Frozen"), "prod"), "on the hub: underway status --fleet prod"),
        (Frozen("incident", level="pool", pool="pool=a"), "underway resume --pool pool=a"),
        (Frozen("chosen by the older Rotation days too", level="pool"), "underway status workers"),
        (
            Frozen("spec.mode is Freeze", BY_SPECIFICATION),
            """kubectl patch rotation workers --type=merge -p '{"spec":{"mode":"Rotate"}}'""",
        ),
    ],
)
def test_the_next_command_ends_the_freeze_that_holds(frozen: Frozen, command: str) -> None:
    assert next_command(frozen, "workers") == command


def test_a_mode_says_who_ordered_it_and_why_where_that_is_written_beside_it() -> None:
    drill = Frozen("drill", "admin", 7, "fleet", fleet="prod")
    written = {key: text for key, text in order_annotation(drill).items() if text is not None}
    assert ordered("Freeze", written) == drill
    assert ordered("Rotate", written) is None
    unknown = Frozen("spec.mode is Freeze", BY_SPECIFICATION)
    assert ordered("Freeze", {}) == ordered("Freeze", {ORDER: "{"}) == ordered("Freeze", {ORDER: '{"by": 3}'}) == unknown
    assert order_annotation(None) == {ORDER: None}
