"""Pods that do not leave a node within the 15 minutes that EKS waits for them.

## What it finds
Workloads with a longer grace period, and budgets that never allow an eviction.

## Why it matters
The update of a managed node group fails with PodEvictionFailure when a node is not empty after 15 minutes; a forced one deletes
the pods that are left.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "aws:///eu-west-1a/i-1"}
---
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 1800, containers: [{name: app, image: "registry.example.com/app:1"}]}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "aws:///eu-west-1a/i-1"}
---
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 300, containers: [{name: app, image: "registry.example.com/app:1"}]}
```

## Fix
End within 15 minutes, loosen the budget, or rotate the group's nodes with `underway rotate`, which waits.

## Since
0.2. Runs where nodes are of EKS, or with `-g eks`.

## References
- <https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html>
"""

from collections.abc import Iterator

from underway.lint.drain_limit import KINDS, too_slow
from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

LIMIT_S = 15 * 60
OUTCOME = "the update of a managed node group fails, or deletes it if forced"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    return too_slow(picture, LIMIT_S, OUTCOME, RULE.severity)


RULE = Rule(name="eks-fifteen-minutes", groups=("eks",), severity=Severity.ERROR, kinds=KINDS, run=run, page=__doc__)
