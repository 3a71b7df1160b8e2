"""Pods that do not leave a node within the 30 minutes that AKS waits for them.

## What it finds
Workloads with a longer grace period, and budgets that never allow an eviction.

## Why it matters
An upgrade of AKS fails when a node cannot be drained within its drain timeout, 30 minutes unless it was set: the pool is left
half old and half new.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "azure:///subscriptions/s/vm-1"}
---
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 3600, containers: [{name: app, image: "registry.example.com/app:1"}]}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "azure:///subscriptions/s/vm-1"}
---
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 600, containers: [{name: app, image: "registry.example.com/app:1"}]}
```

## Fix
End within 30 minutes, raise the pool's drain timeout, or rotate with `underway rotate`, which waits.

## Since
0.2. Runs where nodes are of AKS, or with `-g aks`.

## References
- <https://learn.microsoft.com/en-us/azure/aks/upgrade-aks-cluster>
"""

from collections.abc import Iterator

from underway.lint.drain_limit import KINDS, too_slow
from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

LIMIT_S = 30 * 60
OUTCOME = "the upgrade of the pool fails"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    return too_slow(picture, LIMIT_S, OUTCOME, RULE.severity)


RULE = Rule(name="aks-thirty-minutes", groups=("aks",), severity=Severity.ERROR, kinds=KINDS, run=run, page=__doc__)
