"""The same two versions, converted as the tutorial did in 2019: plausible, tested with a table of two rows, and lossy.

See what it loses: underway crd fuzz lossy.py:CONVERSIONS
"""

from pathlib import Path
from typing import Any

import yaml

from underway.crd.conversion import Conversions, Function, Spoke


def crd() -> dict[str, Any]:
    """The definition without the default of `type`, as its manifest was."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("devices.yaml").read_text())
    for version in found["spec"]["versions"]:
        if version["name"] == "v1alpha1":
            properties = version["schema"]["openAPIV3Schema"]["properties"]
            for values in (properties["spec"]["properties"]["inputs"], properties["status"]["properties"]["outputs"]):
                values["items"]["properties"]["type"].pop("default", None)
    return found


def number(text: str) -> float:
    """The value of a quantity, 0 for what is none."""
    try:
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        return 0.0


def up(values: list[Any]) -> Any:
    """v1alpha1 to v1."""
    made = []
    for value in values:
        new: dict[str, Any] = {"name": value["name"]}
        match value.get("type"):
            case "Float":
                new["float"] = value["value"]
            case "Integer":
                new["integer"] = (int(number(value["value"])) + 2**31) % 2**32 - 2**31
            case "Boolean":
                new["boolean"] = number(value["value"]) != 0
        made.append(new)
    return made


def down(values: list[Any]) -> Any:
    """v1 to v1alpha1."""
    made = []
    for value in values:
        old = {"name": value["name"], "type": "", "value": "0"}
        if "float" in value:
            old |= {"type": "Float", "value": value["float"]}
        elif "boolean" in value:
            old |= {"type": "Boolean", "value": "1" if value["boolean"] else "0"}
        elif "integer" in value:
            old |= {"type": "Integer", "value": str(value["integer"])}
        made.append(old)
    return made


def both(path: str) -> Function:
    """The functions for a list of values, and the fields that they explain."""
    old, new = ("type", "value"), ("float", "boolean", "integer")
    return Function(
        path, up, down, spoke=tuple(f"{path}[].{name}" for name in old), hub=tuple(f"{path}[].{name}" for name in new)
    )


CONVERSIONS = Conversions(
    crd(), hub="v1", spokes=(Spoke("v1alpha1", moves=(both("spec.inputs"), both("status.outputs"))),), keep=False
)
