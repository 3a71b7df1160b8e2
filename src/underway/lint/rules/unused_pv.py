"""A PersistentVolume belongs to no claim.

## What it finds
Volumes without a claim, and volumes whose claim is gone (phase Released).

## Why it matters
The disk behind it costs money, and what is on it is not anybody's any more.

## Bad
```yaml
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {capacity: {storage: 1Gi}, claimRef: {namespace: shop, name: data}}
status: {phase: Released}
```

## Good
```yaml
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {capacity: {storage: 1Gi}, claimRef: {namespace: shop, name: data}}
status: {phase: Bound}
```

## Fix
Delete it and the disk behind it, or clear `spec.claimRef` to have it bound again.

## Since
clusterlint's `unused-pv`, which misses Released volumes: they keep their claimRef. `--compat clusterlint` misses them.

## References
- <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.storage import PersistentVolume
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for volume in picture.of(PersistentVolume):
        released = volume.status.phase == "Released" and not options.as_clusterlint
        if volume.spec.claim_ref is None or released:
            yield Found(
                about=volume,
                path="spec.claimRef",
                value=volume.status.phase,
                message="its claim is gone" if released else "it belongs to no claim",
                remedy="delete it and the disk behind it, or clear spec.claimRef to have it bound again",
            )


RULE = Rule(name="unused-pv", groups=("basic",), severity=Severity.WARNING, kinds=("PersistentVolume",), run=run, page=__doc__)
