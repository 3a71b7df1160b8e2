"""Whether an object could have been drawn: what shrinking must not leave.

Types, enums, required fields and fields with defaults, on the spine alone, as the drawing has it. It is no validation
(`crd.validate` is): an object that breaks a pattern or a rule may be stored, one without its default cannot be seen.
"""

from collections.abc import Callable, Mapping
from typing import Any

Possible = Callable[[Any], bool]
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def possible(schema: Mapping[str, Any]) -> Possible:
    """What says whether a value of a schema could have been drawn."""
    types = _TYPES.get(str(schema.get("type")), (object,))
    if schema.get("x-kubernetes-int-or-string"):
        types = (int, str)
    enum, nullable = schema.get("enum"), bool(schema.get("nullable"))
    low = int(schema.get("minItems") or schema.get("minLength") or 0)
    properties = {name: possible(child) for name, child in (schema.get("properties") or {}).items()}
    needed = {name for name, child in (schema.get("properties") or {}).items() if child.get("default") is not None}
    needed |= set(schema.get("required") or ())
    values = schema.get("additionalProperties")
    others = possible(values) if isinstance(values, Mapping) else None
    items = possible(schema["items"]) if isinstance(schema.get("items"), Mapping) else None

    def holds(value: Any) -> bool:
        if value is None:
            return nullable
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types and object not in types):
            return False
        if enum is not None and value not in enum:
            return False
        if isinstance(value, dict):
            inside = ((properties.get(name, others), child) for name, child in value.items())
            return needed <= value.keys() and all(inner is None or inner(child) for inner, child in inside)
        if isinstance(value, list | str) and len(value) < low:
            return False
        return not isinstance(value, list) or items is None or all(map(items, value))

    return holds
