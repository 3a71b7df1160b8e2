"""What cannot leave a node within the time that a platform's own upgrade gives it. Owns what the rules of platforms share."""

from collections.abc import Iterator
from itertools import chain

from underway.lint.finding import Found, Severity
from underway.lint.objects.limits import PodDisruptionBudget
from underway.lint.picture import Picture
from underway.model.duration import human
from underway.policy.budget import scaled

KINDS = ("Node", "Pod", "PodDisruptionBudget")


def too_slow(picture: Picture, limit_s: int, outcome: str, severity: Severity) -> Iterator[Found]:
    """Workloads with a longer grace period, and budgets that never allow an eviction. outcome: what the platform does then."""
    return chain(_graces(picture, limit_s, outcome, severity), _budgets(picture, limit_s, outcome, severity))


def _graces(picture: Picture, limit_s: int, outcome: str, severity: Severity) -> Iterator[Found]:
    for subject in picture.subjects():
        grace_s = subject.spec.termination_grace_period_seconds
        if grace_s is not None and grace_s > limit_s and subject.about.kind != "DaemonSet":
            yield Found(
                about=subject.about,
                path=f"{subject.path}.terminationGracePeriodSeconds",
                value=str(grace_s),
                message=f"the pod may take {human(grace_s)} to end; after {human(limit_s)} {outcome}",
                remedy="checkpoint sooner, or move the pod by hand before the upgrade",
                severity=severity,
                pods=len(subject.pods),
            )


def _budgets(picture: Picture, limit_s: int, outcome: str, severity: Severity) -> Iterator[Found]:
    for budget in picture.of(PodDisruptionBudget):
        most, expected = budget.spec.max_unavailable, budget.status.expected_pods
        least = budget.spec.min_available
        if most is not None:
            never = scaled(most, max(1, expected)) == 0
        else:
            never = least == "100%" or (least is not None and bool(expected) and scaled(least, expected) >= expected)
        if never:
            yield Found(
                about=budget,
                path="spec",
                message=f"the budget allows no eviction, ever; after {human(limit_s)} {outcome}",
                remedy="loosen it, or raise the replicas, so that one pod can be spared",
                severity=severity,
            )
