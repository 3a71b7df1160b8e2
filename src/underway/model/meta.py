"""Object metadata. Source: apimachinery meta/v1 types.go; API conventions, "Metadata"."""

from typing import Any

import msgspec

IntOrString = int | str


class Model(msgspec.Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    """The base of every decoded object: immutable, camelCase on the wire, not tracked by the garbage collector."""


class OwnerReference(Model, frozen=True):
    """A controller or other owner of an object."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class ObjectMeta(Model, frozen=True):
    """The metadata that decisions read. Timestamps stay RFC 3339 text until one is needed (`model.timestamp`)."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()

    @property
    def controller(self) -> OwnerReference | None:
        """The managing owner: the one reference with `controller: true`."""
        return next((owner for owner in self.owner_references if owner.controller), None)

    @property
    def key(self) -> str:
        """namespace/name, or the name alone for a cluster-scoped object."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Condition(Model, frozen=True):
    """A status condition."""

    type: str
    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


class LabelSelectorRequirement(Model, frozen=True):
    """One matchExpressions entry."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(Model, frozen=True):
    """A label selector; see `model.selector` for what it matches."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class AnyObject(Model, frozen=True):
    """An object of a kind that no decision reads beyond its metadata, or whose spec and status are decoded elsewhere."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()
    spec: dict[str, Any] = {}
    status: dict[str, Any] = {}
