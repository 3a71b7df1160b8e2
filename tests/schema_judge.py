"""A second opinion on a structural schema, from libraries that know nothing of Underway: jsonschema, and a CEL of its own.

It fills in defaults, refuses unknown fields as fieldValidation=Strict does, and evaluates x-kubernetes-validations.
"""

from typing import Any

import cel
import jsonschema

Schema = dict[str, Any]


def defaulted(value: Any, schema: Schema) -> Any:
    """The value with the schema's defaults, as the API server stores it."""
    if isinstance(value, dict):
        filled = dict(value)
        for name, child in schema.get("properties", {}).items():
            if name not in filled and "default" in child:
                filled[name] = child["default"]
        known = schema.get("properties", {})
        extra = schema.get("additionalProperties", {})
        return {name: defaulted(child, known.get(name, extra)) for name, child in filled.items()}
    if isinstance(value, list):
        return [defaulted(child, schema.get("items", {})) for child in value]
    return value


def problems(value: Any, schema: Schema) -> list[str]:
    """What is wrong with a value, each with its path."""
    filled = defaulted(value, schema)
    found = [f"{error.json_path.replace('$.', '')}: {error.message}" for error in _validator(schema).iter_errors(filled)]
    return found or list(_rules(filled, schema, ""))


def _validator(schema: Schema) -> Any:
    return jsonschema.Draft7Validator(_plain(schema))


def _plain(schema: Any) -> Any:
    """JSON Schema of a structural schema: closed objects, int-or-string as a union."""
    if isinstance(schema, list):
        return [_plain(child) for child in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        kept = {key: child for key, child in schema.items() if key in ("pattern", "minimum", "maximum")}
        return {"type": ["integer", "string"], **kept}
    plain: Schema = {}
    for key, child in schema.items():
        if key == "properties":
            plain[key] = {name: _plain(inner) for name, inner in child.items()}
        elif key not in ("default", "description", "x-kubernetes-validations"):
            plain[key] = _plain(child)
    if "properties" in schema and "additionalProperties" not in schema and schema["properties"]:
        plain["additionalProperties"] = False
    return plain


def _rules(value: Any, schema: Schema, path: str) -> Any:
    for rule in schema.get("x-kubernetes-validations", ()):
        if cel.evaluate(rule["rule"], {"self": value}) is not True:
            yield f"{path}: {rule['message']}"
    if isinstance(value, dict):
        for name, child in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
            yield from _rules(child, inner, f"{path}.{name}".lstrip("."))
    if isinstance(value, list):
        for index, child in enumerate(value):
            yield from _rules(child, schema.get("items", {}), f"{path}[{index}]")
