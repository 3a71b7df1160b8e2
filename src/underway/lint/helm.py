"""Helm releases, as far as they are known without reading them.

Helm keeps each revision of a release in a Secret, with all its manifests and values. Those are never read: the labels of the
Secret say which release and revision it is and whether it is the deployed one, its creationTimestamp since when. What the
release writes shows on the objects themselves: Helm's name in managedFields, the release's in an annotation. Source: helm
pkg/storage/driver/secrets.go (labels), pkg/action/validate.go (annotations).
"""

from collections.abc import Mapping

import msgspec

from underway.lint.objects.cluster import Secret
from underway.lint.objects.meta import Object
from underway.lint.picture import Picture

RELEASE, NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
MANAGERS = ("helm", "helm-controller")  # the command, and Flux's controller


class Release(msgspec.Struct, frozen=True):
    """The deployed revision of a release. since: when Helm began to deploy it, RFC 3339."""

    namespace: str
    name: str
    revision: str
    since: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name} (revision {self.revision}, deployed {self.since[:10]})"

    def wrote(self, time: str) -> bool:
        """Whether what Helm wrote at a time was this revision's: its Secret is there before its first object is."""
        return bool(time) and time >= self.since


def releases(picture: Picture) -> Mapping[tuple[str, str], Release]:
    """The deployed revision of each release, by namespace and name."""
    found = {}
    for secret in picture.of(Secret):
        labels = secret.metadata.labels
        if labels.get("owner") == "helm" and labels.get("status") == "deployed" and labels.get("name"):
            key = (secret.namespace, labels["name"])
            found[key] = Release(*key, labels.get("version", ""), secret.metadata.creation_timestamp or "")
    return found


def release_of(thing: Object, manager: str, deployed: Mapping[tuple[str, str], Release]) -> Release | None:
    """The release that an object belongs to, if it is Helm that wrote it."""
    annotations = thing.metadata.annotations
    if manager not in MANAGERS:
        return None
    return deployed.get((annotations.get(NAMESPACE) or thing.namespace, annotations.get(RELEASE, "")))
