"""A container's image has the tag latest, or no tag, which means the same.

## What it finds
Containers and initContainers whose image names neither a digest nor a tag other than `latest`, and those whose image is no
image reference at all.

## Why it matters
A tag that floats gives the next pod another program than its siblings: a node rotation becomes a release that nobody made, and
a rollback brings nothing back.

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
      containers:
        - {name: web, image: registry.example.com/web}
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
      containers:
        - {name: web, image: "registry.example.com/web:1.4.2"}
```

## Fix
Name a version, or better a digest: `image: registry.example.com/web:1.4.2@sha256:...`.

## Since
clusterlint's `latest-tag`. It reports each replica; we report each workload once. `--compat clusterlint` reports as it does.

## References
- <https://kubernetes.io/docs/concepts/containers/images/#image-names>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.image import parse
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        for placed in subject.containers:
            name, image = placed.container.name, placed.container.image
            parsed = parse(image)
            if parsed is not None and not parsed.floats:
                continue
            wrong = "is no image reference" if parsed is None else "floats: it is whatever was pushed last"
            yield Found(
                about=subject.about,
                path=f"{placed.path}.image",
                value=image,
                message=f"container {name!r}: image {image!r} {wrong}",
                remedy="name a version or a digest",
                pods=len(subject.pods),
            )


RULE = Rule(name="latest-tag", groups=("basic",), severity=Severity.WARNING, kinds=("Pod",), run=run, page=__doc__)
