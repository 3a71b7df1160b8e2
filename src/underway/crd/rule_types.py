"""Types for CEL from a structural schema. Owns escaping of names, how raw data becomes values, the sizes that a schema allows.

Sources: apiserver pkg/cel/common/schemas.go (SchemaDeclType), pkg/cel/escaping.go, pkg/cel/common/valuesunstructured.go.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from underway.cel.data import Convert, DataList, DataMap, MapList, ObjectView, SetList, expect, int_or_string, to_double
from underway.cel.declared import Declared
from underway.cel.go_text import days_since_epoch, parse_duration, parse_time
from underway.cel.types import BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of, struct
from underway.cel.values import Duration, EvalError, Timestamp

Schema = Mapping[str, Any]

# The largest request (apiserver pkg/apis/cel/config.go, MaxRequestSizeBytes).
REQUEST_BYTES_MAX = 3 * 1024 * 1024
_STRING_MAX = REQUEST_BYTES_MAX - 2  # without its quotes
_MISSING: Schema = {}
_RESERVED = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    )
)
_ESCAPED = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_NAME = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*")
_TO_ESCAPE = re.compile(r"__|[-./]")
_META: dict[str, Any] = {
    "kind": {"type": "string"},
    "apiVersion": {"type": "string"},
    "metadata": {"type": "object", "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}}},
}
_DAY_NS = 86400 * 10**9
_LOOSE_DURATION = re.compile(r"([0-9]+)\s*([A-Za-zµ]+)")
_LOOSE_UNITS = (
    (("ns", "nano"), 1),
    (("us", "µs", "micro"), 10**3),
    (("ms", "milli"), 10**6),
    (("s", "sec"), 10**9),
    (("m", "min"), 60 * 10**9),
    (("h", "hr", "hour"), 3600 * 10**9),
    (("d", "day"), _DAY_NS),
    (("w", "wk", "week"), 7 * _DAY_NS),
)


def escape(name: str) -> str | None:
    """How expressions write a property's name ("a-b" is a__dash__b); None for one that they cannot write."""
    if not _NAME.fullmatch(name):
        return None
    if name in _RESERVED:
        return f"__{name}__"
    return _TO_ESCAPE.sub(lambda match: _ESCAPED[match.group()], name)


def with_meta(schema: Schema) -> Schema:
    """The schema with what every resource has: kind, apiVersion, metadata.name and metadata.generateName."""
    own = schema.get("properties") or {}
    names = (own.get("metadata") or {}).get("properties") or {}
    strings = (own.get("kind"), own.get("apiVersion"), names.get("name"), names.get("generateName"))
    if all((one or {}).get("type") == "string" for one in strings):
        return schema
    return {**schema, "properties": {**(schema.get("properties") or {}), **_META}}


def declared(schema: Schema, *, resource: bool = False) -> Declared | None:
    """The type of what a schema describes; None where CEL cannot see it (no type, or x-kubernetes-preserve-unknown-fields alone).

    resource: whether it is the root of a resource, or an embedded one.
    """
    if schema.get("x-kubernetes-int-or-string"):
        return _scalar(DYN, _nullable(schema, int_or_string), _string_max(schema, _STRING_MAX), 1)
    if resource:
        schema = with_meta(schema)
    kind = schema.get("type")
    if kind == "array":
        return _array(schema)
    if kind == "object":
        return _object(schema)
    if kind == "string":
        return _string(schema)
    scalar = _SCALARS.get(str(kind))
    if scalar is None:
        return None
    of, convert, bytes_min = scalar
    return _scalar(of, _nullable(schema, convert), 0, bytes_min)


_SCALARS: dict[str, tuple[Type, Convert, int]] = {
    "boolean": (BOOL, expect(bool, "bool"), 4),
    "number": (DOUBLE, to_double, 1),
    "integer": (INT, expect(int, "int"), 1),
}
_KEY = Declared(STRING, expect(str, "string"), bytes_min=2)


def _scalar(of: Type, convert: Convert, elements_max: int, bytes_min: int) -> Declared:
    return Declared(of, convert, elements_max=elements_max, bytes_min=bytes_min)


def _nullable(schema: Schema, convert: Convert) -> Convert:
    allowed = bool(schema.get("nullable"))

    def checked(raw: Any) -> Any:
        if raw is not None:
            return convert(raw)
        if allowed:
            return None
        raise EvalError("invalid data, got null for schema with nullable=false")

    return checked


def _count(schema: Schema, limit: str) -> int | None:
    value = schema.get(limit)
    return None if value is None else max(int(value), 0)


def _string_max(schema: Schema, otherwise: int) -> int:
    """Bytes: four for each code point that maxLength counts."""
    length = _count(schema, "maxLength")
    return otherwise if length is None else length * 4


def _string(schema: Schema) -> Declared:
    known = _FORMATS.get(str(schema.get("format")))
    if known is not None:
        of, convert, elements_max, bytes_min = known
        if of == BYTES:
            length = _count(schema, "maxLength")
            elements_max = elements_max if length is None else length
        return _scalar(of, _nullable(schema, convert), elements_max, bytes_min)
    longest = _STRING_MAX
    if schema.get("enum"):
        longest = max((len(one.encode()) for one in schema["enum"] if isinstance(one, str)), default=0)
    return _scalar(STRING, _nullable(schema, expect(str, "string")), _string_max(schema, longest), 2)


