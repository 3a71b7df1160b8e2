"""What the paths of a scale subresource point at: numbers and a selector that a Scale can hold.

Source: apiextensions-apiserver pkg/registry/customresource/validator.go, ValidateScaleSpec and ValidateScaleStatus; apimachinery
pkg/apis/meta/v1/unstructured/helpers.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from underway.crd.go_values import printed
from underway.crd.problem import Problem, invalid

REPLICAS_MAX = (1 << 31) - 1
SPEC, STATUS = ("specReplicasPath",), ("statusReplicasPath", "labelSelectorPath")
_GO_TYPES = {
    str: "string", bool: "bool", int: "int64", float: "float64", dict: "map[string]interface {}", list: "[]interface {}",
    type(None): "<nil>",
}  # fmt: skip
_ABSENT: Any = object()


def problems(value: Any, subresources: Mapping[str, Any], names: tuple[str, ...] = SPEC + STATUS) -> Iterator[Problem]:
    """What a Scale could not hold. names: the paths to look at."""
    scale = subresources.get("scale") or {}
    for name in names:
        path = scale.get(name) or ""
        if not path:
            continue
        found, why = _at(value, path.removeprefix(".").split("."))
        wanted: Any = str if name == "labelSelectorPath" else int
        empty = wanted()
        if why:
            yield invalid(path, empty, why)
        elif found is _ABSENT:
            continue
        elif type(found) is not wanted:
            kind = "string" if wanted is str else "int64"
            yield invalid(path, empty, f".{path.removeprefix('.')} accessor error: {_told(found)}, expected {kind}")
        elif wanted is int and found < 0:
            yield invalid(path, found, "should be a non-negative integer")
        elif wanted is int and found > REPLICAS_MAX:
            yield invalid(path, found, f"should be less than or equal to {REPLICAS_MAX}")


def _at(value: Any, parts: list[str]) -> tuple[Any, str]:
    """What stands there, and why that cannot be said."""
    for place, part in enumerate(parts):
        if value is None:
            return _ABSENT, ""
        if type(value) is not dict:
            at = ".".join(parts[: place + 1])
            return _ABSENT, f".{at} accessor error: {_told(value)}, expected map[string]interface{{}}"
        value = value.get(part, _ABSENT)
        if value is _ABSENT:
            return _ABSENT, ""
    return value, ""


def _told(value: Any) -> str:
    return f"{_shown(value)} is of the type {_GO_TYPES[type(value)]}"


def _shown(value: Any) -> str:
    """As Go's %v prints it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return printed(value)
        case dict():
            return f"map[{' '.join(f'{key}:{_shown(value[key])}' for key in sorted(value))}]"
        case list():
            return f"[{' '.join(map(_shown, value))}]"
    return str(value)
