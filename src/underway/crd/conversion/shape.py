"""What of a converted object the API server would hold: pruned with the schema of its version, without forbidden nulls.

Compiled once for each version, and quick where there is nothing to do: the object itself comes back then. It reports nothing:
`crd.prune` is for people, this is for the hot path of a webhook. Sources: apiextensions-apiserver
pkg/apiserver/schema/pruning/algorithm.go, schema/defaulting/prune.go.
"""

from collections.abc import Callable, Mapping
from typing import Any

Hold = Callable[[Any], Any]
EMBEDDED = ("apiVersion", "kind", "metadata")
SCALARS = frozenset((str, int, float, bool))
_ABSENT: Any = object()


def held(schema: Mapping[str, Any]) -> Hold:
    """What holds an object of a version to its schema. No schema at all holds everything, as a preserved one does."""
    if not schema:
        return _as_it_is
    return _compiled({**schema, "x-kubernetes-embedded-resource": True})


def _as_it_is(value: Any) -> Any:
    return value


def _nothing(value: Any) -> Any:
    """Without a schema no field of an object stays."""
    if type(value) is dict:
        return {} if value else value
    if type(value) is list:
        return _items(value, _nothing)
    return value


def _items(value: list[Any], hold: Hold) -> list[Any]:
    made: list[Any] | None = None
    for index, item in enumerate(value):
        kind = type(item)
        if kind is dict or kind is list:
            kept = hold(item)
            if kept is not item:
                if made is None:
                    made = list(value)
                made[index] = kept
    return value if made is None else made


def _nullable(schema: Mapping[str, Any]) -> bool:
    """Whether a null may stay: where it is allowed, or where a default will take its place."""
    return bool(schema.get("nullable")) or schema.get("default") is not None


def _compiled(schema: Mapping[str, Any]) -> Hold:
    preserved = schema.get("x-kubernetes-preserve-unknown-fields") is True
    properties = {name: _compiled(child) for name, child in (schema.get("properties") or {}).items()}
    drops = frozenset(name for name, child in (schema.get("properties") or {}).items() if not _nullable(child))
    if schema.get("x-kubernetes-embedded-resource"):
        properties = dict.fromkeys(EMBEDDED, _as_it_is) | {
            name: hold for name, hold in properties.items() if name not in EMBEDDED
        }
        drops -= frozenset(EMBEDDED)
    others: Hold | None = _as_it_is if preserved else None
    values = schema.get("additionalProperties")
    if values is not None:
        others = _compiled(values) if isinstance(values, Mapping) else _as_it_is if preserved else _nothing
    drop_others = isinstance(values, Mapping) and not _nullable(values)
    items = _compiled(schema["items"]) if isinstance(schema.get("items"), Mapping) else _as_it_is if preserved else _nothing

    known = properties.keys()

    def hold(value: Any) -> Any:
        if type(value) is list:
            return _items(value, items)
        if type(value) is not dict:
            return value
        # Most objects have scalars alone, of names that are known: then there is nothing to do.
        if value.keys() <= known and SCALARS.issuperset(map(type, value.values())):
            return value
        made: dict[str, Any] | None = None
        for name, child in value.items():
            inner = properties.get(name, others)
            if child is None:
                kept = _ABSENT if inner is None or name in drops or (name not in properties and drop_others) else None
            elif inner is None:
                kept = _ABSENT
            else:
                kind = type(child)
                kept = inner(child) if kind is dict or kind is list else child
            if kept is not child:
                if made is None:
                    made = dict(value)
                if kept is _ABSENT:
                    del made[name]
                else:
                    made[name] = kept
        return value if made is None else made

    return hold
