"""Arithmetic of PodDisruptionBudgets: what a budget can ever allow, allows now, and will allow again.

Sources: kubernetes pkg/controller/disruption/disruption.go (getExpectedPodCount), pkg/registry/core/pod/storage/eviction.go
(checkAndDecrement), KEP-85, KEP-3017. The API server decides in the end; this arithmetic exists to plan and to explain.
"""

from math import ceil

import msgspec

from underway.model.disruption import PodDisruptionBudget
from underway.model.meta import IntOrString


class Never(msgspec.Struct, frozen=True):
    """No disruption will ever be allowed as things stand. reason: one sentence."""

    reason: str


def scaled(value: IntOrString, total: int) -> int:
    """The number that an int-or-percent stands for; percentages round up for both fields of a budget."""
    if isinstance(value, int):
        return value
    if not value.endswith("%") or not value[:-1].isdigit():
        raise ValueError(f"{value!r} is neither a number nor a percentage")
    return ceil(int(value[:-1]) * total / 100)


def desired_healthy(budget: PodDisruptionBudget, expected: int) -> int:
    """How many of `expected` pods must stay healthy."""
    spec = budget.spec
    if spec.max_unavailable is not None:
        return max(0, expected - scaled(spec.max_unavailable, expected))
    if spec.min_available is not None:
        return scaled(spec.min_available, expected)
    return 1  # policy/v1 defaulting: neither given means minAvailable 1


def capacity(budget: PodDisruptionBudget, *, surged: bool = False) -> int:
    """How many pods may be down at once when all are healthy: the k of the lower bound.

    surged: whether a single pod gets a second one beside it before it goes.
    """
    expected = budget.status.expected_pods
    if surged and expected == 1:
        expected = 2
    return max(0, expected - desired_healthy(budget, expected))


def never_allows(budget: PodDisruptionBudget) -> Never | None:
    """Why the budget will refuse every eviction of a healthy pod, or None if it can allow one."""
    expected = budget.status.expected_pods
    if expected == 0 or capacity(budget) > 0:
        return None
    spec = budget.spec
    rule = f"maxUnavailable {spec.max_unavailable}" if spec.max_unavailable is not None else f"minAvailable {spec.min_available}"
    return Never(
        f"PodDisruptionBudget {budget.key} never allows a disruption: {rule} with {expected} expected "
        f"pod{'s' if expected != 1 else ''}; raise the replicas or loosen the budget"
    )


def is_stale(budget: PodDisruptionBudget) -> bool:
    """Whether the disruption controller has not yet seen the current spec: the server answers 429 until it has."""
    return budget.status.observed_generation < budget.metadata.generation


def explain(budget: PodDisruptionBudget) -> str:
    """The state of the budget in the API server's own terms."""
    status = budget.status
    return (
        f"PodDisruptionBudget {budget.key} needs {status.desired_healthy} healthy pods and has {status.current_healthy} currently"
    )
