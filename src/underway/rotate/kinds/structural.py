"""The structural schema of a Struct: what a CustomResourceDefinition holds, drawn from what Python decodes.

Owns the drawing; nothing is written twice. It knows no kind. Sources: "Extend the Kubernetes API with
CustomResourceDefinitions" (structural schemas, defaulting), KEP-2876 (validation rules).
"""

import inspect
import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from underway.rotate.fields import Rule, metas_of, rules_of

Schema = dict[str, Any]

SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
}
LENGTHS = {"array": "maxItems", "object": "maxProperties", "string": "maxLength"}
UNSAID: tuple[Any, ...] = ("", None, [], {})
"""Defaults that say no more than absence does."""


def structural(annotation: Any, *, defaults: bool = True) -> Schema:
    """The schema of a type. defaults: whether the server fills them in (a status has none to fill)."""
    metas = metas_of(annotation)
    plain = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    drawn = _drawn(plain, defaults=defaults)
    for meta in metas:
        if meta.max_length is not None:
            drawn[LENGTHS[drawn["type"]]] = meta.max_length
        drawn |= meta.extra_json_schema or {}
    return drawn


def _drawn(plain: Any, *, defaults: bool) -> Schema:
    origin, arguments = get_origin(plain), get_args(plain)
    if plain in SCALARS:
        return dict(SCALARS[plain])
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return _union([argument for argument in arguments if argument is not types.NoneType], defaults=defaults)
    if origin is tuple:
        return {"type": "array", "items": structural(arguments[0], defaults=defaults)}
    if origin is dict:
        return {"type": "object", "additionalProperties": structural(arguments[1], defaults=defaults)}
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return _object(plain, defaults=defaults)
    raise TypeError(f"no structural schema is known for {plain!r}; use a scalar, Literal, tuple, dict or Struct")


def _union(arguments: list[Any], *, defaults: bool) -> Schema:
    if set(arguments) == {int, str}:
        return {"x-kubernetes-int-or-string": True}
    if len(arguments) != 1:
        raise TypeError(f"a structural schema has no union of {arguments!r}")
    return structural(arguments[0], defaults=defaults)


def _object(struct: type[msgspec.Struct], *, defaults: bool) -> Schema:
    properties, required = {}, []
    for field in msgspec.structs.fields(struct):
        drawn = structural(field.type, defaults=defaults)
        if field.required:
            required.append(field.encode_name)
        elif defaults:
            given = _default(field)
            if given not in UNSAID:
                drawn["default"] = given
            elif _is_struct(field.default):
                # In full: the API server judges a default by the rules before it fills in what stands below it.
                drawn["default"] = {name: inner["default"] for name, inner in drawn["properties"].items() if "default" in inner}
        properties[field.encode_name] = drawn
    schema: Schema = {"type": "object", "description": description(struct), "properties": properties}
    if required:
        schema["required"] = sorted(required)
    if rules := rules_of(struct):
        schema["x-kubernetes-validations"] = [rule.validation for rule in rules]
    return schema


def _is_struct(value: Any) -> bool:
    return isinstance(value, msgspec.Struct)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    """The default as JSON, None for a Struct: its own fields carry theirs."""
    value = field.default
    if value is msgspec.NODEFAULT or _is_struct(value):
        return None
    return msgspec.json.decode(msgspec.json.encode(value))  # lists, where to_builtins keeps tuples


def description(struct: type) -> str:
    """A Struct's docstring as one paragraph a line."""
    paragraphs = inspect.cleandoc(struct.__doc__ or "").split("\n\n")
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def with_values(schema: Schema, path: str, values: Iterable[str]) -> None:
    """Let the string at a dotted path ("health[].gate") be one of `values` only: names that no Struct can know."""
    at = schema
    for step in path.split("."):
        at = at["properties"][step.removesuffix("[]")]
        if step.endswith("[]"):
            at = at["items"]
    names = sorted(values)
    at["enum"] = names


def ruled(schema: Schema, *rules: Rule) -> Schema:
    """The schema with more rules."""
    more = [rule.validation for rule in rules]
    return {**schema, "x-kubernetes-validations": [*schema.get("x-kubernetes-validations", ()), *more]}
