"""Workloads with data on their node's disk.

## What it finds
Pods that no DaemonSet makes, with emptyDir volumes on disk, or on PersistentVolumes that lie on one node. Paths of the node
are for `hostpath-volume`.

## Why it matters
The data goes with the node. A pod on a local volume cannot start anywhere else.

## Bad
```yaml
apiVersion: v1
kind: Pod
metadata: {name: cache, namespace: shop}
spec:
  containers: [{name: app, image: "registry.example/app:1"}]
  volumes: [{name: data, emptyDir: {}}]
```

## Good
```yaml
apiVersion: v1
kind: Pod
metadata: {name: cache, namespace: shop}
spec:
  containers: [{name: app, image: "registry.example/app:1"}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: cache}}]
```

## Fix
Keep what matters on a PersistentVolume that can follow the pod; say where losing it is fine (lint.underway.dev/ignore).

## Since
0.2. emptyDir in memory is not told of: it is gone with every restart anyway.

## References
- <https://kubernetes.io/docs/concepts/storage/volumes/#emptydir>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.pod import Volume
from underway.lint.objects.storage import PersistentVolume
from underway.lint.picture import Picture
from underway.lint.placement import nodes_named
from underway.lint.rule import Options, Rule
from underway.lint.subject import Subject


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    local = {
        (claim.namespace, claim.name)
        for volume in picture.of(PersistentVolume)
        if (claim := volume.spec.claim_ref) is not None and _on_one_node(volume)
    }
    for subject in picture.subjects():
        for volume in () if subject.about.kind == "DaemonSet" else subject.spec.volumes:
            mounted = volume.persistent_volume_claim
            if mounted is not None and (subject.namespace, mounted.claim_name) in local:
                message = f"volume {volume.name!r} lies on one node: the pod cannot start elsewhere"
                yield _found(subject, volume, message, "move its data to a volume that can follow", Severity.WARNING)
            elif volume.empty_dir is not None and volume.empty_dir.get("medium") != "Memory":
                message = f"volume {volume.name!r} (emptyDir) is lost with its node"
                yield _found(subject, volume, message, "keep nothing there that is missed", Severity.INFO)


def _on_one_node(volume: PersistentVolume) -> bool:
    """Whether it is a directory or disk of a node, of whatever driver: its affinity names the node."""
    required = (volume.spec.node_affinity or {}).get("required")
    return bool(volume.spec.local or volume.spec.host_path or nodes_named(required))


def _found(subject: Subject, volume: Volume, message: str, remedy: str, severity: Severity) -> Found:
    return Found(
        about=subject.about,
        path=f'{subject.path}.volumes[name="{volume.name}"]',
        message=message,
        remedy=remedy,
        severity=severity,
        pods=len(subject.pods),
    )


RULE = Rule(
    name="local-storage",
    groups=("upgrade", "disruption"),
    severity=Severity.INFO,
    kinds=("Pod", "PersistentVolume"),
    run=run,
    page=__doc__,
)
