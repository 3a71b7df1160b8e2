"""From a driver's report to the status of a Rotation: conditions, times that stay, and nothing without bound."""

import msgspec

from underway.model import timestamp
from underway.rotate.blockers import Blocker
from underway.rotate.bound import Bound
from underway.rotate.freezes import Frozen
from underway.rotate.health import Breach
from underway.rotate.kinds.conditions import LISTED_MAX, TEXT_MAX, essence, published
from underway.rotate.kinds.status import RotationStatus
from underway.rotate.status import InFlight, NodeCounts, Statistics, Status

NOW_MS = timestamp.parse("2026-03-01T10:00:00Z")
LATER_MS = NOW_MS + 60_000
PROGRESS = Status("r", "Progressing", nodes=NodeCounts(9, 3, 1, 5), started_ms=NOW_MS, bound=Bound(100.4, "slots", "9 nodes"))
REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."


def shown(status: Status, before: RotationStatus | None = None, now_ms: int = NOW_MS) -> RotationStatus:
    return published(status, 2, before or RotationStatus(), now_ms)


def facts(status: RotationStatus) -> dict[str, tuple[str, str]]:
    return {one.type: (one.status, one.reason) for one in status.conditions}


def test_progress() -> None:
    status = shown(PROGRESS)
    assert facts(status) == {
        "Progressing": ("True", "Rotating"),
        "Healthy": ("True", "AllGatesPass"),
        "Frozen": ("False", "NotFrozen"),
        "Blocked": ("False", "NothingBlocks"),
        "Finished": ("False", "Progressing"),
    }
    assert status.observed_generation == 2
    assert {one.observed_generation for one in status.conditions} == {2}


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    first = shown(PROGRESS)
    frozen = msgspec.structs.replace(PROGRESS, state="Frozen", reason="drill", frozen=Frozen("drill", "user", NOW_MS))
    second = shown(frozen, first, LATER_MS)
    since = {one.type: one.last_transition_time for one in second.conditions}
    assert since["Healthy"] == "2026-03-01T10:00:00Z"
    assert since["Frozen"] == since["Progressing"] == "2026-03-01T10:01:00Z"
    assert second.frozen is not None
    assert (second.frozen.reason, second.frozen.by, second.frozen.since) == ("drill", "user", "2026-03-01T10:00:00Z")
    assert facts(second)["Frozen"] == ("True", "RotationFrozen")


def test_a_blocker_has_the_servers_own_words_and_keeps_its_since() -> None:
    blocked = msgspec.structs.replace(PROGRESS, state="Blocked", blockers=(Blocker("n1", REFUSED, "shop/web", "shop/pdb"),))
    first = shown(blocked)
    second = shown(blocked, first, LATER_MS)
    assert second.blockers[0].reason == REFUSED
    assert second.blockers[0].since == first.blockers[0].since == "2026-03-01T10:00:00Z"
    assert facts(second)["Blocked"] == ("True", "CannotBeDrained")


def test_a_gate_in_breach_is_named() -> None:
    sick = msgspec.structs.replace(PROGRESS, breaches=(Breach("api-server", "readyz answers 500", NOW_MS),))
    (healthy,) = [one for one in shown(sick).conditions if one.type == "Healthy"]
    assert (healthy.status, healthy.message) == ("False", "gate api-server: readyz answers 500")


def test_the_bound_is_of_the_whole_and_stays() -> None:
    first = shown(PROGRESS)
    assert first.bound is not None
    assert (first.bound.seconds, first.bound.because) == (100, "9 nodes")
    half = msgspec.structs.replace(PROGRESS, bound=Bound(50, "slots", "4 nodes"))
    assert shown(half, first, LATER_MS).bound == first.bound
    again = msgspec.structs.replace(half, started_ms=LATER_MS)
    renewed = shown(again, first, LATER_MS).bound
    assert renewed is not None
    assert renewed.seconds == 50


def test_an_endless_bound_is_not_shown() -> None:
    assert shown(msgspec.structs.replace(PROGRESS, bound=Bound(float("inf"), "budgets", "never"))).bound is None


def test_a_new_driver_that_has_not_looked_changes_nothing() -> None:
    first = shown(PROGRESS)
    assert shown(Status("r", "Starting", "reading the cluster"), first, LATER_MS) == first


def test_finished_keeps_its_time() -> None:
    done = msgspec.structs.replace(PROGRESS, state="Finished")
    first = shown(done)
    assert first.finished_at == "2026-03-01T10:00:00Z"
    assert shown(done, first, LATER_MS).finished_at == first.finished_at
    assert shown(PROGRESS, first, LATER_MS).finished_at == ""


def test_nothing_grows_without_bound() -> None:
    many = tuple(Blocker(f"n{index}", "x" * 5_000) for index in range(1_000))
    status = shown(msgspec.structs.replace(PROGRESS, blockers=many, reason="y" * 5_000))
    assert len(status.blockers) == LISTED_MAX
    assert len(status.reason) == len(status.blockers[0].reason) == TEXT_MAX
    assert len(msgspec.json.encode(status)) < 256 * 1024


def test_what_only_moves_is_not_worth_a_write() -> None:
    moved = msgspec.structs.replace(
        PROGRESS, statistics=Statistics(5), in_flight=(InFlight("n1", "Draining", NOW_MS, pods=3, waiting=("a",)),)
    )
    further = msgspec.structs.replace(moved, in_flight=(InFlight("n1", "Draining", NOW_MS, pods=2, waiting=("b",)),))
    assert essence(shown(moved)) == essence(shown(further))
    assert essence(shown(moved)) != essence(shown(PROGRESS))
