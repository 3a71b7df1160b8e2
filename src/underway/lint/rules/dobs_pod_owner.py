"""A pod with a DigitalOcean volume belongs to no StatefulSet.

## What it finds
Pods that mount a block storage volume of DigitalOcean, by a claim or inline, and are not owned by a StatefulSet.

## Why it matters
Such a volume is attached to one node at a time. Another controller may start the new pod before the old one has let go: the
volume cannot be attached, and the pod waits.

## Bad
```yaml
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {storageClassName: do-block-storage, accessModes: [ReadWriteOnce]}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: do-block-storage}
provisioner: dobs.csi.digitalocean.com
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: db, image: "registry.example.com/db:1.0"}
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: data}}
```

## Good
```yaml
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {storageClassName: do-block-storage, accessModes: [ReadWriteOnce]}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: do-block-storage}
provisioner: dobs.csi.digitalocean.com
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: db, image: "registry.example.com/db:1.0"}
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: data}}
```

## Fix
Make it a StatefulSet.

## Since
clusterlint's `dobs-pod-owner`. It reports each pod once for each volume; we report each workload once. `--compat
clusterlint` reports as it does.

## References
- <https://docs.digitalocean.com/products/kubernetes/how-to/add-volumes/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.pod import Volume
from underway.lint.objects.storage import BETA_STORAGE_CLASS, PersistentVolumeClaim, StorageClass
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.subject import Subject

DRIVERS = frozenset({"dobs.csi.digitalocean.com", "com.digitalocean.csi.dobs"})  # today's, and that of early clusters
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        volumes = [volume for volume in subject.spec.volumes if _of_digitalocean(volume, subject.namespace, picture)]
        if _owned_by_stateful_set(subject):
            continue
        for volume in volumes if options.as_clusterlint else volumes[:1]:
            yield Found(
                about=subject.about,
                path=f'{subject.path}.volumes[name="{volume.name}"]',
                value=volume.name,
                message=f"volume {volume.name!r} is attached to one node at a time, and no StatefulSet waits for it",
                remedy="make it a StatefulSet",
                pods=len(subject.pods),
            )


def _owned_by_stateful_set(subject: Subject) -> bool:
    owners = [owner.kind for pod in subject.pods[:1] for owner in pod.metadata.owner_references]
    return "StatefulSet" in (subject.about.kind, *owners)


def _of_digitalocean(volume: Volume, namespace: str, picture: Picture) -> bool:
    if volume.csi is not None and volume.csi.driver in DRIVERS:
        return True
    if volume.persistent_volume_claim is None:
        return False
    claim = picture.get("PersistentVolumeClaim", namespace, volume.persistent_volume_claim.claim_name)
    return isinstance(claim, PersistentVolumeClaim) and _provisioner(claim, picture) in DRIVERS


def _provisioner(claim: PersistentVolumeClaim, picture: Picture) -> str:
    name = claim.spec.storage_class_name
    if name is None:
        name = claim.metadata.annotations.get(BETA_STORAGE_CLASS)
    classes = picture.of(StorageClass)
    if name is None:
        default = [one for one in classes if one.metadata.annotations.get(DEFAULT_CLASS) == "true"]
        return default[-1].provisioner if default else ""
    return next((one.provisioner for one in classes if one.name == name), "")


RULE = Rule(
    name="dobs-pod-owner",
    groups=("doks",),
    severity=Severity.WARNING,
    kinds=("Pod", "PersistentVolumeClaim", "StorageClass"),
    run=run,
    page=__doc__,
)
