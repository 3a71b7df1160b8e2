"""The ladder of a stuck drain: which rung comes when, and what each of them means for the node."""

import msgspec
import pytest

from objects import NEW, budget, cluster, node, pod
from underway.model import timestamp
from underway.policy.evictable import Rules
from underway.rotate import progress
from underway.rotate.drain import Drain, Purse, drain
from underway.rotate.estimates import Estimates
from underway.rotate.ladder import Rung, climb, foretold, ladder_of
from underway.rotate.machine import Event
from underway.rotate.plan import Plan, plan
from underway.rotate.progress import Limits
from underway.rotate.record import Phase, Record, Slot
from underway.rotate.spec import Drain as DrainSpec
from underway.rotate.spec import Rotation, RotationMetadata, RotationSpec

MINUTE_MS = 60_000
START_MS = timestamp.parse("2026-01-01T00:00:00Z")
WHOLE = DrainSpec(ladder=("NotifyOwner", "Quarantine", "Freeze"), deadline="6h")


def record(phase: Phase = Phase.DRAINING, since_min: int = 0) -> Record:
    return Record("r", phase, START_MS + since_min * MINUTE_MS, Slot.SURGE, "k", draining_ms=START_MS)


def at(spec: DrainSpec, minutes: int, of: Record | None = None, held_min: int = 0) -> Rung:
    held_ms = START_MS + held_min * MINUTE_MS if held_min else 0
    return climb(ladder_of(spec), of or record(), held_ms, START_MS + minutes * MINUTE_MS).rung


def test_a_drain_climbs_rung_by_rung() -> None:
    seen = [at(WHOLE, minutes) for minutes in (0, 9, 10, 29, 30, 359, 360)]
    assert [rung.value for rung in seen] == [
        "Wait",
        "Wait",
        "NotifyOwner",
        "NotifyOwner",
        "Quarantine",
        "Quarantine",
        "Freeze",
    ]


def test_a_rung_that_is_not_named_is_left_out() -> None:
    assert at(DrainSpec(ladder=("Freeze",), deadline="5m"), 4) is Rung.WAIT
    assert at(DrainSpec(ladder=("Freeze",), deadline="5m"), 5) is Rung.FREEZE
    assert at(DrainSpec(ladder=()), 10_000) is Rung.WAIT


def test_the_next_rung_is_known() -> None:
    found = climb(ladder_of(WHOLE), record(), 0, START_MS + 12 * MINUTE_MS)
    assert found.due_ms == START_MS + 30 * MINUTE_MS
    assert climb(ladder_of(WHOLE), record(), 0, START_MS + 400 * MINUTE_MS).due_ms is None


def test_no_rung_comes_before_the_one_below_it() -> None:
    hasty = DrainSpec(timeout="5m", notify_after="1h", ladder=("NotifyOwner", "Quarantine", "Freeze"), deadline="1m")
    assert [at_ms for at_ms, _ in ladder_of(hasty).rungs] == [5 * MINUTE_MS] * 3


def test_the_clock_runs_from_the_end_of_long_work() -> None:
    assert at(WHOLE, 60, held_min=55) is Rung.WAIT
    assert at(WHOLE, 65, held_min=55) is Rung.NOTIFY_OWNER


def test_a_drain_that_moves_again_has_its_whole_timeout_anew_but_not_its_deadline() -> None:
    again = record(since_min=100)
    assert at(WHOLE, 110, again) is Rung.NOTIFY_OWNER
    assert at(WHOLE, 130, again) is Rung.QUARANTINE
    assert at(WHOLE, 360, record(since_min=350)) is Rung.FREEZE


def test_past_the_deadline_a_moving_drain_is_not_quarantined_at_once() -> None:
    spec = DrainSpec(ladder=("NotifyOwner", "Quarantine", "DeadlineDelete"))
    found = climb(ladder_of(spec), record(since_min=400), 0, START_MS + 401 * MINUTE_MS)
    assert (found.rung, found.quarantine) == (Rung.DEADLINE_DELETE, False)


def test_a_quarantined_node_stands_on_its_rung_whatever_the_clock_says() -> None:
    assert at(WHOLE, 1, record(Phase.QUARANTINED)) is Rung.QUARANTINE


def blocked() -> Drain:
    return drain(node("a"), record(), cluster(node("a"), pod("p", "a"), budget(allowed=0)), Rules(), Purse({}), START_MS)


@pytest.mark.parametrize(("minutes", "event"), [(20, None), (30, Event.STUCK)])
def test_at_the_timeout_the_node_is_quarantined(minutes: int, event: Event | None) -> None:
    limits = Limits(0, 0, 0, ladder=ladder_of(WHOLE))
    step = progress.draining(node("a"), record(), blocked(), limits, START_MS + minutes * MINUTE_MS)
    assert (step.event, step.failure, step.climb.told) == (event, "", True)


def test_at_the_last_rung_the_rotation_freezes_with_the_text_of_the_budget() -> None:
    limits = Limits(0, 0, 0, ladder=ladder_of(WHOLE))
    late_ms = START_MS + 360 * MINUTE_MS
    for step in (
        progress.draining(node("a"), record(), blocked(), limits, late_ms),
        progress.quarantined(node("a"), record(Phase.QUARANTINED), blocked(), limits, late_ms),
    ):
        assert step.event is None
        assert step.failure.startswith(
            "node a could not be drained in time: pod shop/p waits: PodDisruptionBudget shop/web needs"
        )


def test_what_will_happen_is_foretold() -> None:
    quarantined = "it stays cordoned and keeps its successor, others go on (beside the slots of the pace at most 1: "
    assert foretold(WHOLE) == (
        "a drain that is stuck for 10m00s: the owner of what blocks it is told",
        f"a drain that is stuck for 30m00s: the node is quarantined: {quarantined}spec.drain.maxQuarantined)",
        "a drain that is stuck for 6h00m: the rotation freezes",
    )


def planned(*rungs: str) -> Plan:
    values = {"target": {"kubeletVersion": NEW}, "drain": {"ladder": list(rungs)}}
    rotation = Rotation(RotationMetadata("r"), msgspec.convert(values, RotationSpec))
    never = budget(allowed=0, expected=1, maxUnavailable=0)
    return plan(rotation, cluster(node("a"), node("b"), pod("p", "a"), never), Estimates(), START_MS)


def test_a_budget_that_never_allows_forbids_a_node_unless_its_pods_are_deleted_in_the_end() -> None:
    assert [blocker.node for blocker in planned("Quarantine").blockers] == ["a"]
    made = planned("Quarantine", "DeadlineDelete")
    assert made.blockers == ()
    assert [one.node for one in made.order] == ["b"]
    assert made.warnings[-1].startswith("PodDisruptionBudget shop/web never allows a disruption")
    assert made.warnings[-1].endswith("until then its pods go by DeadlineDelete, last of all (nodes a)")
    assert made.ladder[-1].startswith("a drain that is stuck for 6h00m: pods that only a PodDisruptionBudget keeps are deleted")
