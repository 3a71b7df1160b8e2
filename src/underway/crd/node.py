"""A structural schema, compiled: what pruning, defaulting and validation walk along.

Owns the tree. It assumes a schema that `crd.structural` has found structural; of one that is not, what cannot be understood
counts as absent. Source: apiextensions-apiserver pkg/apiserver/schema structural.go.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
META_FIELDS = frozenset({"apiVersion", "kind", "metadata"})
PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
INT_OR_STRING = "x-kubernetes-int-or-string"
LIST_TYPE = "x-kubernetes-list-type"
LIST_MAP_KEYS = "x-kubernetes-list-map-keys"
MAP_TYPE = "x-kubernetes-map-type"
RULES = "x-kubernetes-validations"


class Node:
    """One place of a schema.

    others: the schema of keys that are no properties, if there is one. additional: whether anything is said of such keys (True,
    False), None where nothing is. default: None for none (a
    default of null is none). raw: the schema as it was written, for the value validations.
    """

    __slots__ = (
        "additional", "compiled",
        "default", "embedded", "int_or_string", "items", "list_map_keys", "list_type", "map_type", "nullable",
        "others", "preserve", "properties", "raw", "rules", "type",
    )  # fmt: skip

    def __init__(self, raw: Json) -> None:
        self.raw = raw
        self.compiled: tuple[Any, ...] = ()  # the rules in CEL, once `ruling` was asked
        self.type = str(raw.get("type") or "")
        self.nullable = raw.get("nullable") is True
        self.default = raw.get("default")
        self.preserve = raw.get(PRESERVE) is True
        self.embedded = raw.get(EMBEDDED) is True
        self.int_or_string = raw.get(INT_OR_STRING) is True
        self.list_type: str = raw.get(LIST_TYPE) or ""
        self.list_map_keys: tuple[str, ...] = tuple(raw.get(LIST_MAP_KEYS) or ())
        self.map_type: str = raw.get(MAP_TYPE) or ""
        self.rules: tuple[Json, ...] = tuple(raw.get(RULES) or ())
        properties = raw.get("properties")
        self.properties: dict[str, Node] = {name: Node(part) for name, part in properties.items()} if properties else {}
        items = raw.get("items")
        self.items: Node | None = Node(items) if isinstance(items, dict) else None
        additional = raw.get("additionalProperties")
        self.others: Node | None = Node(additional) if isinstance(additional, dict) else None
        self.additional: bool | None = additional if additional is None or isinstance(additional, bool) else True

    def of(self, key: str) -> "Node | None":
        """The schema of a key of an object."""
        return self.properties.get(key) or self.others


def below(node: Node) -> Iterator[Node]:
    """All places below one."""
    for part in (*node.properties.values(), node.items, node.others):
        if part is not None:
            yield part
            yield from below(part)


def as_root(node: Node) -> Node:
    """The schema of a whole object: apiVersion, kind and metadata are not its to prune, and metadata is what the API says."""
    if node.embedded:
        return node
    made = Node.__new__(Node)
    for slot in Node.__slots__:
        setattr(made, slot, getattr(node, slot))
    made.embedded = True
    return made
