"""Events: one for each change, none for what lasts."""

import msgspec

from underway.rotate.blockers import Blocker
from underway.rotate.freezes import Frozen, Held
from underway.rotate.operator.happenings import event_request, happenings
from underway.rotate.status import InFlight, NodeCounts, Status

CALM = Status("workers", "Progressing", nodes=NodeCounts(3, 1, 1, 1), in_flight=(InFlight("n1", "Surging", 0),))


def reasons(before: Status | None, after: Status) -> list[str]:
    return [one.reason for one in happenings(before, after)]


def test_what_lasts_is_no_event() -> None:
    assert reasons(CALM, CALM) == []


def test_after_a_change_of_leader_only_the_state_is_told_and_nothing_of_what_has_long_been_done() -> None:
    assert reasons(None, CALM) == ["Progressing"]
    assert reasons(None, msgspec.structs.replace(CALM, state="Finished")) == []


def test_a_node_on_its_way() -> None:
    draining = msgspec.structs.replace(CALM, in_flight=(InFlight("n1", "Draining", 0, waiting=("pod shop/web waits",)),))
    (one,) = happenings(CALM, draining)
    assert (one.reason, one.node, one.message) == ("NodeDraining", "n1", "node n1 is Draining: pod shop/web waits")
    ending = msgspec.structs.replace(CALM, in_flight=(InFlight("n1", "Terminating", 0),))
    assert reasons(ending, msgspec.structs.replace(CALM, in_flight=())) == ["NodeReplaced"]


def test_a_freeze_says_what_to_do() -> None:
    frozen = msgspec.structs.replace(CALM, state="Frozen", reason="gate x: bad", frozen=Frozen("gate x: bad", "gate x"))
    (one,) = happenings(CALM, frozen)
    assert (one.type, one.message) == ("Warning", "gate x: bad, by gate x; next: underway resume workers")


def test_a_freeze_of_the_cluster_names_the_command_that_ends_it() -> None:
    frozen = msgspec.structs.replace(CALM, state="Frozen", reason="sale", frozen=Frozen("sale", "anna", level="cluster"))
    assert happenings(CALM, frozen)[0].message == "sale, by anna; next: underway resume"


def test_a_node_whose_work_is_taken_back_is_released_and_asks_for_no_machine() -> None:
    cordoned = msgspec.structs.replace(CALM, in_flight=(InFlight("n1", "Cordoned", 0, replacement="workers-1"),))
    back = msgspec.structs.replace(CALM, in_flight=(InFlight("n1", "Surging", 0, replacement="workers-1"),))
    (one,) = happenings(cordoned, back)
    assert (one.reason, one.message) == ("NodeReleased", "node n1 is open to pods again; workers-1 stays beside it")


def test_nodes_that_a_pool_holds_back_are_told_once_and_again_when_they_are_free() -> None:
    held = msgspec.structs.replace(CALM, held=(Held(4, "driver bug", "anna", 1_000, "pool=gpu"),))
    (one,) = happenings(CALM, held)
    assert (one.reason, one.type) == ("NodesHeld", "Warning")
    assert one.message == (
        "4 nodes of pool pool=gpu frozen since 1970-01-01T00:00:01Z by anna: driver bug; next: underway resume --pool pool=gpu"
    )
    fewer = msgspec.structs.replace(CALM, held=(Held(3, "driver bug", "anna", 1_000, "pool=gpu"),))
    assert reasons(held, fewer) == []
    assert [one.message for one in happenings(fewer, CALM)] == ["held back no more: pool pool=gpu"]


def test_a_blocker_is_told_once() -> None:
    blocked = msgspec.structs.replace(CALM, blockers=(Blocker("n2", "needs 2", "shop/a", "shop/pdb"),))
    assert reasons(CALM, blocked) == ["NodeBlocked"]
    worded_anew = msgspec.structs.replace(CALM, blockers=(Blocker("n2", "needs 3", "shop/a", "shop/pdb"),))
    assert reasons(blocked, worded_anew) == []


def test_the_request_speaks_of_the_rotation_and_is_bounded() -> None:
    (one,) = happenings(None, msgspec.structs.replace(CALM, reason="z" * 9_000))
    request = event_request(7, one, {"name": "workers", "uid": "u1"}, "me", 1_000, 1)
    assert (request.verb, request.namespace) == ("create", "default")
    assert request.body["involvedObject"] == {"apiVersion": "underway.dev/v1", "kind": "Rotation", "name": "workers", "uid": "u1"}
    assert len(request.body["message"]) <= 1_024


def test_an_alert_that_does_not_arrive_is_an_event_until_it_does() -> None:
    why = "alert to ops did not arrive: Slack did not take it (HTTP 404)"
    silent = msgspec.structs.replace(CALM, undelivered=why)
    (one,) = happenings(CALM, silent)
    assert (one.type, one.reason, one.message) == ("Warning", "AlertNotDelivered", why)
    assert reasons(silent, silent) == []
    assert reasons(silent, CALM) == []


def test_an_annotation_that_cannot_be_read_is_told_once_a_driver() -> None:
    odd = msgspec.structs.replace(CALM, ignored=("pod shop/p has karpenter.sh/do-not-disrupt: 'yes'",))
    assert reasons(msgspec.structs.replace(CALM, state="Starting"), odd) == ["Progressing", "AnnotationIgnored"]
    assert reasons(CALM, odd) == ["AnnotationIgnored"]
    assert reasons(odd, odd) == []


def test_a_rung_is_told_when_it_is_reached_with_what_the_drain_waits_for() -> None:
    stuck = InFlight("n1", "Draining", 0, waiting=("pod shop/web waits: needs 2",), rung="NotifyOwner")
    before, after = (msgspec.structs.replace(CALM, in_flight=(one,)) for one in (InFlight("n1", "Draining", 0), stuck))
    (one,) = happenings(before, after)
    assert (one.reason, one.type) == ("DrainNotifyOwner", "Warning")
    assert one.message == "the drain of node n1 is stuck, NotifyOwner: pod shop/web waits: needs 2"
    assert reasons(after, after) == []
