"""Which old value a new one replaces, place by place: the ground of ratcheting and of transition rules.

Keys of objects correlate by name, items of lists of type map by their keys; sets, atomic lists and plain lists do not.
Source: apiserver pkg/cel/common equality.go (CorrelatedObject) and maplist.go.
"""

from typing import Any

from underway.crd.node import LIST_MAP_KEYS, LIST_TYPE

Json = dict[str, Any]
Identity = tuple[tuple[type, Any], ...]
MISSING: Identity = ()


class Pair:
    """A new value and the old one, with the schema that says how their parts correlate."""

    __slots__ = ("_by_keys", "_unchanged", "new", "old", "schema")

    def __init__(self, new: Any, old: Any, schema: Json | None) -> None:
        self.new, self.old, self.schema = new, old, schema
        self._unchanged: bool | None = None
        self._by_keys: dict[Identity, Any] | None = None

    @property
    def unchanged(self) -> bool:
        """Whether the two are equal as far as the schema can tell: a key of which it says nothing counts as changed."""
        if self._unchanged is None:
            self._unchanged = self._compare()
        return self._unchanged

    def _compare(self) -> bool:
        new, old = self.new, self.old
        if isinstance(new, dict) and isinstance(old, dict):
            pairs = [self.key(name) for name in new] if len(new) == len(old) else [None]
            return all(pair is not None and pair.unchanged for pair in pairs)
        if isinstance(new, list) and isinstance(old, list):
            if len(new) != len(old) or not self._is_map:
                return equal(new, old)
            return all(pair is not None and pair.unchanged for pair in map(self.index, range(len(new))))
        return equal(new, old)

    def key(self, name: str) -> "Pair | None":
        """The pair of one key of an object, None if it cannot be told which value was there before."""
        if not isinstance(self.new, dict) or not isinstance(self.old, dict) or name not in self.old or name not in self.new:
            return None
        schema = self.schema or {}
        additional = schema.get("additionalProperties")
        part = (schema.get("properties") or {}).get(name)
        if part is None and isinstance(additional, dict):
            part = additional
        return None if part is None else Pair(self.new[name], self.old[name], part)

    @property
    def _is_map(self) -> bool:
        return (self.schema or {}).get(LIST_TYPE) == "map"

    def index(self, position: int) -> "Pair | None":
        """The pair of one item of a list of type map, None for other lists."""
        schema = self.schema or {}
        if not isinstance(self.new, list) or not isinstance(self.old, list) or not self._is_map:
            return None
        keys = tuple(schema.get(LIST_MAP_KEYS) or ())
        if self._by_keys is None:
            self._by_keys = {}
            for old in self.old:
                identity = _identity(old, keys)
                if identity is not None:
                    self._by_keys.setdefault(identity, old)
        item, items = self.new[position], schema.get("items")
        found = self._by_keys.get(_identity(item, keys) or MISSING)
        return Pair(item, found, items) if found is not None and isinstance(items, dict) else None


def _identity(item: Any, keys: tuple[str, ...]) -> Identity | None:
    """What the keys say, None without all of them as scalars. Several floats are told apart by six digits, as %f writes them."""
    if not isinstance(item, dict) or not all(isinstance(item.get(key), bool | int | float | str) for key in keys):
        return None
    values = [item[key] for key in keys]
    return tuple((type(one), f"{one:f}" if type(one) is float and len(keys) > 1 else one) for one in values)


def equal(new: Any, old: Any) -> bool:
    """Whether two JSON values are the same; a number is not a flag."""
    if isinstance(new, bool) or isinstance(old, bool):
        return new is old
    if isinstance(new, dict) and isinstance(old, dict):
        return new.keys() == old.keys() and all(equal(value, old[key]) for key, value in new.items())
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(map(equal, new, old))
    return type(new) is type(old) and bool(new == old)
