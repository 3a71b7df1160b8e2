"""Whether a schema is structural: each field has a type, and value validations only restrict what the spine names.

Owns the rules and sentences of structural schemas. The API's rules on top of them are `crd.schema_checks`'. Source:
apiextensions-apiserver pkg/apiserver/schema validation.go, complete.go, convert.go.
"""

from collections.abc import Iterator
from typing import Any

import re2

from underway.crd.node import EMBEDDED, INT_OR_STRING, LIST_MAP_KEYS, LIST_TYPE, MAP_TYPE, PRESERVE, RULES
from underway.crd.patterns import compiled
from underway.crd.problem import Problem, child, forbidden, invalid, required

Json = dict[str, Any]
UNSUPPORTED = ("id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions")
INT_OR_STRING_CLAUSE = [{"type": "integer"}, {"type": "string"}]
IMPLICIT = "must not specify anything other than name and generateName, but metadata is implicitly specified"
LEVELS = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}
# What a nested clause may not say, and how that is worded.
FORBIDDEN_INSIDE = (
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (PRESERVE, "must be false to be structural"),
    (EMBEDDED, "must be false to be structural"),
    (INT_OR_STRING, "must be false to be structural"),
    (LIST_MAP_KEYS, "must be empty to be structural"),
    (LIST_TYPE, "must be undefined to be structural"),
    (MAP_TYPE, "must be undefined to be structural"),
    (RULES, "must be empty to be structural"),
)


def unsupported(schema: Json) -> str:
    """Why a schema cannot even be read as a structural one, or ""."""
    for name in UNSUPPORTED:
        if schema.get(name):
            return f"OpenAPIV3Schema '{name.replace('$schema', 'schema')}' is not supported"
    if schema.get(PRESERVE) is False:
        return f"internal error: '{PRESERVE}' must be true or undefined"
    if isinstance(schema.get("items"), list):
        return "OpenAPIV3Schema 'items' must be a schema, but is an array"
    return next((why for part in parts(schema) if (why := unsupported(part))), "")


