"""The fields of the built-in kinds, with their Go types: what the API's own decoder knows of an object.

Owns three questions about a body: has a field the wrong type, which fields are unknown, and what is left without them. The
table beside this file, fields.json, is drawn from the Go sources by tools/api_fields.py. It knows nothing of values: which
make sense is `sim.apiserver.validation`'s. Sources: sigs.k8s.io/json decode.go; "Field validation" in the API concepts.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from underway.kube.resource import Resource

Fields = dict[str, str]
QUANTITY = "resource.Quantity"
GROUPS = {
    "": "core",
    "rbac.authorization.k8s.io": "rbac",
    "meta.k8s.io": "meta",
}
_INTEGERS = {"int": 63, "int32": 31, "int64": 63}


@cache
def table() -> dict[str, tuple[tuple[str, int, str], ...]]:
    """Struct to its fields: JSON name ("" for an inlined struct), protobuf number, Go type."""
    return msgspec.json.decode(
        (Path(__file__).parent / "fields.json").read_bytes(), type=dict[str, tuple[tuple[str, int, str], ...]]
    )


def struct_of(group: str, kind: str) -> str:
    """The name of a kind's struct in the table, or "" if the kind is not in it."""
    package = GROUPS.get(group, group.partition(".")[0])
    return next((name for name in (f"{package}.{kind}", f"{package}v2.{kind}") if name in table()), "")


@cache
def fields_of(struct: str) -> dict[str, tuple[str, str]]:
    """JSON name to (struct that Go blames, Go type), inlined structs laid open."""
    found: dict[str, tuple[str, str]] = {}
    for name, _, type_ in table()[struct]:
        if name:
            found[name] = (struct.partition(".")[2], type_)
        else:
            found |= fields_of(type_)
    return found


def elements(type_: str) -> tuple[str, str]:
    """What a type is to JSON ("list", "map", "" for anything else) and the type of its elements."""
    made_of = type_.startswith(("[]", "map["))  # of named scalars, perhaps: "[]core.Capability=string"
    whole = type_ if made_of else type_.rpartition("=")[2]
    if whole == "[]byte":
        return "", whole
    if whole.startswith("[]"):
        return "list", whole[2:]
    if whole.startswith("map["):
        return "map", whole.partition("]")[2]
    return "", whole


def shown(type_: str) -> str:
    """A type as Go's messages write it: packages by their last name, all of which are v1."""
    name, made, _ = type_.partition("=")
    if made and not name.startswith(("[]", "map[")):
        return _packaged(name)
    kind, element = elements(type_)
    if kind == "list":
        return f"[]{shown(element)}"
    if kind == "map":
        key = type_.partition("]")[0].removeprefix("map[")
        return f"map[{_packaged(key)}]{shown(element)}"
    return "[]uint8" if type_ == "[]byte" else _packaged(type_)


def _packaged(name: str) -> str:
    package, dot, local = name.rpartition(".")
    if not dot:
        return name
    version = "v2" if package.endswith("v2") else "v1"
    return f"{package if package in ('resource', 'intstr', 'runtime', 'types') else version}.{local}"


def mismatch(struct: str, value: dict[str, Any]) -> str:
    """The first field whose value has another type than the API gives it, in the words of Go's decoder, or ""."""
    return next(_mismatches(struct, value, ()), "")


def _mismatches(struct: str, value: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    known = fields_of(struct)
    for name, child in value.items():
        if name in known:
            blamed, type_ = known[name]
            yield from _wrong(type_, child, (*path, name), blamed)


def _wrong(type_: str, value: Any, path: tuple[str, ...], blamed: str) -> Iterator[str]:
    if value is None:
        return
    kind, element = elements(type_)
    if kind:
        children = value if kind == "list" else value.values() if isinstance(value, dict) else None
        if not isinstance(value, list if kind == "list" else dict) or children is None:
            yield _sentence(value, blamed, path, type_)
            return
        for child in children:
            yield from _wrong(element, child, path, blamed)
    elif element in table():
        if isinstance(value, dict):
            yield from _mismatches(element, value, path)
        else:
            yield _sentence(value, blamed, path, type_)
    elif not _fits(element, value):
        yield _sentence(value, blamed, path, type_)


def _fits(type_: str, value: Any) -> bool:
    """Whether a scalar is of the type; types that read themselves are judged where they are read."""
    if type_ in _INTEGERS:
        return type(value) is int and -(1 << _INTEGERS[type_]) <= value < 1 << _INTEGERS[type_]
    if type_ == "bool":
        return isinstance(value, bool)
    if type_ in ("string", "[]byte"):
        return isinstance(value, str)
    return True


def _sentence(value: Any, blamed: str, path: tuple[str, ...], type_: str) -> str:
    got = json_type(value)
    if got == "number" and elements(type_)[1] in _INTEGERS:
        got = f"number {msgspec.json.encode(value).decode()}"
    return f"json: cannot unmarshal {got} into Go struct field {blamed}.{'.'.join(path)} of type {shown(type_)}"


def json_type(value: Any) -> str:
    """The name of a value's JSON type."""
    names = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    return names.get(type(value), "null")


def unknown_fields(struct: str, value: dict[str, Any], path: str = "") -> Iterator[str]:
    """The paths of fields that the kind does not have, in the order of the object."""
    known = fields_of(struct)
    for name, child in value.items():
        at = f"{path}.{name}" if path else name
        if name not in known:
            yield at
        else:
            yield from _unknown_in(known[name][1], child, at)


def _unknown_in(type_: str, value: Any, path: str) -> Iterator[str]:
    kind, element = elements(type_)
    if kind == "list" and isinstance(value, list):
        for index, child in enumerate(value):
            yield from _unknown_in(element, child, f"{path}[{index}]")
    elif kind == "map" and isinstance(value, dict):
        for key, child in value.items():
            yield from _unknown_in(element, child, f"{path}.{key}")
    elif element in table() and isinstance(value, dict):
        yield from unknown_fields(element, value, path)


def known_part(struct: str, value: dict[str, Any]) -> dict[str, Any]:
    """The object without the fields that its kind does not have: what Go's decoder keeps of it."""
    known = fields_of(struct)
    return {name: _known_in(known[name][1], child) for name, child in value.items() if name in known}


def _known_in(type_: str, value: Any) -> Any:
    kind, element = elements(type_)
    if kind == "list" and isinstance(value, list):
        return [_known_in(element, child) for child in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _known_in(element, child) for key, child in value.items()}
    if element in table() and isinstance(value, dict):
        return known_part(element, value)
    return value


def struct_for(resource: Resource) -> str:
    """The struct of a resource's kind, or "" for a custom one."""
    return struct_of(resource.group, resource.kind)


# Fields of a schema that hold any JSON, in which a null is a value. Source: apiextensions/v1 types_jsonschema.go.
_ANY_JSON = frozenset({"default", "enum", "example"})


def without_nulls(value: Any, opaque: frozenset[str] = frozenset()) -> Any:
    """A built-in object as the real server keeps it: a null is a field that is not there. opaque: fields left as they are."""
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if part is not None}
        if kept.get("kind") == "CustomResourceDefinition":
            opaque = _ANY_JSON
        return {key: part if key in opaque else without_nulls(part, opaque) for key, part in kept.items()}
    if isinstance(value, list):
        return [without_nulls(part, opaque) for part in value]
    return value