def _array(schema: Schema) -> Declared | None:
    items = schema.get("items")
    if items is None:
        return None
    element = declared(items, resource=bool(items.get("x-kubernetes-embedded-resource")))
    if element is None:
        return None
    most = _count(schema, "maxItems")
    if most is None:
        most = (REQUEST_BYTES_MAX - 2) // (element.bytes_min + 1)
    convert = element.convert
    keys = tuple(escape(key) or key for key in schema.get("x-kubernetes-list-map-keys") or ())
    kind = schema.get("x-kubernetes-list-type")

    def to_list(raw: Any) -> Any:
        if type(raw) is not list:
            raise EvalError("invalid data, expected an array for the provided schema with type=array")
        items = [convert(each) for each in raw]
        if kind == "map":
            return MapList.keyed(keys, items)
        return SetList(items) if kind == "set" else DataList(items)

    return Declared(list_of(element.type), _nullable(schema, to_list), element=element, elements_max=most)


def _object(schema: Schema) -> Declared | None:
    extra = schema.get("additionalProperties")
    if isinstance(extra, Mapping):
        return _map(schema, extra)
    required = frozenset(schema.get("required") or ())
    fields: dict[str, Declared] = {}
    names: dict[str, str] = {}
    converts: dict[str, Convert] = {}
    bytes_min = 2
    for name, one in (schema.get("properties") or {}).items():
        of = declared(one, resource=bool(one.get("x-kubernetes-embedded-resource")))
        if of is None:
            continue
        converts[name] = of.convert
        written = escape(name)
        if written is not None:
            fields[written] = of
            names[written] = name
            if name in _RESERVED:  # readable as it is as well, since Kubernetes 1.31
                fields[name] = of
                names[name] = name
        if name in required and one.get("default") is None:
            bytes_min += len(name.encode()) + of.bytes_min + 4

    def to_object(raw: Any) -> Any:
        if type(raw) is not dict:
            raise EvalError("invalid data, expected a map for the provided schema with type=object")
        return ObjectView(raw, names, converts)

    return Declared(struct("object"), _nullable(schema, to_object), fields=fields, bytes_min=bytes_min)


def _map(schema: Schema, extra: Schema) -> Declared | None:
    value = declared(extra, resource=bool(extra.get("x-kubernetes-embedded-resource")))
    if value is None:
        return None
    most = _count(schema, "maxProperties")
    if most is None:
        # The least that an entry takes: a key of two bytes, quotes, colon, comma.
        most = (REQUEST_BYTES_MAX - 2) // (value.bytes_min + 6)
    convert = value.convert

    def to_map(raw: Any) -> Any:
        if type(raw) is not dict:
            raise EvalError("invalid data, expected a map for the provided schema with type=object")
        return DataMap({key: convert(each) for key, each in raw.items()})

    return Declared(map_of(STRING, value.type), _nullable(schema, to_map), key=_KEY, element=value, elements_max=most)


def _to_bytes(raw: Any) -> bytes:
    text: str = expect(str, "string")(raw)
    try:
        return base64.urlsafe_b64decode(text) if not re.search(r"[+/\s]", text) else _broken(text)
    except (binascii.Error, ValueError):
        return _broken(text)


def _broken(text: str) -> bytes:
    raise EvalError(f"Invalid byte formatted string {text}: illegal base64 data")


def _to_duration(raw: Any) -> Duration:
    text: str = expect(str, "string")(raw)
    ns = parse_duration(text)
    if ns is None:
        ns = _loose_duration(text)
    if ns is None:
        raise EvalError(f"Invalid duration {text}: unable to parse {text} as duration")
    return Duration(ns)


def _loose_duration(text: str) -> int | None:
    """kube-openapi strfmt.ParseDuration reads "3 days" as well."""
    total, found = 0, False
    for count, written in _LOOSE_DURATION.findall(text):
        unit = written.lower()
        for variants, ns in _LOOSE_UNITS:
            for variant in variants:
                if unit == variant or (variant == variants[-1] and unit.startswith(variant)):
                    found = True
                    total += int(count) * ns
    return total if found else None


def _to_date(raw: Any) -> Timestamp:
    text: str = expect(str, "string")(raw)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        days = days_since_epoch(*(int(part) for part in text.split("-")))
        if days is not None:
            return Timestamp(days * _DAY_NS)
    raise EvalError(f"Invalid date formatted string {text}: cannot parse")


def _to_date_time(raw: Any) -> Timestamp:
    text: str = expect(str, "string")(raw)
    read = parse_time(text)
    if read is None:
        raise EvalError(f"Invalid date-time formatted string {text}: cannot parse")
    return Timestamp(*read)


# format -> type, conversion, most and least bytes of JSON (apiserver pkg/cel/limits.go).
_FORMATS: dict[str, tuple[Type, Convert, int, int]] = {
    "byte": (BYTES, _to_bytes, _STRING_MAX, 2),
    "duration": (DURATION, _to_duration, 32, 3),
    "date": (TIMESTAMP, _to_date, 12, 12),
    "date-time": (TIMESTAMP, _to_date_time, 32, 21),
}
