"""Objects drawn from a structural schema, as the API server would hold them.

Compiled once into closures. Fields are there or not as the schema allows: required ones and those with a default always are
(the server has seen to it), all others are at times missing, so that unions appear with none, one and several members; nulls
appear where they are allowed, unknown fields where they are preserved; lists are empty, single or longer, with their keys
apart. Only the spine counts: oneOf, CEL rules and the like are not asked, because objects that predate a rule are stored too.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from underway.crd import defaults
from underway.crd.defaults import copied
from underway.crd.fuzz.scalars import Draw, int_or_string, scalar
from underway.crd.node import Node

if TYPE_CHECKING:
    from random import Random

DEEP = 6
DEPTH_MAX = 24  # below it nothing but empty containers is drawn
NAMES = ("a", "b", "c", "d.e/f", "in0", "x-y")
UNKNOWN = ("unknown", "x")
MISSING_AT = 0.35  # how often an optional field is missing
NULL_AT = 0.1
DEFAULT_AT = 0.3  # how often a field with a default has it


def objects(schema: Mapping[str, Any], api_version: str, kind: str) -> Draw:
    """What draws whole objects of a version, with metadata."""
    properties, required = schema.get("properties") or {}, schema.get("required") or ()
    parts = [
        (name, value(child, 1), name in required or _always(child)) for name, child in properties.items() if name not in _ROOT
    ]
    preserved = bool(schema.get("x-kubernetes-preserve-unknown-fields"))

    def draw(rng: "Random") -> Any:
        made: dict[str, Any] = {"apiVersion": api_version, "kind": kind, "metadata": _metadata(rng)}
        for name, inner, always in parts:
            # Most objects have a spec: one without is drawn, but seldom.
            if always or rng.random() > 0.05:
                made[name] = inner(rng)
        if preserved and rng.random() < MISSING_AT:
            made["extra"] = _free(rng)
        return made

    return draw


_ROOT = ("apiVersion", "kind", "metadata")
_LABELS: tuple[dict[str, dict[str, str]], ...] = (
    {},
    {"labels": {"app": "a"}},
    {"annotations": {"note": "n"}},
    {"labels": {"a/b": ""}, "annotations": {"n": "{}"}},
)


def _metadata(rng: "Random") -> dict[str, Any]:
    number = int(rng.random() * 8)
    found: dict[str, Any] = {"name": NAMES[number % 3], "namespace": "fuzz", "uid": f"u{number}", "resourceVersion": "7"}
    for key, child in _LABELS[number % 4].items():
        found[key] = dict(child)
    if number == 7:
        found["finalizers"] = ["a/b"]
    return found


def _always(schema: Mapping[str, Any]) -> bool:
    return schema.get("default") is not None


def value(schema: Mapping[str, Any], depth: int = 0) -> Draw:
    """What draws values of a schema."""
    draw = _plain(schema, depth)
    default = schema.get("default")
    nullable = bool(schema.get("nullable"))
    if default is None and not nullable:
        return draw
    filled = copied(default)
    defaults.default(filled, Node(dict(schema)))  # a default has the defaults of what is within it

    def drawn(rng: "Random") -> Any:
        luck = rng.random()
        if nullable and luck < NULL_AT:
            return None
        if default is not None and luck > 1 - DEFAULT_AT:
            return copied(filled)
        return draw(rng)

    return drawn


def _plain(schema: Mapping[str, Any], depth: int) -> Draw:
    if schema.get("x-kubernetes-int-or-string"):
        return int_or_string()
    type_ = schema.get("type")
    if depth > DEPTH_MAX and type_ in ("object", "array"):
        return (lambda _: {}) if type_ == "object" else (lambda _: [])
    if type_ == "object":
        return _object(schema, depth)
    if type_ == "array":
        return _array(schema, depth)
    if type_ is None and schema.get("x-kubernetes-preserve-unknown-fields"):
        return _free
    return scalar(schema)


def _object(schema: Mapping[str, Any], depth: int) -> Draw:
    required = set(schema.get("required") or ())
    parts = [
        (name, value(child, depth + 1), name in required or _always(child))
        for name, child in (schema.get("properties") or {}).items()
    ]
    values = schema.get("additionalProperties")
    others = value(values, depth + 1) if isinstance(values, Mapping) else None
    preserved = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    embedded = bool(schema.get("x-kubernetes-embedded-resource"))

    def draw(rng: "Random") -> Any:
        made: dict[str, Any] = {}
        random = rng.random
        if embedded:
            made |= {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "inner"}}
        for name, inner, always in parts:
            if always or random() > MISSING_AT:
                made[name] = inner(rng)
        if others is not None:
            for _ in range(int(random() * 3)):
                made[NAMES[int(random() * len(NAMES))]] = others(rng)
        if preserved and random() < MISSING_AT:
            made[UNKNOWN[int(random() * 2)]] = _free(rng)
        return made

    return draw


def _array(schema: Mapping[str, Any], depth: int) -> Draw:
    items = schema.get("items") or {}
    draw_item = value(items, depth + 1)
    low = int(schema.get("minItems") or 0)
    # Deep down lists are short, or an object of a schema as large as a Pod's would have thousands of parts.
    spread = 3 if depth < DEEP else 1
    high = max(low, min(int(schema.get("maxItems") or low + spread), low + spread))
    apart = _apart(schema)

    def draw(rng: "Random") -> Any:
        # One more than the range holds, so that empty and single lists are frequent.
        count = min(high, low + int(rng.random() * (high - low + 1)))
        made = [draw_item(rng) for _ in range(count)]
        return apart(made) if apart is not None else made

    return draw


def _apart(schema: Mapping[str, Any]) -> Callable[[list[Any]], list[Any]] | None:
    """What takes away items that a set or map list may not hold twice."""
    keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    if schema.get("x-kubernetes-list-type") == "set":
        return lambda items: _once(items, repr)
    if keys:
        return lambda items: _once(
            items, lambda item: tuple(repr(item.get(key)) for key in keys) if isinstance(item, dict) else ""
        )
    return None


def _once(items: list[Any], key: Callable[[Any], Any]) -> list[Any]:
    found: dict[Any, Any] = {}
    for item in items:
        found.setdefault(key(item), item)
    return list(found.values())


def _free(rng: "Random") -> Any:
    """Any JSON, where the schema preserves it."""
    values: tuple[Any, ...] = (0, "text", True, [1, "a"], {"b": {"c": 1}}, {}, [], 1.5, [{"name": "x"}])
    return copied(values[int(rng.random() * len(values))])
