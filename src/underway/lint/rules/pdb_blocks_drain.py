"""PodDisruptionBudgets that never allow a disruption, or allow none now.

## What it finds
Budgets whose numbers leave no room at all (minAvailable as many as there are, maxUnavailable 0), and, as a warning,
budgets whose status allows no disruption at the moment.

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
0.2. Percentages round up, as the disruption controller rounds them.

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
from underway.model.selector import is_empty, matches


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for budget in picture.of(PodDisruptionBudget):
        status = budget.status
        healthy = f"{status.current_healthy} of {status.desired_healthy} needed pods are healthy"
        expected = status.expected_pods or _wanted(budget, picture)
        if why := why_never(budget, expected):
            yield Found(
                about=budget,
                path="spec.maxUnavailable" if budget.spec.max_unavailable is not None else "spec.minAvailable",
                message=f"the budget never allows a disruption: {why}",
                remedy="loosen it, or raise the replicas, so that one pod can be spared",
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


def _wanted(budget: PodDisruptionBudget, picture: Picture) -> int:
    """How many pods the workloads under a budget want, as far as they were read."""
    selector = budget.spec.selector
    if selector is None or is_empty(selector):
        return 0
    return sum(
        subject.about.wanted
        for subject in picture.subjects()
        if subject.namespace == budget.namespace and isinstance(subject.about, Workload) and matches(selector, subject.labels)
    )


RULE = Rule(
    name="pdb-blocks-drain",
    groups=("upgrade", "disruption"),
    severity=Severity.ERROR,
    kinds=("PodDisruptionBudget",),
    run=run,
    page=__doc__,
    also=("Pod",),
)
