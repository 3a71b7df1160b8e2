"""Schemas drawn from a seed: every type, every list type, clauses, defaults, embedded resources; and faults put into them.

Owns what definitions may say; what objects say is `parity.drawn_values`'. It knows nothing of Underway's own checks.
"""

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from parity.drawn_values import FORMATS, NAMES, value

Json = dict[str, Any]
PRESERVE = {"x-kubernetes-preserve-unknown-fields": True}
INT_OR_STRING = {"x-kubernetes-int-or-string": True}
EMBEDDED = {"type": "object", "x-kubernetes-embedded-resource": True}
PATTERNS = ("^[a-z]+$", "[0-9]", r"^\d+(\.\d+)?$", "^(a|b)*$", r"^\p{Lu}", r"(?i)^ab", "^.{2,3}$", "a$")
DEPTH_MAX = 3
DEFAULTS, NULLABLE, CLAUSES = 0.25, 0.15, 0.25


def chance(rng: Random, share: float) -> bool:
    return rng.random() < share


def schema(rng: Random, depth: int = 0) -> Json:
    """One field's schema. depth: of the field below spec."""
    leaves: list[Callable[[Random], Json]] = [text, text, text, integer, integer, number, flag, int_or_string, anything]
    branches: list[Callable[[Random, int], Json]] = [structure, structure, mapping, array, array, array, embedded]
    leaf = depth >= DEPTH_MAX or chance(rng, 0.45)
    made = rng.choice(leaves)(rng) if leaf else rng.choice(branches)(rng, depth)
    if chance(rng, NULLABLE):
        made["nullable"] = True
    if chance(rng, DEFAULTS):
        made["default"] = value(rng, made, 0.02)
        if made["default"] is None:
            del made["default"]
    return made


def text(rng: Random) -> Json:
    made: Json = {"type": "string"}
    match rng.randrange(7):
        case 0:
            made["enum"] = rng.sample(["a", "ab", "auto", "", "1"], 3)
        case 1:
            made["pattern"] = rng.choice(PATTERNS)
        case 2:
            made["minLength"] = rng.randrange(4)
        case 3:
            made["maxLength"] = rng.randrange(5)
        case 4 | 5:
            made["format"] = rng.choice([*FORMATS, "custom"])
    return clauses_of(
        rng, made, ({"minLength": 2}, {"pattern": "a"}, {"enum": ["a", "abc"]}, {"maxLength": 1}, {"format": "ipv4"})
    )


def integer(rng: Random) -> Json:
    made: Json = {"type": "integer", **bounds(rng, [-1, 0, 2, 3, 10, 2.5])}
    if chance(rng, 0.3):
        made["format"] = rng.choice(["int32", "int64", "uint8"])
    return clauses_of(rng, made, ({"minimum": 3}, {"maximum": 0}, {"multipleOf": 2}, {"enum": [1, 5]}))


def number(rng: Random) -> Json:
    made: Json = {"type": "number", **bounds(rng, [-1.5, 0, 0.1, 2, 1e10])}
    if chance(rng, 0.3):
        made["format"] = rng.choice(["float", "double"])
    return clauses_of(rng, made, ({"minimum": 1.5}, {"maximum": 0}, {"enum": [1, 1.5]}))


def bounds(rng: Random, values: list[Any]) -> Json:
    made: Json = {}
    match rng.randrange(6):
        case 0:
            made["minimum"] = rng.choice(values)
            made["exclusiveMinimum"] = chance(rng, 0.5)
        case 1:
            made["maximum"] = rng.choice(values)
            made["exclusiveMaximum"] = chance(rng, 0.5)
        case 2:
            made["multipleOf"] = rng.choice([one for one in values if one > 0])
        case 3:
            made["enum"] = rng.sample(values, 2)
    return made


def flag(rng: Random) -> Json:
    return {"type": "boolean", **({"enum": [True]} if chance(rng, 0.2) else {})}


