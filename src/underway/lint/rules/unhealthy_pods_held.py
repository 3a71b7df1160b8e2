"""Unhealthy pods that their budget keeps from being evicted.

## What it finds
Budgets whose pods are not healthy enough and whose unhealthyPodEvictionPolicy is not AlwaysAllow.

## Why it matters
A pod that is not ready serves nobody, and still its node cannot be drained: the budget waits for health that a broken
pod never reaches.

## Bad
```yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop, generation: 1}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
status: {observedGeneration: 1, expectedPods: 3, currentHealthy: 1, desiredHealthy: 2, disruptionsAllowed: 0}
```

## Good
```yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop, generation: 1}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}, unhealthyPodEvictionPolicy: AlwaysAllow}
status: {observedGeneration: 1, expectedPods: 3, currentHealthy: 1, desiredHealthy: 2, disruptionsAllowed: 0}
```

## Fix
Set unhealthyPodEvictionPolicy to AlwaysAllow, and mend the pods.

## Since
0.2. The field is stable since 1.31.

## References
- <https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/3017-pod-healthy-policy-for-pdb>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Patch, Severity
from underway.lint.objects.limits import PodDisruptionBudget
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.trials import ALWAYS, pods_under, proven


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for budget in picture.of(PodDisruptionBudget):
        status, policy = budget.status, budget.spec.unhealthy_pod_eviction_policy
        if status.current_healthy < status.desired_healthy and policy != ALWAYS:
            found = Found(
                about=budget,
                path="spec.unhealthyPodEvictionPolicy",
                value=policy or "IfHealthyBudget",
                message=f"{status.current_healthy} of {status.desired_healthy} needed pods are healthy; others cannot be evicted",
                remedy=f"set unhealthyPodEvictionPolicy to {ALWAYS}",
                patch=Patch({"spec": {"unhealthyPodEvictionPolicy": ALWAYS}}, "merge"),
                evidence=Evidence.OBSERVED,
            )
            yield (
                proven(found, picture, (pod for pod in pods_under(picture, budget) if not pod.ready)) if picture.trials else found
            )


RULE = Rule(
    name="unhealthy-pods-held",
    groups=("upgrade", "disruption"),
    severity=Severity.ERROR,
    kinds=("PodDisruptionBudget",),
    run=run,
    page=__doc__,
)
