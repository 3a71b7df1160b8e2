"""Metadata as rules read it. Source: apimachinery meta/v1 types.go."""

from typing import Any

from underway.model.meta import Model, OwnerReference


class ManagedField(Model, frozen=True):
    """Who wrote with which version, and when: evidence for APIs in use."""

    manager: str = ""
    operation: str = ""
    api_version: str = ""
    time: str = ""
    subresource: str = ""


class Meta(Model, frozen=True):
    """ObjectMeta."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def key(self) -> str:
        """namespace/name, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def controller(self) -> OwnerReference | None:
        """The managing owner."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class WrittenMeta(Meta, frozen=True):
    """ObjectMeta with what tells which API versions are in use; not for pods, of which there are too many."""

    managed_fields: tuple[ManagedField, ...] = ()


class Thing(Model, frozen=True):
    """The base of every object. kind and apiVersion: as it was read; items of lists get them from the list."""

    api_version: str = ""
    kind: str = ""
    metadata: Meta = Meta()

    @property
    def key(self) -> str:
        """namespace/name, or the name alone."""
        return self.metadata.key


class MetaOnly(Thing, frozen=True):
    """An object of which nothing but its metadata is ever read: ConfigMaps and Secrets, and kinds that no rule knows."""

    metadata: WrittenMeta = WrittenMeta()
    type: str = ""


class AnyThing(Thing, frozen=True):
    """An object that a rule reads as plain values."""

    metadata: WrittenMeta = WrittenMeta()
    spec: dict[str, Any] = {}
    status: dict[str, Any] = {}


class Reference(Model, frozen=True):
    """A name, in the same namespace."""

    name: str = ""
    optional: bool = False


class NamespacedName(Model, frozen=True):
    """A name with its namespace."""

    namespace: str = ""
    name: str = ""
