"""CustomResourceDefinitions drawn from Python types: msgspec Structs, dataclasses, or pydantic models.

Owns the way from a type's JSON Schema to a structural schema, and the definition around it. The same types give the same
bytes. What Python cannot say (list types, CEL rules, preserved fields) is said by markers in Annotated. It does not know how
YAML is written. Source: "Specifying a structural schema"; the markers of controller-tools.

    class Value(msgspec.Struct):
        name: Annotated[str, msgspec.Meta(min_length=1)]
        integer: int32 | None = None

    class DeviceSpec(msgspec.Struct):
        inputs: Annotated[list[Value], list_map("name")] = []

    DEVICES = definition(names=Names("things.underway.dev", "Device", "devices"), versions=(Version("v1", DeviceSpec),))
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from underway.errors import UsageError

Schema = dict[str, Any]
KEPT = (
    *("type", "format", "description", "enum", "pattern", "nullable", "default", "minimum", "maximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "required", "uniqueItems"),
)
DEPTH_MAX = 24
_JSON_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}


def marker(**fields: Any) -> msgspec.Meta:
    """Any fields of the schema, with - as _ in x_kubernetes_...: marker(x_kubernetes_embedded_resource=True)."""
    named = {name.replace("x_kubernetes_", "x-kubernetes-").replace("_", "-"): value for name, value in fields.items()}
    return msgspec.Meta(extra_json_schema=named)


def list_map(*keys: str) -> msgspec.Meta:
    """A list whose items are told apart by these fields; server-side apply merges it item by item."""
    return msgspec.Meta(extra_json_schema={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)})


def list_set() -> msgspec.Meta:
    """A list of scalars, each once."""
    return msgspec.Meta(extra_json_schema={"x-kubernetes-list-type": "set"})


def preserve() -> msgspec.Meta:
    """Fields that the schema does not name are kept."""
    return msgspec.Meta(extra_json_schema={"x-kubernetes-preserve-unknown-fields": True})


def rules(*pairs: tuple[str, str]) -> msgspec.Meta:
    """Rules in CEL with their messages: rules(("self.low <= self.high", "low must not be above high"))."""
    validations = [{"rule": rule, "message": message} for rule, message in pairs]
    return msgspec.Meta(extra_json_schema={"x-kubernetes-validations": validations})


int32 = Annotated[int, msgspec.Meta(extra_json_schema={"format": "int32"})]
int64 = Annotated[int, msgspec.Meta(extra_json_schema={"format": "int64"})]


class Names(msgspec.Struct, frozen=True):
    """What a kind is called. kind: as in manifests; plural: as in URLs."""

    group: str
    kind: str
    plural: str
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True


class Column(msgspec.Struct, frozen=True):
    """A column of kubectl get. path: JSONPath; type: string, integer, number, boolean or date; wide: with -o wide alone."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False


class Version(msgspec.Struct, frozen=True):
    """One version. spec, status: types; storage: whether objects are stored in it; markers: of the object as a whole."""

    name: str
    spec: Any
    status: Any = None
    storage: bool = False
    served: bool = True
    columns: tuple[Column, ...] = ()
    markers: tuple[msgspec.Meta, ...] = ()
    deprecated: str = ""


def definition(names: Names, versions: tuple[Version, ...], conversion: Mapping[str, Any] | None = None) -> Schema:
    """The CustomResourceDefinition. conversion: as in spec.conversion; None for strategy None. Raises UsageError."""
    stored = [version.name for version in versions if version.storage]
    if len(versions) == 1:
        stored = [versions[0].name]
    if len(stored) != 1:
        raise UsageError(f"{names.plural}.{names.group}: {len(stored)} versions have storage=True; one must")
    called: Schema = {"kind": names.kind, "listKind": f"{names.kind}List", "plural": names.plural, "singular": names.kind.lower()}
    if names.short:
        called["shortNames"] = list(names.short)
    if names.categories:
        called["categories"] = list(names.categories)
    spec: Schema = {"group": names.group, "names": called, "scope": "Namespaced" if names.namespaced else "Cluster"}
    if conversion is not None:
        spec["conversion"] = dict(conversion)
    spec["versions"] = [_version(version, version.name == stored[0]) for version in versions]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names.plural}.{names.group}"},
        "spec": spec,
    }


def _version(version: Version, storage: bool) -> Schema:
    whole: Schema = {
        "type": "object",
        "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}},
    }
    whole["properties"]["spec"] = structural(version.spec)
    if version.status is not None:
        whole["properties"]["status"] = structural(version.status)
    for meta in version.markers:
        whole |= meta.extra_json_schema or {}
    made: Schema = {"name": version.name, "served": version.served, "storage": storage}
    if version.deprecated:
        made |= {"deprecated": True, "deprecationWarning": version.deprecated}
    made["schema"] = {"openAPIV3Schema": whole}
    if version.status is not None:
        made["subresources"] = {"status": {}}
    if version.columns:
        made["additionalPrinterColumns"] = [_column(column) for column in version.columns]
    return made


def _column(column: Column) -> Schema:
    return {"name": column.name, "type": column.type, "jsonPath": column.path, **({"priority": 1} if column.wide else {})}


