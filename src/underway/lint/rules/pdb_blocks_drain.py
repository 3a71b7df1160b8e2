"""PodDisruptionBudgets that never allow a disruption, or allow none now.

What it finds
    Budgets whose numbers leave no room at all (minAvailable as many as there are, maxUnavailable 0), and, as a warning,
    budgets whose status allows no disruption at the moment.

Why it matters
    A drain asks the budget before each pod and waits for ever: the node is never emptied.

Bad
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop}
    spec: {maxUnavailable: 0, selector: {matchLabels: {app: web}}}

Good
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop}
    spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}

Fix
    Loosen the budget, or raise the replicas: it has to be able to spare one pod.

Since
    0.2. Percentages round up, as the disruption controller rounds them.

References
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/disruption/disruption.go
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Finding, Severity
from underway.lint.objects.cluster import Budget
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule
from underway.model.selector import is_empty, matches
from underway.policy.budget import scaled


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each budget without room."""
    for budget in picture.budgets:
        expected = budget.status.expected_pods or _wanted(budget, picture)
        why = _never(budget, expected)
        if why:
            remedy = "loosen the budget, or raise the replicas, so that one pod can be spared"
            path = "spec.maxUnavailable" if budget.spec.max_unavailable is not None else "spec.minAvailable"
            yield Finding(RULE.name, RULE.severity, picture.ref(budget), why, path, remedy=remedy)
        elif picture.live and expected and budget.status.disruptions_allowed == 0:
            status = budget.status
            message = f"allows no disruption now: it needs {status.desired_healthy} healthy pods and has {status.current_healthy}"
            path = "status.disruptionsAllowed"
            remedy = "find out why its pods are not healthy before nodes go"
            reference = picture.ref(budget)
            yield Finding(RULE.name, Severity.WARNING, reference, message, path, 0, Evidence.OBSERVED, remedy)


def _wanted(budget: Budget, picture: Picture) -> int:
    """How many pods the workloads under a budget want, as far as they were read."""
    selector = budget.spec.selector
    if selector is None or is_empty(selector):
        return 0
    subjects = [one for one in picture.subjects if one.namespace == budget.metadata.namespace and matches(selector, one.labels)]
    return sum(one.workload.spec.replicas if one.workload.spec.replicas is not None else 1 for one in subjects if one.workload)


def _never(budget: Budget, expected: int) -> str:
    most, least = budget.spec.max_unavailable, budget.spec.min_available
    if most is not None:
        if scaled(most, max(expected, 1)) == 0:
            return f"never allows a disruption: maxUnavailable is {most}"
    elif least is not None and expected and scaled(least, expected) >= expected:
        return f"never allows a disruption: minAvailable {least} of {expected} pods"
    elif isinstance(least, str) and least == "100%":
        return "never allows a disruption: minAvailable is 100%"
    return ""


RULE = Rule("pdb-blocks-drain", ("upgrade", "disruption"), Severity.ERROR, __doc__, run, needs=("PodDisruptionBudget",))
