"""A pod mounts a path of its node.

## What it finds
Volumes of type `hostPath`.

## Why it matters
What a pod writes there stays behind when its node is rotated away, and what it reads there is another node's after the move. It
is also a way out of the container.

## Bad
```yaml
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
        - {name: data, hostPath: {path: /var/lib/db}}
```

## Good
```yaml
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
        - {name: data, persistentVolumeClaim: {claimName: db}}
```

## Fix
Use a PersistentVolumeClaim, an emptyDir for scratch, or a CSI driver. An agent that must read its node says so with
`lint.underway.dev/ignore`.

## Since
clusterlint's `hostpath-volume`. It reports each replica; we report each workload once. `--compat clusterlint` reports as it
does.

## References
- <https://kubernetes.io/docs/concepts/storage/volumes/#hostpath>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        for volume in subject.spec.volumes:
            if volume.host_path is not None:
                yield Found(
                    about=subject.about,
                    path=f'{subject.path}.volumes[name="{volume.name}"].hostPath',
                    value=volume.host_path.path,
                    message=f"volume {volume.name!r} is the node's own {volume.host_path.path}",
                    remedy="use a PersistentVolumeClaim, or an emptyDir for scratch",
                    pods=len(subject.pods),
                )


RULE = Rule(name="hostpath-volume", groups=("basic", "doks"), severity=Severity.WARNING, kinds=("Pod",), run=run, page=__doc__)
