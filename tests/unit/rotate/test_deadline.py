"""DeadlineDelete: what is sent, and what the last look refuses."""

import msgspec
import pytest

from objects import node, pod
from underway.errors import InvariantViolated
from underway.model import timestamp
from underway.rotate import acts, guard
from underway.rotate.record import Phase, Record, Slot, annotations_of, record_of

NOW_MS = timestamp.parse("2026-01-10T00:00:00Z")
OLD = pod("p", "a")
CLOSED = node("a", unschedulable=True)
RECORD = Record(
    "r", Phase.QUARANTINED, NOW_MS, Slot.SURGE, "k", draining_ms=NOW_MS - 6 * 3_600_000, forced_ms=NOW_MS, forced="uid-p"
)


def test_a_deletion_names_the_very_pod_and_leaves_it_its_grace_period() -> None:
    body = acts.delete_pod(1, OLD, None).body
    assert body["preconditions"] == {"uid": "uid-p"}
    assert "gracePeriodSeconds" not in body


@pytest.mark.parametrize(("own_s", "limit_s", "sent_s"), [(0, None, 1), (60, 5, 5), (60, 0, 1)])
def test_no_deletion_has_a_grace_period_of_zero(own_s: int, limit_s: int | None, sent_s: int) -> None:
    mine = pod("p", "a", spec={"terminationGracePeriodSeconds": own_s})
    assert acts.delete_pod(1, mine, limit_s).body["gracePeriodSeconds"] == sent_s


def test_a_choice_outlives_the_driver() -> None:
    written = {key: value for key, value in annotations_of(RECORD).items() if value is not None}
    assert record_of(node("a", annotations=written)) == RECORD


def test_what_the_rule_permits_passes_the_last_look() -> None:
    guard.before_deadline_delete(OLD, CLOSED, RECORD, NOW_MS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"forced": "uid-q"}, "it was not chosen in the node's record"),
        ({"draining_ms": NOW_MS - 3_600_000}, "node a has drained for 60 min only"),
        ({"draining_ms": 0}, "node a has drained for 0 min only"),
        ({"phase": Phase.SURGING}, "node a is in phase Surging"),
    ],
)
def test_the_last_look_refuses_all_else(change: dict[str, object], reason: str) -> None:
    with pytest.raises(InvariantViolated, match=f"refusing to delete pod shop/p past its deadline: {reason}"):
        guard.before_deadline_delete(OLD, CLOSED, msgspec.structs.replace(RECORD, **change), NOW_MS)


def test_the_last_look_refuses_a_young_pod_and_an_open_node() -> None:
    young = pod("p", "a", metadata={"creationTimestamp": "2026-01-09T00:00:00Z"})
    with pytest.raises(InvariantViolated, match="it is too young"):
        guard.before_deadline_delete(young, CLOSED, RECORD, NOW_MS)
    with pytest.raises(InvariantViolated, match="node a is not cordoned"):
        guard.before_deadline_delete(OLD, node("a"), RECORD, NOW_MS)
