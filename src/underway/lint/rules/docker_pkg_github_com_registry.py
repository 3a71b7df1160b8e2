"""An image comes from docker.pkg.github.com, which containerd cannot pull from.

## What it finds
Containers and initContainers whose image is in the registry docker.pkg.github.com; as a warning, those whose image is no
image reference at all.

## Why it matters
GitHub's old registry does not speak the protocol that containerd does, and has been replaced by ghcr.io: a new node cannot
pull the image, and pods that were moved to it do not start.

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
        - {name: web, image: "docker.pkg.github.com/acme/web/web:1.0"}
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
        - {name: web, image: "ghcr.io/acme/web:1.0"}
```

## Fix
Use the image from ghcr.io.

## Since
clusterlint's `docker-pkg-github-com-registry`. It reports each replica; we report each workload once. `--compat clusterlint`
reports as it does.

## References
- <https://github.com/containerd/containerd/issues/3291>
- <https://docs.github.com/en/packages/working-with-a-github-packages-registry/migrating-to-the-container-registry-from-the-docker-registry>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.image import parse
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

REGISTRY = "docker.pkg.github.com"


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        for placed in subject.containers:
            image = placed.container.image
            parsed = parse(image)
            if parsed is not None and parsed.domain != REGISTRY:
                continue
            wrong = "is no image reference" if parsed is None else "cannot be pulled by containerd"
            yield Found(
                about=subject.about,
                path=f"{placed.path}.image",
                value=image,
                message=f"container {placed.container.name!r}: image {image!r} {wrong}",
                remedy="use the image from ghcr.io" if parsed else "write the image as REGISTRY/PATH:TAG",
                severity=None if parsed else Severity.WARNING,
                pods=len(subject.pods),
            )


RULE = Rule(
    name="docker-pkg-github-com-registry",
    groups=("containerd", "doks"),
    severity=Severity.ERROR,
    kinds=("Pod",),
    run=run,
    page=__doc__,
)
