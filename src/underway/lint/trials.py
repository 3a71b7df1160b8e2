"""Evictions in a dry run: which pods are worth one, and what the API server's answer proves.

A budget's status is what its controller last counted; what the API server would do now, only asking it tells. The dry run changes
nothing. Which pods are asked about is decided here, and so is what an answer means; `live.trials` asks. Source: kubernetes
pkg/registry/core/pod/storage/eviction.go (propagateDryRun, createTooManyRequestsError).
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from underway.lint.budget import why_never
from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.limits import PodDisruptionBudget
from underway.lint.objects.pod import Pod
from underway.model.selector import matches

if TYPE_CHECKING:
    from underway.lint.picture import Picture

PODS_MAX = 200  # requests that one run may make besides its lists
ALWAYS = "AlwaysAllow"


class Trial(msgspec.Struct, frozen=True):
    """What the API server answered. refused: by a budget, in the words of `why`; else it would have let the pod go."""

    pod: str
    refused: bool
    why: str = ""


def pods_under(picture: "Picture", budget: PodDisruptionBudget) -> tuple[Pod, ...]:
    """The live pods that a budget is about."""
    selector = budget.spec.selector
    if selector is None:
        return ()
    near = picture.pods_in(budget.namespace)
    return tuple(pod for pod in near if not pod.finished and not pod.terminating and matches(selector, pod.metadata.labels))


def worth_trying(picture: "Picture") -> tuple[Pod, ...]:
    """One pod for each budget that seems to block and each workload under several, and one unhealthy pod where those are held."""
    chosen: dict[tuple[str, str, str], Pod] = {}
    for pod in _candidates(picture):
        if len(chosen) < PODS_MAX:
            chosen.setdefault(pod.key, pod)
    return tuple(chosen.values())


def _candidates(picture: "Picture") -> Iterator[Pod]:
    for budget in picture.of(PodDisruptionBudget):
        status = budget.status
        if status.disruptions_allowed == 0 or why_never(budget, status.expected_pods):
            pods = pods_under(picture, budget)
            yield from [pod for pod in pods if pod.ready][:1]
            if budget.spec.unhealthy_pod_eviction_policy != ALWAYS:
                yield from [pod for pod in pods if not pod.ready][:1]
    for subject in picture.subjects():
        if subject.pods and len(picture.budgets_of(subject.namespace, subject.labels)) > 1:
            yield subject.pods[0]


def proven(found: Found, picture: "Picture", pods: Iterable[Pod]) -> Found:
    """A finding with what the trial of one of these pods says of it: worse and proven, or not so bad at the moment."""
    trial = next((picture.trials[pod.key] for pod in pods if pod.key in picture.trials), None)
    if trial is None:
        return found
    severity = found.severity or Severity.ERROR
    if trial.refused:
        message = f"{found.message}; a dry run of evicting {trial.pod} was refused: {trial.why}"
        return msgspec.structs.replace(found, message=message, severity=severity.raised(), evidence=Evidence.PROVEN)
    message = f"{found.message}; yet a dry run of evicting {trial.pod} was allowed just now"
    return msgspec.structs.replace(found, message=message, severity=severity.lowered(), evidence=Evidence.PROVEN)
