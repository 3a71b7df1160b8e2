"""A PersistentVolumeClaim is used by no pod and no workload.

## What it finds
Claims that no pod or pod template mounts, and that belong to no StatefulSet.

## Why it matters
Its volume costs money, holds data that nobody misses, and stands in the way of a node pool that goes.

## Bad
```yaml
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
```

## Good
```yaml
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "registry.example.com/web:1.0"}
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: data}}
```

## Fix
Take a copy of what is on it, then delete it.

## Since
clusterlint's `unused-pvc`. It flags the claims of StatefulSets and Deployments that are scaled to 0; we do not. `--compat
clusterlint` flags them.

## References
- <https://kubernetes.io/docs/concepts/storage/persistent-volumes/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.storage import PersistentVolumeClaim
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    usage = picture.usage(live_only=options.as_clusterlint)
    for claim in picture.of(PersistentVolumeClaim):
        if not usage.claims_it(claim.namespace, claim.name):
            yield Found(
                about=claim, message="no pod or workload mounts it", remedy="take a copy of what is on it, then delete it"
            )


RULE = Rule(
    name="unused-pvc", groups=("basic",), severity=Severity.WARNING, kinds=("PersistentVolumeClaim", "Pod"), run=run, page=__doc__
)