def structural(type_: Any) -> Schema:
    """The structural schema of a type. Raises UsageError for what the API cannot hold, and for types that contain themselves."""
    name = getattr(type_, "__name__", str(type_))
    if hasattr(type_, "model_json_schema"):
        whole = type_.model_json_schema()
        return _Drawing(name, whole.get("$defs", {})).drawn(whole, "", 0)
    try:
        (whole,), components = msgspec.json.schema_components([type_])
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: no schema can be drawn: {error}") from None
    return _Drawing(name, components).drawn(whole, "", 0)


class _Drawing:
    """From JSON Schema with references to a structural schema without."""

    def __init__(self, name: str, components: Mapping[str, Schema]) -> None:
        self._name, self._components = name, components

    def drawn(self, schema: Mapping[str, Any], path: str, depth: int) -> Schema:
        if depth > DEPTH_MAX:
            raise UsageError(f"{self._name}: {path} is nested deeper than {DEPTH_MAX} levels: does a type contain itself?")
        schema, nullable = self._resolved(schema, path)
        if {"x-kubernetes-int-or-string"} & schema.keys():
            return _marks(schema)
        made = {key: schema[key] for key in KEPT if key in schema}
        _bounds(schema, made)
        if made.get("default", 0) is None or made.get("default") in ([], {}):
            # A missing list is read as an empty one; a default would only make every object longer.
            made.pop("default", None)
        if made.get("required") == []:
            del made["required"]
        if nullable and "default" not in made and schema.get("x-kubernetes-nullable"):
            made["nullable"] = True
        if "const" in schema:
            made["enum"] = [schema["const"]]
        if "enum" in made and "type" not in made:
            made["type"] = self._type_of(made["enum"], path)
        if "properties" in schema:
            made["properties"] = {
                name: self.drawn(child, f"{path}.{name}" if path else name, depth + 1)
                for name, child in schema["properties"].items()
            }
        elif isinstance(schema.get("additionalProperties"), Mapping) and schema["additionalProperties"]:
            made["additionalProperties"] = self.drawn(schema["additionalProperties"], f"{path}.*", depth + 1)
        elif made.get("type") == "object" and not _preserves(schema):
            made["x-kubernetes-preserve-unknown-fields"] = True
        if made.get("type") == "array":
            items = schema.get("items")
            if not isinstance(items, Mapping) or not items:
                raise UsageError(f"{self._name}: {path} is a list of anything; say of what, as in list[str]")
            made["items"] = self.drawn(items, f"{path}[]", depth + 1)
        if "type" not in made:
            made["x-kubernetes-preserve-unknown-fields"] = True
        made |= _marks(schema)
        return _ordered(made)

    def _resolved(self, schema: Mapping[str, Any], path: str) -> tuple[Schema, bool]:
        """The schema with its reference followed and null taken out, and whether null was allowed."""
        found, nullable = dict(schema), False
        for _ in range(DEPTH_MAX):
            options = found.pop("anyOf", None)
            if options is not None:
                real = [one for one in options if one.get("type") != "null"]
                nullable = nullable or len(real) < len(options)
                if len(real) == 1:
                    found = {**real[0], **found}
                elif sorted(str(one.get("type")) for one in real) == ["integer", "string"]:
                    found["x-kubernetes-int-or-string"] = True
                else:
                    raise UsageError(f"{self._name}: {path} may be of several types; the API knows int | str alone")
            single = found.pop("allOf", None)
            if single is not None and len(single) == 1:
                found = {**single[0], **found}
            reference = found.pop("$ref", None)
            if reference is None and not {"anyOf", "allOf"} & found.keys():
                return found, nullable
            if reference is not None:
                found = {**self._components[reference.rpartition("/")[2]], **found}
        raise UsageError(f"{self._name}: {path} refers to itself")

    def _type_of(self, values: list[Any], path: str) -> str:
        types = {_JSON_TYPES.get(type(value), "") for value in values}
        if len(types) != 1 or "" in types:
            raise UsageError(f"{self._name}: the values of {path} are of several types; an enum has one")
        return types.pop()


def _preserves(schema: Mapping[str, Any]) -> bool:
    return "x-kubernetes-preserve-unknown-fields" in schema or "x-kubernetes-embedded-resource" in schema


def _bounds(schema: Mapping[str, Any], made: Schema) -> None:
    """exclusiveMinimum is a number in JSON Schema, and a flag beside minimum in OpenAPI v3.0."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive in schema:
            made |= {bound: schema[exclusive], exclusive: True}


def _marks(schema: Mapping[str, Any]) -> Schema:
    marks = {key: value for key, value in schema.items() if key.startswith("x-kubernetes-") and key != "x-kubernetes-nullable"}
    if "x-kubernetes-int-or-string" in marks and schema.get("description"):
        marks = {"description": schema["description"], **marks}
    return marks


def _ordered(schema: Schema) -> Schema:
    """Fields in one order, whatever order they were found in."""
    order = (*KEPT, "exclusiveMinimum", "exclusiveMaximum", "properties", "additionalProperties", "items")
    known = {key: schema[key] for key in ("description", *order) if key in schema}
    return known | {key: schema[key] for key in sorted(schema) if key not in known}
