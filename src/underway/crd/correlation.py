"""Which old value belongs to which new one, and whether they are equal. Owns the walk that ratcheting rests on.

Fields and map entries correlate by name, items of an x-kubernetes-list-type=map list by their keys, everything else not at all.
Sources: KEP-4008 (validation ratcheting), apiserver pkg/cel/common/equality.go and maplist.go.
"""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


class MapList:
    """The items of a list that is a map by some of their fields, found by those; the first of equal keys counts."""

    def __init__(self, schema: Schema, items: Any) -> None:
        self.keys: tuple[str, ...] = tuple(schema.get("x-kubernetes-list-map-keys") or ())
        self.items: dict[tuple[Any, ...], Any] = {}
        is_map = schema.get("type") == "array" and schema.get("x-kubernetes-list-type") == "map" and self.keys
        for item in items if is_map and isinstance(items, list) else ():
            key = self._key(item)
            if key is not None:
                self.items.setdefault(key, item)

    def get(self, item: Any) -> Any:
        """The item of the same keys, or None."""
        key = self._key(item)
        return None if key is None else self.items.get(key)

    def _key(self, item: Any) -> tuple[Any, ...] | None:
        """What the keys say, None unless all are scalars. Several floats are told apart by six digits, as %f writes them."""
        if not isinstance(item, dict) or any(not isinstance(item.get(key), bool | int | float | str) for key in self.keys):
            return None
        values = [item[key] for key in self.keys]
        return tuple((type(one), f"{one:f}" if type(one) is float and len(values) > 1 else one) for one in values)


class Correlated:
    """A new value with its old one, at one place of a schema."""

    __slots__ = ("_children", "_old_items", "_unchanged", "new", "old", "schema")

    def __init__(self, new: Any, old: Any, schema: Schema) -> None:
        self.new = new
        self.old = old
        self.schema = schema
        self._unchanged: bool | None = None
        self._children: dict[str | int, Correlated | None] = {}
        self._old_items: MapList | None = None

    def key(self, name: str) -> "Correlated | None":
        """The field or entry of that name, if both values have it and the schema knows it."""
        if name not in self._children:
            self._children[name] = self._field(name)
        return self._children[name]

    def _field(self, name: str) -> "Correlated | None":
        if not isinstance(self.new, dict) or not isinstance(self.old, dict) or name not in self.new or name not in self.old:
            return None
        schema = (self.schema.get("properties") or {}).get(name)
        if schema is None:
            extra = self.schema.get("additionalProperties")
            schema = extra if isinstance(extra, Mapping) else None
        return None if schema is None else Correlated(self.new[name], self.old[name], schema)

    def index(self, place: int) -> "Correlated | None":
        """The item at that place of the new list, if the old list has one of the same keys."""
        if place not in self._children:
            self._children[place] = self._item(place)
        return self._children[place]

    def _item(self, place: int) -> "Correlated | None":
        items = self.schema.get("items")
        if items is None or not isinstance(self.new, list) or not isinstance(self.old, list) or place >= len(self.new):
            return None
        if self._old_items is None:
            self._old_items = MapList(self.schema, self.old)
        old = self._old_items.get(self.new[place])
        return None if old is None else Correlated(self.new[place], old, items)

    @property
    def unchanged(self) -> bool:
        """Whether new and old are the same, where order counts only as far as the schema says."""
        if self._unchanged is None:
            self._unchanged = self._compare()
        return self._unchanged

    def _compare(self) -> bool:
        new, old = self.new, self.old
        if new is None or old is None:
            return new is old
        if isinstance(new, list) and isinstance(old, list):
            if len(new) != len(old):
                return False
            if self.schema.get("x-kubernetes-list-type") != "map":
                return equal(new, old)
            children = [self.index(place) for place in range(len(new))]
            return all(child is not None and child.unchanged for child in children)
        if isinstance(new, dict) and isinstance(old, dict):
            if len(new) != len(old):
                return False
            fields = [self.key(name) for name in new]
            return all(child is not None and child.unchanged for child in fields)
        return equal(new, old)


def equal(one: Any, other: Any) -> bool:
    """Deep equality of JSON as Go sees it: 1, 1.0 and true are three values."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)