def int_or_string(rng: Random) -> Json:
    made: Json = dict(INT_OR_STRING)
    match rng.randrange(5):
        case 0:
            made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
        case 1:
            made["pattern"] = r"^\d+%$"
        case 2:
            made["maximum"] = 10
        case 3:
            made["allOf"] = [{"anyOf": [{"type": "integer"}, {"type": "string"}]}, {"minimum": 2}]
    return made


def anything(rng: Random) -> Json:
    return dict(PRESERVE) | ({"type": rng.choice(["object", "string"])} if chance(rng, 0.3) else {})


def structure(rng: Random, depth: int) -> Json:
    names = rng.sample(NAMES, rng.randrange(1, 4))
    made: Json = {"type": "object", "properties": {name: schema(rng, depth + 1) for name in names}}
    if chance(rng, 0.4):
        made["required"] = rng.sample(names, 1)
    if chance(rng, 0.15):
        made |= PRESERVE
    if chance(rng, 0.1):
        made["x-kubernetes-map-type"] = rng.choice(["atomic", "granular"])
    if chance(rng, 0.1):
        made[rng.choice(["minProperties", "maxProperties"])] = rng.randrange(3)
    name = rng.choice(names)
    inner = rng.choice([{"maxLength": 1}, {"minimum": 2}, {"enum": ["a", 1]}, {"not": {"enum": [1]}}, {}])
    return clauses_of(
        rng, made, ({"required": [names[0]]}, {"required": names[-1:]}, {"properties": {name: inner}}, {"minProperties": 2})
    )


def mapping(rng: Random, depth: int) -> Json:
    others: Any = schema(rng, depth + 1) if chance(rng, 0.8) else chance(rng, 0.8)
    made: Json = {"type": "object", "additionalProperties": others}
    if chance(rng, 0.2):
        made["maxProperties"] = 2
    return made


def array(rng: Random, depth: int) -> Json:
    kind = rng.choice(["", "", "atomic", "set", "map", "map"])
    if kind == "map":
        return list_map(rng, depth)
    items = rng.choice([text, integer, flag])(rng) if kind == "set" and chance(rng, 0.7) else schema(rng, depth + 1)
    if kind == "set":
        items.pop("nullable", None)
        if items.get("type") == "object":
            items["x-kubernetes-map-type"] = "atomic"
        if items.get("type") == "array":
            items.pop("x-kubernetes-list-type", None)
            items.pop("x-kubernetes-list-map-keys", None)
    made: Json = {"type": "array", "items": items}
    if kind:
        made["x-kubernetes-list-type"] = kind
    if chance(rng, 0.3):
        made[rng.choice(["minItems", "maxItems"])] = rng.randrange(3)
    return made


def list_map(rng: Random, depth: int) -> Json:
    items = structure(rng, depth + 1)
    keys = rng.sample(["name", "port"], rng.randrange(1, 3))
    for key in keys:
        one: Json = {"type": "string"} if key == "name" else {"type": "integer"}
        if chance(rng, 0.3):
            one["default"] = "a" if key == "name" else 80
        else:
            items["required"] = sorted({*items.get("required", ()), key})
        items["properties"][key] = one
    return {"type": "array", "items": items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys}


def embedded(rng: Random, depth: int) -> Json:
    made: Json = dict(EMBEDDED)
    if chance(rng, 0.5):
        made |= PRESERVE
    if "x-kubernetes-preserve-unknown-fields" not in made or chance(rng, 0.5):
        made["properties"] = {"spec": schema(rng, depth + 1)}
    if chance(rng, 0.2):
        restricted = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 2}}}
        made["properties"] = made.get("properties", {}) | {"metadata": restricted}
    return made


def clauses_of(rng: Random, made: Json, parts: tuple[Json, ...]) -> Json:
    """The schema, at times with value validations from among the parts."""
    if chance(rng, CLAUSES):
        clause = rng.choice(["anyOf", "oneOf", "allOf", "not"])
        made[clause] = rng.choice(parts) if clause == "not" else rng.sample(parts, 2)
    return copy.deepcopy(made)


def definition(group: str, spec: Json, **version: Any) -> Json:
    """A definition of Things of one version, with this schema of spec."""
    root = {"type": "object", "properties": {"spec": spec, "extra": {"type": "string"}}}
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    one = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": root}, **version}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [one]},
    }


