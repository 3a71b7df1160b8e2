"""PodDisruptionBudgets that never allow a disruption, or allow none now.

## What it finds
Budgets whose numbers leave no room at all (minAvailable as many as there are, maxUnavailable 0), or whose pods the
disruption controller cannot count. As a warning: budgets whose status allows no disruption at the moment, those whose status
is older than they are, those that will allow none when an autoscaler has gone down to its minimum, and those whose empty
selector takes every pod of the namespace. About no pod of the cluster: information.

## Why it matters
A drain asks the budget before each pod and waits for ever: the node is never emptied.

## Bad
```yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {maxUnavailable: 0, selector: {matchLabels: {app: web}}}
```

## Good
```yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
```

## Fix
Loosen the budget, or raise the replicas: it has to be able to spare one pod.

## Since
0.2. Percentages round up, as the disruption controller rounds them. With --try-evictions the API server is asked, in a dry run
that changes nothing, and what it refuses is proven (needs the verb create on pods/eviction).

## References
- <https://kubernetes.io/docs/tasks/run-application/configure-pdb/>
- <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/disruption/disruption.go>
"""

from collections.abc import Iterator

from underway.lint.budget import why_never
from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.limits import PodDisruptionBudget
from underway.lint.objects.workload import Workload
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.subject import Subject
from underway.lint.trials import pods_under, proven
from underway.model.selector import matches


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for budget in picture.of(PodDisruptionBudget):
        for found in _found(budget, picture):
            yield proven(found, picture, (pod for pod in pods_under(picture, budget) if pod.ready)) if picture.trials else found


def _found(budget: PodDisruptionBudget, picture: Picture) -> Iterator[Found]:
    yield from _about(budget)
    yield from _room(budget, picture)


def _about(budget: PodDisruptionBudget) -> Iterator[Found]:
    """A budget over everything, or over nothing."""
    status, selector = budget.status, budget.spec.selector
    if selector is not None and not (selector.match_labels or selector.match_expressions):
        yield Found(
            about=budget,
            path="spec.selector",
            message="its selector is empty: it speaks for every pod of the namespace, what runs once and what ends included",
            remedy="select the pods of one workload",
            severity=Severity.WARNING,
        )
    counted = budget.metadata.uid and status.observed_generation and not status.expected_pods
    if counted and not why_never(budget, 0):
        yield Found(
            about=budget,
            path="spec.selector",
            message="it is about no pod now",
            remedy="see whether its selector names pods that there are",
            severity=Severity.INFO,
            evidence=Evidence.OBSERVED,
        )


def _room(budget: PodDisruptionBudget, picture: Picture) -> Iterator[Found]:
    """What keeps it from allowing a disruption."""
    status = budget.status
    uncounted = next((one for one in status.conditions if one.reason == "SyncFailed"), None)
    if uncounted is not None:
        yield Found(
            about=budget,
            path="status.conditions",
            value=uncounted.reason,
            message=f"its pods cannot be counted, so that no disruption is allowed: {uncounted.message}",
            remedy="give each of its pods a controller with a scale, or the budget a plain number (minAvailable)",
            evidence=Evidence.OBSERVED,
        )
        return
    needed = f"{status.desired_healthy} needed" if status.desired_healthy else f"{status.expected_pods} expected"
    healthy = f"{status.current_healthy} of {needed} pods are healthy"
    expected = status.expected_pods or _wanted(budget, picture)
    if why := why_never(budget, expected):
        idle = bool(budget.metadata.uid) and not expected
        yield Found(
            about=budget,
            path="spec.maxUnavailable" if budget.spec.max_unavailable is not None else "spec.minAvailable",
            message=f"the budget never allows a disruption: {why}{'; it is about no pod now' if idle else ''}",
            remedy="loosen it, or raise the replicas, so that one pod can be spared",
            severity=Severity.INFO if idle else None,
        )
    elif budget.metadata.uid and status.observed_generation < budget.metadata.generation:
        yield Found(
            about=budget,
            path="status.observedGeneration",
            value=str(status.observed_generation),
            message="the disruption controller has not counted since it was changed: nothing may be evicted until it does",
            remedy="wait a moment; if it lasts, find out why kube-controller-manager does not run",
            severity=Severity.WARNING,
            evidence=Evidence.OBSERVED,
        )
    elif status.expected_pods and status.disruptions_allowed == 0:
        yield Found(
            about=budget,
            path="status.disruptionsAllowed",
            value="0",
            message=f"no disruption is allowed now: {healthy}",
            remedy="find out why its pods are not healthy before nodes go",
            severity=Severity.WARNING,
            evidence=Evidence.OBSERVED,
        )
    elif least := _least(budget, picture):
        yield Found(
            about=budget,
            path="spec.minAvailable",
            value=str(budget.spec.min_available),
            message=f"an autoscaler may go down to {least} pods, and then the budget allows no disruption",
            remedy="raise minReplicas of the autoscaler, or say it by maxUnavailable",
            severity=Severity.WARNING,
        )


def _least(budget: PodDisruptionBudget, picture: Picture) -> int:
    """The least number of pods that an autoscaler may leave, if minAvailable is then all of them; else 0."""
    needed, selector = budget.spec.min_available, budget.spec.selector
    if not isinstance(needed, int) or selector is None:
        return 0
    leasts = [
        1 if autoscaler.spec.min_replicas is None else autoscaler.spec.min_replicas
        for subject in picture.derived(_by_namespace).get(budget.namespace, ())
        if (autoscaler := picture.autoscaler_of(subject.about)) is not None and matches(selector, subject.labels)
    ]
    return sum(leasts) if leasts and sum(leasts) <= needed else 0


def _wanted(budget: PodDisruptionBudget, picture: Picture) -> int:
    """How many pods the workloads under a budget want, as far as they were read."""
    selector = budget.spec.selector
    if selector is None:
        return 0
    return sum(
        subject.about.wanted
        for subject in picture.derived(_by_namespace).get(budget.namespace, ())
        if isinstance(subject.about, Workload) and matches(selector, subject.labels)
    )


def _by_namespace(picture: Picture) -> dict[str, list[Subject]]:
    found: dict[str, list[Subject]] = {}
    for subject in picture.subjects():
        found.setdefault(subject.namespace, []).append(subject)
    return found


RULE = Rule(
    name="pdb-blocks-drain",
    groups=("upgrade", "disruption"),
    severity=Severity.ERROR,
    kinds=("PodDisruptionBudget",),
    run=run,
    page=__doc__,
    also=("Pod", "HorizontalPodAutoscaler"),
)
