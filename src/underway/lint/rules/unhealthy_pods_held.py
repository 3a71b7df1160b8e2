"""Unhealthy pods that their budget keeps from being evicted.

What it finds
    Budgets whose pods are not healthy enough and whose unhealthyPodEvictionPolicy is not AlwaysAllow.

Why it matters
    A pod that is not ready serves nobody, and still its node cannot be drained: the budget waits for health that a broken
    pod never reaches.

Bad
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop, generation: 1}
    spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
    status: {observedGeneration: 1, expectedPods: 3, currentHealthy: 1, desiredHealthy: 2, disruptionsAllowed: 0}

Good
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop, generation: 1}
    spec: {minAvailable: 2, selector: {matchLabels: {app: web}}, unhealthyPodEvictionPolicy: AlwaysAllow}
    status: {observedGeneration: 1, expectedPods: 3, currentHealthy: 1, desiredHealthy: 2, disruptionsAllowed: 0}

Fix
    Set unhealthyPodEvictionPolicy to AlwaysAllow, and mend the pods.

Since
    0.2. The field is stable since 1.31.

References
    https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/3017-pod-healthy-policy-for-pdb
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each budget with too few healthy pods that holds the unhealthy ones."""
    for budget in picture.budgets:
        status = budget.status
        if status.current_healthy < status.desired_healthy and budget.spec.unhealthy_pod_eviction_policy != "AlwaysAllow":
            message = (
                f"{status.current_healthy} of {status.desired_healthy} wanted pods are healthy, and the others cannot be evicted"
            )
            yield Finding(
                RULE.name,
                RULE.severity,
                picture.ref(budget),
                message,
                "spec.unhealthyPodEvictionPolicy",
                budget.spec.unhealthy_pod_eviction_policy or "IfHealthyBudget",
                Evidence.OBSERVED,
                "set unhealthyPodEvictionPolicy to AlwaysAllow",
                {"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}},
            )


RULE = Rule("unhealthy-pods-held", ("upgrade", "disruption"), Severity.ERROR, __doc__, run, needs=("PodDisruptionBudget",))
