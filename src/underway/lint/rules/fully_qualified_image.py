"""An image is named without its registry.

## What it finds
Containers and initContainers whose image does not begin with a registry, and those whose image is no image reference at all.

## Why it matters
What a short name means depends on the node: containerd adds docker.io, CRI-O asks its own list, a mirror may answer with
somebody else's image. New nodes may have another configuration than old ones.

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
        - {name: web, image: "nginx:1.29"}
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
        - {name: web, image: "docker.io/nginx:1.29"}
```

## Fix
Write the registry: `docker.io/library/nginx:1.29`.

## Since
clusterlint's `fully-qualified-image`. It wants the canonical form and so flags `docker.io/nginx:1.29`, which its own
documentation recommends (digitalocean/clusterlint#119); we want a registry, and take library/ for granted. It reports each
replica; we report each workload once. `--compat clusterlint` reports as it does.

## References
- <https://kubernetes.io/docs/concepts/containers/images/#image-names>
- <https://github.com/digitalocean/clusterlint/issues/119>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.image import canonical, has_registry, parse
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        for placed in subject.containers:
            image = placed.container.image
            parsed = parse(image)
            full = canonical(image) if options.as_clusterlint else str(parsed)
            if full is not None and (full == image or (has_registry(image) and parsed and not options.as_clusterlint)):
                continue
            wrong = f"is {full} or whatever the node makes of it" if parsed else "is no image reference"
            yield Found(
                about=subject.about,
                path=f"{placed.path}.image",
                value=image,
                message=f"container {placed.container.name!r}: image {image!r} {wrong}",
                remedy="write the registry",
                patch=subject.container_patch(placed, {"image": full}) if parsed else None,
                pods=len(subject.pods),
            )


RULE = Rule(name="fully-qualified-image", groups=("basic",), severity=Severity.WARNING, kinds=("Pod",), run=run, page=__doc__)
