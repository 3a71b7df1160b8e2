"""A CustomResourceDefinition, read: its versions, each with its compiled schema.

Owns what the rest of this package needs to know of a definition. Whether it is a good one is `crd.definition_checks`'s. Source:
apiextensions/v1 types.go.
"""

from typing import Any

import msgspec

from underway.crd import formats
from underway.crd.go_values import held, written
from underway.crd.node import Node, as_root, below
from underway.crd.walk import Walk, compiled

Json = dict[str, Any]


class Version(msgspec.Struct, frozen=True):
    """One version. node: its schema for whole objects, None without one. subresources: which it has ("status", "scale").

    pruned, filled: the walks along that schema, without and with defaults. embeds: whether it has embedded resources.
    """

    name: str
    served: bool
    storage: bool
    node: Node | None
    subresources: Json
    pruned: Walk | None = None
    filled: Walk | None = None
    embeds: bool = False

    @property
    def has_status(self) -> bool:
        """Whether status is written through its own subresource."""
        return self.subresources.get("status") is not None


class Definition(msgspec.Struct, frozen=True):
    """One custom kind."""

    group: str
    kind: str
    plural: str
    namespaced: bool
    versions: dict[str, Version]

    @property
    def storage(self) -> Version | None:
        """The version that objects are stored in."""
        return next((version for version in self.versions.values() if version.storage), None)

    def version_of(self, value: Json) -> Version | None:
        """The version that an object says it has, None if it is none of this kind."""
        group, _, name = str(value.get("apiVersion", "")).rpartition("/")
        return self.versions.get(name) if group == self.group and value.get("kind") == self.kind else None


def definition_of(values: Json) -> Definition:
    """Read a definition whose checks have found no problem."""
    spec = values.get("spec") or {}
    names = spec.get("names") or {}
    return Definition(
        group=str(spec.get("group") or ""),
        kind=str(names.get("kind") or ""),
        plural=str(names.get("plural") or ""),
        namespaced=spec.get("scope") == "Namespaced",
        versions={version.name: version for version in map(_version, spec.get("versions") or ())},
    )


def _version(values: Json) -> Version:
    schema = (values.get("schema") or {}).get("openAPIV3Schema")
    node = as_root(Node(formats.stripped(written(held(schema))))) if isinstance(schema, dict) else None
    return Version(
        name=str(values.get("name") or ""),
        served=values.get("served") is True,
        storage=values.get("storage") is True,
        node=node,
        subresources=values.get("subresources") or {},
        pruned=None if node is None else compiled(node, defaults=False),
        filled=None if node is None else compiled(node, defaults=True),
        embeds=node is not None and any(part.embedded for part in below(node)),
    )
