"""Pods that GKE ends before they are done: an upgrade of its nodes waits an hour, then it does not.

## What it finds
Workloads with a longer grace period, and budgets that never allow an eviction.

## Why it matters
GKE honours grace periods and budgets for one hour a node; then the pods that are left are ended regardless.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "gce://project/europe-west1-b/node-1"}
---
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 7200, containers: [{name: app, image: "registry.example.com/app:1"}]}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: a}
spec: {providerID: "gce://project/europe-west1-b/node-1"}
---
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 1200, containers: [{name: app, image: "registry.example.com/app:1"}]}
```

## Fix
End within the hour, use a blue-green upgrade with a longer soak, or rotate with `underway rotate`, which waits.

## Since
0.2. Runs where nodes are of GKE, or with `-g gke`.

## References
- <https://cloud.google.com/kubernetes-engine/docs/concepts/node-pool-upgrade-strategies>
- <https://cloud.google.com/kubernetes-engine/docs/how-to/extended-duration-pods>
"""

from collections.abc import Iterator

from underway.lint.drain_limit import KINDS, too_slow
from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

LIMIT_S = 60 * 60
OUTCOME = "GKE ends it regardless"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    return too_slow(picture, LIMIT_S, OUTCOME, RULE.severity)


RULE = Rule(name="gke-one-hour", groups=("gke",), severity=Severity.WARNING, kinds=KINDS, run=run, page=__doc__)
