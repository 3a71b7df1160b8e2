"""When a pod may be deleted past its budget: it is old, and nothing has changed around it of late."""

from typing import Any

import msgspec
import pytest

from objects import budget, cluster, node, pod
from underway.model import timestamp
from underway.model.meta import Condition
from underway.policy.overdue import not_yet

NOW = "2026-01-10T00:00:00Z"
NOW_MS = timestamp.parse(NOW)


def aged(name: str, on: str, hours: float, *, ready: str = "True", state_hours: float | None = None, **metadata: Any) -> Any:
    """A pod of so many hours, Ready or not for so long."""
    created = timestamp.format_ms(round(NOW_MS - hours * 3_600_000))
    since = timestamp.format_ms(round(NOW_MS - (hours if state_hours is None else state_hours) * 3_600_000))
    made = pod(name, on, metadata={"creationTimestamp": created, **metadata})
    status = msgspec.structs.replace(made.status, conditions=(Condition("Ready", ready, last_transition_time=since),))
    return msgspec.structs.replace(made, status=status)


def said(*siblings: Any, own_hours: float = 100, **status: Any) -> str:
    mine = aged("mine", "a", own_hours)
    return not_yet(mine, cluster(node("a"), node("b"), mine, *siblings, budget(allowed=0, **status)), NOW_MS)


def test_an_old_pod_with_calm_siblings_may_go() -> None:
    assert said(aged("other", "b", 2), aged("sick", "b", 90, ready="False", state_hours=7), expected=3) == ""


@pytest.mark.parametrize(("hours", "reason"), [(71.9, "it is 71 h old, less than 72 h"), (72, "")])
def test_a_young_pod_may_not(hours: float, reason: str) -> None:
    assert said(aged("other", "b", 2), own_hours=hours, expected=2) == reason


@pytest.mark.parametrize(
    ("sibling", "reason"),
    [
        (aged("other", "b", 0.9), "its sibling shop/other has been healthy for 54 min, less than 60 min"),
        (aged("other", "b", 90, state_hours=0.5), "its sibling shop/other has been healthy for 30 min, less than 60 min"),
        (
            aged("other", "b", 90, ready="False", state_hours=5),
            "its sibling shop/other has been unhealthy for 300 min, less than 360 min",
        ),
        (aged("other", "b", 90, deletionTimestamp=NOW), "its sibling shop/other is terminating"),
    ],
)
def test_what_has_changed_of_late_keeps_it(sibling: Any, reason: str) -> None:
    assert said(sibling, expected=2) == reason


def test_a_sibling_that_is_missing_keeps_it() -> None:
    assert said(aged("other", "b", 90), expected=3) == "1 of its siblings are missing"


def test_a_single_replica_has_no_siblings_to_wait_for() -> None:
    assert said(expected=1) == ""