LOOSENED = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format",
    "enum", "minItems", "maxItems", "minProperties", "maxProperties", "required", "anyOf", "oneOf", "allOf", "not",
    "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
)  # fmt: skip


def loosened(one: Json) -> Json:
    """The schema without what forbids values of the right type."""
    made = copy.deepcopy(one)
    for place in list(places(made)):
        for name in LOOSENED:
            place.pop(name, None)
    return made


def places(one: Json) -> Iterator[Json]:
    """A schema and all the schemas within it."""
    yield one
    for name in ("items", "additionalProperties", "not"):
        if isinstance(one.get(name), dict):
            yield from places(one[name])
    for part in one.get("properties", {}).values():
        yield from places(part)
    for clause in ("anyOf", "oneOf", "allOf"):
        for part in one.get(clause, ()):
            yield from places(part)


# What may be wrong with one place of a schema, as fields to put into it; None takes a field out.
FAULTS: tuple[Json, ...] = (
    {"type": None},
    {"type": "null"},
    {"type": "int"},
    {"type": "array", "items": None},
    {"$ref": "#/definitions/a"},
    {"uniqueItems": True},
    {"nullable": True},
    {"description": "what it is"},
    {"title": "Title"},
    {"default": 1},
    {"default": {"unknown": 1}},
    {"default": "text"},
    {"default": None},
    {"additionalProperties": {"type": "string"}},
    {"additionalProperties": True},
    {"additionalProperties": False},
    {"properties": {"a": {"type": "string"}}},
    {"properties": {"a": {}}},
    {"properties": {"metadata": {"type": "object"}}},
    {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    {"anyOf": [{"properties": {"other": {"minLength": 1}}}]},
    {"oneOf": [{"required": ["a"], "description": "x"}]},
    {"not": {"items": {"minLength": 1}}},
    {"allOf": [{"not": {"nullable": True, "default": 3}}]},
    {"allOf": [{"additionalProperties": {"minLength": 1}}]},
    {"x-kubernetes-int-or-string": True},
    {"x-kubernetes-int-or-string": True, "type": None},
    {"x-kubernetes-preserve-unknown-fields": True},
    {"x-kubernetes-preserve-unknown-fields": False},
    {"x-kubernetes-embedded-resource": True},
    {"x-kubernetes-embedded-resource": True, "properties": {"kind": {"type": "integer"}, "metadata": {"type": "string"}}},
    {"x-kubernetes-list-type": "set"},
    {"x-kubernetes-list-type": "map"},
    {"x-kubernetes-list-type": "bag"},
    {"x-kubernetes-list-map-keys": ["name"]},
    {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "name"]},
    {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": []},
    {"x-kubernetes-map-type": "atomic"},
    {"x-kubernetes-map-type": "loose"},
    {"pattern": "("},
    {"pattern": "[a"},
    {"pattern": "a**"},
    {"pattern": r"\8"},
    {"pattern": "(?=a)"},
    {"pattern": "a{1001}"},
    {"pattern": "*"},
    {"pattern": "[b-a]"},
    {"pattern": ")"},
    {"minimum": 5, "maximum": 1},
    {"required": ["nobody"]},
    {"enum": []},
)


def faulty(rng: Random, spec: Json) -> Json:
    """A schema with one to three faults in it."""
    made: Json = copy.deepcopy(spec)
    for _ in range(rng.randrange(1, 4)):
        place = rng.choice(list(places(made)))
        for name, fault in rng.choice(FAULTS).items():
            if fault is None:
                place.pop(name, None)
            else:
                place[name] = copy.deepcopy(fault)
    return made


# What may be wrong with a definition besides its schema: where, and what is put there; None takes it out.
Fault = tuple[tuple[str | int, ...], Any]
SCALE = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
COLUMN = {"name": "A", "type": "string", "jsonPath": ".spec.a"}
OTHER = {"name": "v2", "served": True, "storage": False, "schema": {"openAPIV3Schema": {"type": "object"}}}
WEBHOOK = {"clientConfig": {"url": "https://localhost:1/"}, "conversionReviewVersions": ["v1"]}
DEFINITION_FAULTS: tuple[Fault, ...] = (
    (("metadata", "name"), "other.example.com"),
    (("spec", "group"), "example"),
    (("spec", "group"), "Example.com"),
    (("spec", "scope"), "Global"),
    (("spec", "scope"), None),
    (("spec", "names", "plural"), "Things"),
    (("spec", "names", "kind"), "1Thing"),
    (("spec", "names", "kind"), None),
    (("spec", "names", "listKind"), "Thing"),
    (("spec", "names", "singular"), "a_b"),
    (("spec", "names", "shortNames"), ["Th", "t"]),
    (("spec", "names", "categories"), ["all", "A"]),
    (("spec", "versions", 0, "name"), "V1"),
    (("spec", "versions", 0, "storage"), False),
    (("spec", "versions", 0, "schema"), None),
    (("spec", "versions", 0, "schema", "openAPIV3Schema", "nullable"), True),
    (("spec", "versions", 0, "schema", "openAPIV3Schema", "type"), "array"),
    (("spec", "versions", 0, "schema", "openAPIV3Schema", "additionalProperties"), True),
    (("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "metadata"), {"type": "object"}),
    (("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "metadata"), {"type": "object", "nullable": True}),
    (("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "kind"), {"type": "string", "default": "Thing"}),
    (("spec", "versions", 0, "deprecationWarning"), "gone soon"),
    (("spec", "versions", 0, "subresources"), {"status": {}}),
    (("spec", "versions", 0, "subresources"), {"status": {}, "scale": SCALE}),
    (("spec", "versions", 0, "subresources"), {"scale": {**SCALE, "specReplicasPath": "spec.replicas"}}),
    (("spec", "versions", 0, "subresources"), {"scale": {**SCALE, "statusReplicasPath": ".spec.replicas"}}),
    (("spec", "versions", 0, "subresources"), {"scale": {**SCALE, "labelSelectorPath": ".metadata.labels"}}),
    (("spec", "versions", 0, "additionalPrinterColumns"), [COLUMN]),
    (("spec", "versions", 0, "additionalPrinterColumns"), [{**COLUMN, "type": "text"}]),
    (("spec", "versions", 0, "additionalPrinterColumns"), [{**COLUMN, "jsonPath": "spec.a"}, {**COLUMN, "format": "int"}]),
    (("spec", "versions", 1), OTHER),
    (("spec", "versions", 1), {**OTHER, "storage": True}),
    (("spec", "versions", 1), {**OTHER, "name": "v1"}),
    (("spec", "versions", 1), {**OTHER, "schema": {"openAPIV3Schema": {"properties": {"a": {}}}}}),
    (("spec", "conversion"), {"strategy": "None"}),
    (("spec", "conversion"), {"strategy": "Magic"}),
    (("spec", "conversion"), {"strategy": "Webhook"}),
    (("spec", "conversion"), {"strategy": "None", "webhook": WEBHOOK}),
    (("spec", "conversion"), {"strategy": "Webhook", "webhook": {**WEBHOOK, "conversionReviewVersions": ["v2"]}}),
    (("spec", "conversion"), {"strategy": "Webhook", "webhook": {**WEBHOOK, "clientConfig": {}}}),
    (("spec", "preserveUnknownFields"), False),
)


def with_faults(crd: Json, faults: list[Fault]) -> Json:
    """A definition with faults put in, those that fit into it."""
    made = copy.deepcopy(crd)
    for path, fault in faults:
        place: Any = made
        for part in path[:-1]:
            place = place[int(part)] if isinstance(place, list) else place.get(part)
            if place is None:
                break
        if isinstance(place, list) and len(place) == path[-1]:
            place.append(copy.deepcopy(fault))
        elif isinstance(place, dict) and fault is None:
            place.pop(path[-1], None)
        elif isinstance(place, dict):
            place[path[-1]] = copy.deepcopy(fault)
    return made
