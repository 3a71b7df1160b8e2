"""Pods that may take longer to end than a drain waits.

## What it finds
Workloads whose terminationGracePeriodSeconds is longer than a drain waits: 30 minutes, or --set
grace-beyond-drain.drain_s=SECONDS.

## Why it matters
The drain gives up, or kills the pod before its time: what it wanted to finish is lost.

## Bad
```yaml
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 7200, containers: [{name: app, image: "registry.example/app:1"}]}
```

## Good
```yaml
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 600, containers: [{name: app, image: "registry.example/app:1"}]}
```

## Fix
Checkpoint within the drain timeout, or let the rotation wait for such pods (drain.wait).

## Since
0.2. On a platform whose own upgrade waits less or does worse (eks, gke, aks), that platform's rule alone speaks.

## References
- <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>
"""

from collections.abc import Iterator

from underway.lint.drain_limit import graces
from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    return graces(picture, int(options.threshold(RULE, "drain_s")), "a drain gives up, or kills it", RULE.severity)


RULE = Rule(
    name="grace-beyond-drain",
    groups=("upgrade", "disruption"),
    severity=Severity.WARNING,
    kinds=("Pod",),
    run=run,
    page=__doc__,
    thresholds={"drain_s": 1800},
    covered_by=("eks-fifteen-minutes", "gke-one-hour", "aks-thirty-minutes"),
)
