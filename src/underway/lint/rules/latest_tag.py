"""Images whose content may change under an unchanged name.

What it finds
    Containers and init containers whose image has the tag latest, or none (which is latest), and no digest.

Why it matters
    A node that comes during a rotation pulls the image anew: a pod that moves can come back as another program.

Bad
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec: {containers: [{name: app, image: "registry.example/app:latest"}]}

Good
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec: {containers: [{name: app, image: "registry.example/app:1.4.2"}]}

Fix
    Name a version, or pin the digest.

Since
    0.2. clusterlint: latest-tag. It tells of each replica; here each workload is told of once (--compat clusterlint: each pod).

References
    https://kubernetes.io/docs/concepts/containers/images/#image-names
"""

from collections.abc import Iterator

from underway.lint.finding import Finding, Severity
from underway.lint.images import image_of
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule


def run(picture: Picture, options: Options) -> Iterator[Finding]:
    """Each container with a movable image."""
    for subject, container, path in picture.containers(options):
        image = image_of(container.image)
        reference = picture.ref(subject.thing)
        if image is None:
            message, remedy = f"image {container.image!r} of container {container.name} is no image reference", "correct the name"
        elif not image.digest and image.tag in ("", "latest"):
            message = f"container {container.name} runs {container.image}: what that is may change"
            remedy = "name a version, or pin the digest"
        else:
            continue
        yield Finding(RULE.name, RULE.severity, reference, message, f"{path}.image", observed=container.image, remedy=remedy)


RULE = Rule("latest-tag", ("basic",), Severity.WARNING, __doc__, run)
