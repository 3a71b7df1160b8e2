"""What cannot leave a node within the time that a drain, or a platform's own upgrade, gives it.

Owns what the rules about drains that wait and upgrades that do not share: grace-beyond-drain and those of platforms.
"""

from collections.abc import Iterator
from itertools import chain

from underway.lint.budget import why_never
from underway.lint.finding import Found, Severity
from underway.lint.objects.limits import PodDisruptionBudget
from underway.lint.picture import Picture
from underway.model.duration import human

KINDS = ("Node", "Pod", "PodDisruptionBudget")


def too_slow(picture: Picture, limit_s: int, outcome: str, severity: Severity) -> Iterator[Found]:
    """Workloads with a longer grace period, and budgets that never allow an eviction. outcome: what the platform does then."""
    return chain(graces(picture, limit_s, outcome, severity), _budgets(picture, limit_s, outcome, severity))


def graces(picture: Picture, limit_s: int, outcome: str, severity: Severity) -> Iterator[Found]:
    """Workloads with a longer grace period, DaemonSets apart: a drain leaves them where they are."""
    for subject in picture.subjects():
        grace_s = subject.spec.termination_grace_period_seconds
        if grace_s is not None and grace_s > limit_s and subject.about.kind != "DaemonSet":
            yield Found(
                about=subject.about,
                path=f"{subject.path}.terminationGracePeriodSeconds",
                value=str(grace_s),
                message=f"the pod may take {human(grace_s)} to end; after {human(limit_s)} {outcome}",
                remedy="end sooner, or let the pod finish before its node goes (a rotation can wait for it: drain.wait)",
                severity=severity,
                pods=len(subject.pods),
            )


def _budgets(picture: Picture, limit_s: int, outcome: str, severity: Severity) -> Iterator[Found]:
    for budget in picture.of(PodDisruptionBudget):
        if why := why_never(budget, budget.status.expected_pods):
            yield Found(
                about=budget,
                path="spec",
                message=f"the budget never allows an eviction ({why}); after {human(limit_s)} {outcome}",
                remedy="loosen it, or raise the replicas, so that one pod can be spared",
                severity=severity,
            )
