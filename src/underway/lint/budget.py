"""Budgets that can never allow a disruption, whatever happens."""

from underway.lint.objects.limits import PodDisruptionBudget
from underway.policy.budget import scaled


def why_never(budget: PodDisruptionBudget, expected: int) -> str:
    """Why a budget never allows one of `expected` pods (0: not known) to go, or "". Percentages round up.

    Source: kubernetes pkg/controller/disruption/disruption.go, getExpectedPodCount.
    """
    most, least = budget.spec.max_unavailable, budget.spec.min_available
    if most is not None:
        return f"maxUnavailable is {most}" if scaled(most, max(expected, 1)) == 0 else ""
    if least == "100%":
        return "minAvailable is 100%"
    if least is not None and expected and scaled(least, expected) >= expected:
        return f"minAvailable is {least}, and there {'is 1 pod' if expected == 1 else f'are {expected} pods'}"
    return ""
