"""The conversions of the 2019 tutorial, in Python, with their six losses; and schemas that let one loss at a time be seen.

The tutorial's code switched on the type and parsed as Go's quantities do. Its traps: a) an untyped value, because the manifest
lacks the default; b) integers that wrap or lose their fraction; c) truths other than 0 and 1; d) no member of the union, or
several; e) quantities in another notation; f) nil in one direction and an empty list in the other.
"""

from typing import Any

from underway.crd.conversion import Conversions, Function, Spoke
from unit.crd.versions import BOOLEAN, INTEGER, STRING, crd, listed

QUANTITY = {"type": "string", "enum": ["1", "0.5", "1000m"]}
PLAIN = {"type": "string", "enum": ["1", "0.5"]}


def quantity(text: str) -> float:
    """The value of a quantity; 0 for what is none, as MustParse would not forgive."""
    try:
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        return 0.0


def up(items: list[Any]) -> list[Any] | None:
    """convertValuesToV1: nil for nothing."""
    made = []
    for item in items:
        value: dict[str, Any] = {"name": item["name"]}
        match item.get("type"):
            case "Float":
                value["float"] = f"{quantity(item['value']):g}"
            case "Integer":
                value["integer"] = (int(quantity(item["value"])) + 2**31) % 2**32 - 2**31
            case "Boolean":
                value["boolean"] = quantity(item["value"]) != 0
        made.append(value)
    return made or None


def down(items: list[Any]) -> list[Any]:
    """convertValuesToV1alpha1: an empty list for nothing."""
    made = []
    for item in items:
        value = {"name": item["name"], "type": "", "value": "0"}
        if "float" in item:
            value |= {"type": "Float", "value": item["float"]}
        elif "boolean" in item:
            value |= {"type": "Boolean", "value": "1" if item["boolean"] else "0"}
        elif "integer" in item:
            value |= {"type": "Integer", "value": str(item["integer"])}
        made.append(value)
    return made


def values(*types: str, default: str = "", **fields: Any) -> dict[str, Any]:
    """A list of values of these types; the type is required, or has a default."""
    type_ = {"type": "string", "enum": list(types), **({"default": default} if default else {})}
    found = listed({"name": STRING, "type": type_, **fields})
    found["items"]["required"] = ["name", "value", *(["type"] if not default else [])]
    return found


def union(required: str = "", **members: Any) -> dict[str, Any]:
    """A list of values that are one of these members; required: one that always is there."""
    found = listed({"name": STRING, **members})
    found["items"]["required"] = ["name", *([required] if required else [])]
    return found


def untyped() -> dict[str, Any]:
    found = values("Float", value=PLAIN)
    found["items"]["required"].remove("type")
    return found


FLOAT = union("float", float=PLAIN)
TRAPS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a": (untyped(), FLOAT),
    "b": (values("Integer", value=STRING), union("integer", integer={**INTEGER, "format": "int32"})),
    "c": (values("Boolean", value={"type": "string", "enum": ["0", "1", "2"]}), union("boolean", boolean=BOOLEAN)),
    "d": (values("Float", "Boolean", value={"type": "string", "enum": ["0", "1"]}), union(float=PLAIN, boolean=BOOLEAN)),
    "e": (values("Float", value=QUANTITY), FLOAT),
    "f": (values("Float", value=PLAIN), FLOAT),
}


def conversions(trap: str) -> Conversions:
    """The tutorial's conversions over schemas that show one trap: all lists but those of f) have an item at least."""
    spoke, hub = TRAPS[trap]
    few = {"minItems": 0 if trap == "f" else 1}
    both = crd("v1", v1alpha1={"inputs": {**spoke, **few}}, v1={"inputs": {**hub, **few}})
    names = tuple(f"spec.inputs[].{name}" for name in ("type", "value"))
    members = tuple(f"spec.inputs[].{name}" for name in hub["items"]["properties"] if name != "name")
    move = Function("spec.inputs", up, down, spoke=names, hub=members)
    return Conversions(both, hub="v1", spokes=(Spoke("v1alpha1", (move,)),), keep=False)
