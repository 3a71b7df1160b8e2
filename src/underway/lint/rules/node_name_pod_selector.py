"""A pod asks for one node by its hostname.

## What it finds
`spec.nodeSelector` with the key `kubernetes.io/hostname`.

## Why it matters
When that node is rotated away the pod cannot run anywhere, and its replacement has another name: the pod stays Pending for
ever.

## Bad
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {kubernetes.io/hostname: node-7}
      containers:
        - {name: web, image: "registry.example.com/web:1.0"}
```

## Good
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {disk: ssd}
      containers:
        - {name: web, image: "registry.example.com/web:1.0"}
```

## Fix
Select nodes by what they have (a label of the pool, the zone, the disk), not by what they are called.

## Since
clusterlint's `node-name-pod-selector`. It reports each replica; we report each workload once. `--compat clusterlint` reports
as it does. Where pinned-to-node runs too, which says what an upgrade makes of it, that one alone speaks.

## References
- <https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.placement import HOSTNAME
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        node = subject.spec.node_selector.get(HOSTNAME)
        if node is not None:
            yield Found(
                about=subject.about,
                path=f"{subject.path}.nodeSelector",
                value=node,
                message=f"the pod runs on node {node!r} or nowhere",
                remedy="select nodes by a label of their pool, zone or hardware",
                patch=subject.patch({"nodeSelector": {HOSTNAME: None}}),
                pods=len(subject.pods),
            )


RULE = Rule(
    name="node-name-pod-selector",
    groups=("doks",),
    severity=Severity.WARNING,
    kinds=("Pod",),
    run=run,
    page=__doc__,
    covered_by=("pinned-to-node",),
)
