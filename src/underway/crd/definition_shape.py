"""Whether a definition has the shape of one: objects, lists, texts and numbers where they belong.

Owns what the server's decoder would refuse before any check. Source: apiextensions/v1 types.go and types_jsonschema.go.
"""

from collections.abc import Iterator
from typing import Any

from underway.crd.problem import Problem, child, type_invalid

Json = dict[str, Any]
NAMES = {str: "a text", bool: "true or false", dict: "an object", list: "a list", int: "a whole number", float: "a number"}
TEXTS = ("type", "format", "pattern", "title", "description", "id", "x-kubernetes-list-type", "x-kubernetes-map-type")
FLAGS = (
    "nullable", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum", "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource",
)  # fmt: skip
COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
LISTS = ("required", "enum", "allOf", "anyOf", "oneOf", "x-kubernetes-list-map-keys", "x-kubernetes-validations")
KEYWORDS: dict[str, type] = {
    **dict.fromkeys(TEXTS, str), **dict.fromkeys(FLAGS, bool), **dict.fromkeys(COUNTS, int),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), float), "properties": dict, "not": dict,
    **dict.fromkeys(LISTS, list),
}  # fmt: skip
VERSION: dict[str, type] = {
    "name": str, "served": bool, "storage": bool, "deprecated": bool, "deprecationWarning": str, "schema": dict,
    "subresources": dict, "additionalPrinterColumns": list,
}  # fmt: skip
SPEC: dict[str, type] = {"group": str, "scope": str, "names": dict, "versions": list, "conversion": dict}


def problems(values: Json) -> list[Problem]:
    """What is of another type than it has to be."""
    spec = values.get("spec")
    found = [*_typed(values, {"metadata": dict, "spec": dict}, "")]
    if found or not isinstance(spec, dict):
        return found
    found += _typed(spec, SPEC, "spec")
    for index, version in enumerate([] if found else spec.get("versions") or ()):
        at = f"spec.versions[{index}]"
        wrong = [*_is(version, dict, at)] or [*_typed(version, VERSION, at)]
        schema = {} if wrong else (version.get("schema") or {}).get("openAPIV3Schema")
        found += wrong or ([] if schema is None else [*_schema(schema, f"{at}.schema.openAPIV3Schema")])
    return found


def _schema(schema: Any, path: str) -> Iterator[Problem]:
    wrong = [*_is(schema, dict, path)] or [*_typed(schema, KEYWORDS, path)]
    yield from wrong
    if wrong:
        return
    for name, part in (schema.get("properties") or {}).items():
        yield from _schema(part, f"{path}.properties[{name}]")
    for clause in ("allOf", "anyOf", "oneOf"):
        for index, part in enumerate(schema.get(clause) or ()):
            yield from _schema(part, f"{path}.{clause}[{index}]")
    for name in ("required", "x-kubernetes-list-map-keys"):
        for index, one in enumerate(schema.get(name) or ()):
            yield from _is(one, str, f"{path}.{name}[{index}]")
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        yield from _is(rule, dict, f"{path}.x-kubernetes-validations[{index}]")
    for name in ("not", "items", "additionalProperties"):
        if schema.get(name) is not None and not isinstance(schema[name], list | bool):
            yield from _schema(schema[name], child(path, name))


def _typed(values: Json, types: dict[str, type], path: str) -> Iterator[Problem]:
    for name, wanted in types.items():
        if values.get(name) is not None:
            yield from _is(values[name], wanted, child(path, name))


def _is(value: Any, wanted: type, path: str) -> Iterator[Problem]:
    good = isinstance(value, int | float) if wanted is float else isinstance(value, wanted)
    if not good or (isinstance(value, bool) and wanted is not bool):
        yield type_invalid(path, value, f"must be {NAMES[wanted]}")
