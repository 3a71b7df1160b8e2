"""Workloads with data on their node's disk.

What it finds
    Pods with emptyDir volumes on disk or hostPath volumes that no DaemonSet makes, and pods on PersistentVolumes that live
    on one node.

Why it matters
    The data goes with the node. A pod on a local volume cannot start anywhere else.

Bad
    apiVersion: v1
    kind: Pod
    metadata: {name: cache, namespace: shop}
    spec:
      containers: [{name: app, image: "registry.example/app:1"}]
      volumes: [{name: data, emptyDir: {}}]

Good
    apiVersion: v1
    kind: Pod
    metadata: {name: cache, namespace: shop}
    spec:
      containers: [{name: app, image: "registry.example/app:1"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: cache}}]

Fix
    Keep what matters on a PersistentVolume that can follow the pod; say where losing it is fine (lint.underway.dev/ignore).

Since
    0.2. emptyDir in memory is not told of: it is gone with every restart anyway.

References
    https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
"""

from collections.abc import Iterator
from typing import Any

from underway.lint.finding import Finding, Severity
from underway.lint.objects.meta import AnyThing
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule


def run(picture: Picture, options: Options) -> Iterator[Finding]:
    """Each workload with such a volume."""
    local = {_local_claim(volume) for volume in picture.of("PersistentVolume")} - {""}
    for subject in picture.pod_subjects(options):
        if subject.thing.kind == "DaemonSet":
            continue
        reference = picture.ref(subject.thing)
        for index, volume in enumerate(subject.spec.volumes):
            path = f"{subject.path}.volumes[{index}]"
            claim = volume.persistent_volume_claim
            if claim is not None and f"{subject.namespace}/{claim.claim_name}" in local:
                message = f"volume {volume.name} lives on one node: the pod cannot start elsewhere"
                yield Finding(
                    RULE.name, Severity.WARNING, reference, message, path, remedy="move its data to a volume that can follow"
                )
            elif volume.empty_dir is not None and volume.empty_dir.get("medium") != "Memory":
                message = f"volume {volume.name} (emptyDir) is lost with the node"
                yield Finding(RULE.name, RULE.severity, reference, message, path, remedy="keep nothing there that is missed")
            elif volume.host_path is not None:
                message = f"volume {volume.name} (hostPath) stays behind on the node"
                yield Finding(RULE.name, RULE.severity, reference, message, path, remedy="keep nothing there that is missed")


def _local_claim(volume: AnyThing) -> str:
    """The claim of a PersistentVolume on one node's disk, or ""."""
    spec: dict[str, Any] = volume.spec
    if not (spec.get("local") or spec.get("hostPath")):
        return ""
    claim = spec.get("claimRef") or {}
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


RULE = Rule("local-storage", ("upgrade", "disruption"), Severity.INFO, __doc__, run)