def parts(schema: Json) -> Iterator[Json]:
    """The schemas within a schema."""
    for name in ("not", "items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield schema[name]
    for name in ("allOf", "anyOf", "oneOf"):
        found = schema.get(name)
        yield from found if isinstance(found, list) else ()
    properties = schema.get("properties")
    yield from properties.values() if isinstance(properties, dict) else ()


def problems(schema: Json, path: str) -> list[Problem]:
    """What keeps a schema from being structural, sorted by sentence. path: of the schema within its definition."""
    return sorted([*_invariants(schema, "root", path), *_complete(schema, schema, path, path)], key=str)


def _invariants(schema: Json, level: str, path: str) -> Iterator[Problem]:
    type_, properties, items = schema.get("type") or "", schema.get("properties") or {}, schema.get("items")
    if type_ == "array" and items is None:
        yield required(child(path, "items"), "must be specified")
    if isinstance(items, dict):
        yield from _invariants(items, "item", child(path, "items"))
    for name, part in properties.items():
        yield from _invariants(part, "field", f"{path}.properties[{name}]")
    additional = schema.get("additionalProperties")
    if additional is not None:
        if level == "root":
            yield forbidden(child(path, "additionalProperties"), "must not be used at the root")
        if isinstance(additional, dict):
            yield from _invariants(additional, "field", child(path, "additionalProperties"))
    yield from _extensions(schema, path)
    yield from _values(schema, _is_int_or_string(schema), _begins_int_or_string(schema), path)
    yield from _types(schema, level, path)
    yield from _metadata(schema, level, path)
    if schema.get(EMBEDDED) and not schema.get(PRESERVE) and not properties:
        why = f"must not be empty if {EMBEDDED} is true without {PRESERVE}"
        yield required(child(path, "properties"), why)


def _extensions(schema: Json, path: str) -> Iterator[Problem]:
    if schema.get(INT_OR_STRING) and schema.get(PRESERVE):
        yield invalid(child(path, PRESERVE), True, f"must be false if {INT_OR_STRING} is true")
    if schema.get(INT_OR_STRING) and schema.get(EMBEDDED):
        yield invalid(child(path, EMBEDDED), True, f"must be false if {INT_OR_STRING} is true")


def _types(schema: Json, level: str, path: str) -> Iterator[Problem]:
    type_, at = schema.get("type") or "", child(path, "type")
    if schema.get(EMBEDDED) and type_ != "object":
        why = f"must be object if {EMBEDDED} is true"
        yield invalid(at, type_, why) if type_ else required(at, why)
    elif not type_ and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield required(at, LEVELS[level])
    if schema.get(EMBEDDED) and schema.get("additionalProperties") is not None:
        yield forbidden(child(path, "additionalProperties"), f"must not be used if {EMBEDDED} is set")
    if level == "root" and type_ not in ("", "object"):
        yield invalid(at, type_, "must be object at the root")


def _metadata(schema: Json, level: str, path: str) -> Iterator[Problem]:
    checked = level == "root" or bool(schema.get(EMBEDDED))
    properties = schema.get("properties") or {}
    for name in ("kind", "apiVersion"):
        if checked and name in properties and properties[name].get("type", "") != "string":
            yield invalid(f"{path}.properties[{name}].type", properties[name].get("type", ""), "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    at = f"{path}.properties[metadata]"
    if checked and metadata.get("type", "") != "object":
        yield invalid(child(at, "type"), metadata.get("type", ""), "must be object")
    if level == "root":
        named = set(metadata.get("properties") or {})
        rest = {
            name
            for name, value in metadata.items()
            if name not in ("type", "default", "properties") and value not in (None, False, "")
        }
        if rest or not named <= {"name", "generateName"}:
            yield forbidden(at, IMPLICIT)


def _is_int_or_string(schema: Json) -> bool:
    return _plain(schema.get("anyOf")) == INT_OR_STRING_CLAUSE


def _begins_int_or_string(schema: Json) -> bool:
    clauses: list[Json] = schema.get("allOf") or []
    return bool(clauses) and _plain(clauses[0].get("anyOf")) == INT_OR_STRING_CLAUSE


def _plain(clauses: list[Json] | None) -> list[Json]:
    """Clauses without what is said but says nothing, as "additionalProperties: false" does there."""
    return [
        {name: one for name, one in clause.items() if one not in (None, "", [], {}) and one is not False}
        for clause in clauses or ()
    ]


def _values(schema: Json, skip_any_of: bool, skip_first_any_of: bool, path: str) -> Iterator[Problem]:
    """The value validations of a schema or a clause."""
    if not skip_any_of:
        for index, part in enumerate(schema.get("anyOf") or ()):
            yield from _nested(part, False, f"{path}.anyOf[{index}]")
    for index, part in enumerate(schema.get("allOf") or ()):
        yield from _nested(part, skip_first_any_of and index == 0, f"{path}.allOf[{index}]")
    for index, part in enumerate(schema.get("oneOf") or ()):
        yield from _nested(part, False, f"{path}.oneOf[{index}]")
    if schema.get("not") is not None:
        yield from _nested(schema["not"], False, child(path, "not"))
    pattern = schema.get("pattern")
    if pattern:
        try:
            compiled(pattern)
        except re2.error as error:
            why = f"must be a valid regular expression, but isn't: error parsing regexp: {go_words(error)}"
            yield invalid(child(path, "pattern"), pattern, why)


def _nested(schema: Json, skip_any_of: bool, path: str) -> Iterator[Problem]:
    yield from _values(schema, skip_any_of, False, path)
    if isinstance(schema.get("items"), dict):
        yield from _nested(schema["items"], False, child(path, "items"))
    for name, part in (schema.get("properties") or {}).items():
        yield from _nested(part, False, f"{path}.properties[{name}]")
    for name, why in FORBIDDEN_INSIDE:
        # "false" of additionalProperties says nothing here; an absent default and a default of null are one.
        if schema.get(name):
            yield forbidden(child(path, name), why)
    if "metadata" in (schema.get("properties") or {}):
        yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _complete(clause: Json, schema: Json | None, path: str, at: str) -> Iterator[Problem]:
    """What a clause names must stand on the spine. path: of the place on the spine; at: of the clause."""
    for name in ("not", "allOf", "anyOf", "oneOf"):
        found = clause.get(name)
        if found is None:
            continue
        nested = (
            [(found, child(at, name))] if name == "not" else [(one, f"{at}.{name}[{index}]") for index, one in enumerate(found)]
        )
        for one, where in nested:
            yield from _nested_complete(one, schema, path, where)


def _nested_complete(clause: Json, schema: Json | None, path: str, at: str) -> Iterator[Problem]:
    if schema is None:
        yield required(path, f"because it is defined in {at}")
        return
    yield from _complete(clause, schema, path, at)
    if isinstance(clause.get("items"), dict):
        items = schema.get("items")
        yield from _nested_complete(
            clause["items"], items if isinstance(items, dict) else None, child(path, "items"), child(at, "items")
        )
    for name, part in (clause.get("properties") or {}).items():
        spine, where = f"{path}.properties[{name}]", f"{at}.properties[{name}]"
        known = (schema.get("properties") or {}).get(name)
        if known is None:
            yield required(spine, f"because it is defined in {where}")
        else:
            yield from _nested_complete(part, known, spine, where)


GO_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "unexpected )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "trailing \\": "trailing backslash at end of expression",
    "invalid escape sequence": "invalid escape sequence",
    "invalid character class range": "invalid character class range",
    "invalid repetition size": "invalid repeat count",
    "invalid named capture group": "invalid named capture",
}


def go_words(error: Exception) -> str:
    """RE2's complaint in the words of Go's regexp package, which has the same grammar."""
    text = str(error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else error)
    what, _, where = text.partition(": ")
    return f"{GO_WORDS.get(what, what)}: `{where}`"
