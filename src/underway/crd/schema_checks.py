"""The API's rules on each place of a schema: types, list and map types, rules' shape, where defaults may stand.

Source: apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go, ValidateCustomResourceDefinitionOpenAPISchema.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from underway.crd.node import EMBEDDED, LIST_MAP_KEYS, LIST_TYPE, MAP_TYPE, META_FIELDS, PRESERVE, RULES
from underway.crd.problem import Problem, child, forbidden, invalid, not_supported, required

Json = dict[str, Any]
TYPES = ("array", "boolean", "integer", "number", "object", "string")
REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
UNIQUE_ITEMS = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
SET_ITEM = "must be atomic as item of a list with x-kubernetes-list-type=set"


class Place(msgspec.Struct, frozen=True):
    """Where in an object a schema stands. no_defaults: why none may be set there, "" if they may."""

    root: bool = False
    in_metadata: bool = False
    no_defaults: str = ""


def schema_problems(schema: Json, path: str, place: Place) -> Iterator[Problem]:
    """What is wrong with a schema and with what is below it."""
    yield from _standard(schema, path, place)
    if schema.get("uniqueItems"):
        yield forbidden(child(path, "uniqueItems"), UNIQUE_ITEMS)
    yield from _below(schema, path, place)
    if schema.get(PRESERVE) is False:
        yield invalid(child(path, PRESERVE), False, "must be true or undefined")
    yield from _map_type(schema, path)
    yield from _list_type(schema, path)
    yield from _keys(schema, path)
    yield from _key_properties(schema, path)
    for index, rule in enumerate(schema.get(RULES) or ()):
        yield from _rule(rule, f"{path}.{RULES}[{index}]")


def _standard(schema: Json, path: str, place: Place) -> Iterator[Problem]:
    type_ = schema.get("type") or ""
    if type_ and type_ not in TYPES:
        yield not_supported(child(path, "type"), type_, TYPES)
    if schema.get("default") is not None and place.no_defaults:
        yield forbidden(child(path, "default"), f"must not be set {place.no_defaults}")
    for name in ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"):
        if schema.get(name) not in (None, "", {}, []):
            yield forbidden(child(path, name), f"{name} is not supported")
    if type_ == "null":
        yield forbidden(child(path, "type"), "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list) and schema["items"]:
        yield forbidden(child(path, "items"), "items must be a schema object and not an array")
    if place.in_metadata and schema.get(EMBEDDED):
        yield forbidden(child(path, EMBEDDED), "must not be used inside of resource meta")


def _below(schema: Json, path: str, place: Place) -> Iterator[Problem]:
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    inner = Place(in_metadata=place.in_metadata, no_defaults=place.no_defaults)
    if additional is not None and properties and additional is not True:
        yield forbidden(child(path, "additionalProperties"), "additionalProperties and properties are mutual exclusive")
    if isinstance(additional, dict):
        why = "inside additionalProperties applying to object metadata" if place.in_metadata else place.no_defaults
        yield from schema_problems(
            additional, child(path, "additionalProperties"), msgspec.structs.replace(inner, no_defaults=why)
        )
    for name, part in properties.items():
        below = inner
        if (place.root or schema.get(EMBEDDED)) and name in META_FIELDS:
            below = Place(in_metadata=True, no_defaults=f"in top-level {name}" if place.root else place.no_defaults)
        yield from schema_problems(part, f"{path}.properties[{name}]", below)
    if isinstance(schema.get("not"), dict):
        yield from schema_problems(schema["not"], child(path, "not"), inner)
    for clause in ("allOf", "oneOf", "anyOf"):
        for index, part in enumerate(schema.get(clause) or ()):
            yield from schema_problems(part, f"{path}.{clause}[{index}]", inner)
    items = schema.get("items")
    if isinstance(items, dict):
        yield from schema_problems(items, child(path, "items"), inner)


def _map_type(schema: Json, path: str) -> Iterator[Problem]:
    wanted, type_ = schema.get(MAP_TYPE), schema.get("type") or ""
    if wanted is None:
        return
    if type_ != "object":
        why = f"must be object if {MAP_TYPE} is specified"
        yield invalid(child(path, "type"), type_, why) if type_ else required(child(path, "type"), why)
    if wanted not in ("atomic", "granular"):
        yield not_supported(child(path, MAP_TYPE), wanted, ("atomic", "granular"))


def _list_type(schema: Json, path: str) -> Iterator[Problem]:
    wanted, type_, items = schema.get(LIST_TYPE), schema.get("type") or "", schema.get("items")
    if wanted is None:
        return
    if type_ != "array":
        why = f"must be array if {LIST_TYPE} is specified"
        yield invalid(child(path, "type"), type_, why) if type_ else required(child(path, "type"), why)
    elif wanted == "set" and isinstance(items, dict):
        if items.get("type") == "array" and items.get(LIST_TYPE) not in (None, "atomic"):
            yield invalid(f"{path}.items.{LIST_TYPE}", items.get(LIST_TYPE), SET_ITEM)
        if items.get("type") == "object" and items.get(MAP_TYPE) != "atomic":
            yield invalid(f"{path}.items.{MAP_TYPE}", items.get(LIST_TYPE), SET_ITEM)
    if wanted not in ("atomic", "set", "map"):
        yield not_supported(child(path, LIST_TYPE), wanted, ("atomic", "set", "map"))


def _keys(schema: Json, path: str) -> Iterator[Problem]:
    wanted, keys, items = schema.get(LIST_TYPE), schema.get(LIST_MAP_KEYS) or [], schema.get("items")
    if keys and wanted != "map":
        why = f"must be map if {LIST_MAP_KEYS} is non-empty"
        yield required(child(path, LIST_TYPE), why) if wanted is None else invalid(child(path, LIST_TYPE), wanted, why)
    if wanted != "map":
        return
    if not keys:
        yield required(child(path, LIST_MAP_KEYS), f"must not be empty if {LIST_TYPE} is map")
    if items is None:
        yield required(child(path, "items"), f"must have a schema if {LIST_TYPE} is map")
    if not isinstance(items, dict):
        return
    if items.get("type") != "object":
        yield invalid(f"{path}.items.type", items.get("type") or "", f"must be object if parent array's {LIST_TYPE} is map")
        return
    for index, key in enumerate(keys):
        known = (items.get("properties") or {}).get(key)
        if known is None:
            yield invalid(child(path, LIST_MAP_KEYS), keys, "entries must all be names of item properties")
        elif known.get("type") in ("array", "object"):
            why = f"must be a scalar type if parent array's {LIST_TYPE} is map"
            yield invalid(f"{path}.items.properties[{key}].type", items.get("type"), why)
        if key in keys[:index]:
            yield invalid(child(path, LIST_MAP_KEYS), keys, "must not contain duplicate entries")


def _key_properties(schema: Json, path: str) -> Iterator[Problem]:
    """Items of sets and maps are never null, and a map's keys are always there."""
    wanted, items = schema.get(LIST_TYPE), schema.get("items")
    if wanted not in ("set", "map") or not isinstance(items, dict):
        return
    if items.get("nullable"):
        yield forbidden(f"{path}.items.nullable", f"cannot be nullable when {LIST_TYPE} is {wanted}")
    for key in (schema.get(LIST_MAP_KEYS) or ()) if wanted == "map" else ():
        known = (items.get("properties") or {}).get(key)
        if known is None:
            continue
        at, what = f"{path}.items.properties[{key}]", f"this property is in {LIST_MAP_KEYS}, so it"
        if key not in (items.get("required") or ()) and known.get("default") is None:
            yield required(child(at, "default"), f"{what} must have a default or be a required property")
        if known.get("nullable"):
            yield forbidden(child(at, "nullable"), f"{what} cannot be nullable")


def _rule(rule: Json, path: str) -> Iterator[Problem]:
    """The shape of one rule; its expression is `crd.rules`' to compile."""
    text, message = (rule.get("rule") or "").strip(), rule.get("message") or ""
    if not text:
        yield required(f"{path}.rule", "rule is not specified")
    elif message and not message.strip():
        yield invalid(f"{path}.message", message, "must be non-empty if specified")
    elif "\n" in message.strip():
        yield invalid(f"{path}.message", message, "must not contain line breaks")
    elif "\n" in text and not message.strip():
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    expression, where = rule.get("messageExpression") or "", rule.get("fieldPath") or ""
    if expression and not expression.strip():
        yield required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
    if rule.get("reason") is not None and rule["reason"] not in REASONS:
        yield not_supported(f"{path}.reason", rule["reason"], REASONS)
    if where and not where.strip():
        yield invalid(f"{path}.fieldPath", where, "must be non-empty if specified")
    if "\n" in where:
        yield invalid(f"{path}.fieldPath", where, "must not contain line breaks")
