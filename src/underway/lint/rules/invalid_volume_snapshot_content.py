"""A VolumeSnapshotContent is marked as invalid.

## What it finds
VolumeSnapshotContents with the label `snapshot.storage.sigs.k8s.io/invalid-snapshot-content-resource`, which the validating
webhook of the snapshot controller puts on those that the next version of the API refuses.

## Why it matters
An upgrade to a version of the API with stricter validation leaves such a VolumeSnapshotContent where nobody can change or
delete it.

## Bad
```yaml
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshotContent
metadata:
  name: monday
  labels: {snapshot.storage.sigs.k8s.io/invalid-snapshot-content-resource: ""}
```

## Good
```yaml
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshotContent
metadata: {name: monday}
```

## Fix
Mend it as the labeller's log says, or delete it, before the upgrade.

## Since
clusterlint's `invalid-volume-snapshot-content`, unchanged.

## References
- <https://github.com/kubernetes-csi/external-snapshotter#validating-webhook>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.storage import VolumeSnapshotContent
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

LABEL = "snapshot.storage.sigs.k8s.io/invalid-snapshot-content-resource"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for snapshot in picture.of(VolumeSnapshotContent):
        if LABEL in snapshot.metadata.labels:
            yield Found(
                about=snapshot,
                path="metadata.labels",
                value=LABEL,
                message="the snapshot controller has marked it as invalid",
                remedy="mend or delete it before the upgrade",
            )


RULE = Rule(
    name="invalid-volume-snapshot-content",
    groups=("doks",),
    severity=Severity.ERROR,
    kinds=("VolumeSnapshotContent",),
    run=run,
    page=__doc__,
)
