"""Objects own each other in a circle.

## What it finds
Objects whose chain of controllers leads back to themselves.

## Why it matters
The garbage collector deletes none of them, or all at once; nobody can tell which workload their pods belong to, and each is
reported by itself.

## Bad
```yaml
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: a
  namespace: shop
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: b, uid: b, controller: true}]
spec: {selector: {matchLabels: {app: a}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: b
  namespace: shop
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: a, uid: a, controller: true}]
spec: {selector: {matchLabels: {app: b}}}
```

## Good
```yaml
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: a
  namespace: shop
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: b, uid: b, controller: true}]
spec: {selector: {matchLabels: {app: a}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: b, namespace: shop}
spec: {selector: {matchLabels: {app: b}}}
```

## Fix
Remove the ownerReference that somebody wrote by hand; controllers never make a circle.

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/architecture/garbage-collection/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.kinds import WORKLOADS
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for thing in picture.objects:
        controller = thing.metadata.controller
        # Of many pods few have another pod for their controller; their other controllers are looked at for themselves.
        if thing.metadata.owner_references and (thing.kind != "Pod" or (controller is not None and controller.kind == "Pod")):
            chain = (thing, *picture.owners(thing))
            above = picture.owners(chain[-1])
            if thing.key in {owner.key for owner in above}:
                names = " -> ".join(f"{one.kind} {one.name}" for one in (*chain, thing))
                yield Found(
                    about=thing,
                    path="metadata.ownerReferences",
                    message=f"its owners go in a circle: {names}",
                    remedy="remove the ownerReference that somebody wrote by hand",
                )


RULE = Rule(name="owner-cycle", groups=("lint",), severity=Severity.WARNING, kinds=(), run=run, page=__doc__, also=WORKLOADS)
