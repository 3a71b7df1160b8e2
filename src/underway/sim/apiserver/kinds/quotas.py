"""ResourceQuotas and LimitRanges: defaults, checks and columns. Source: kubernetes pkg/apis/core/{v1/defaults.go,validation}."""

from collections.abc import Callable, Iterator
from typing import Any

from underway.model import quantity
from underway.sim.apiserver.causes import Cause, duplicate, forbidden, invalid
from underway.sim.apiserver.cells import AGE, Cell, Column

Object = dict[str, Any]
# The fields of a limit as messages call them.
BOUNDS = {"min": "min", "max": "max", "default": "default", "defaultRequest": "default request"}
# (what must be less, than what): (the field that is blamed, the field whose value is shown), in the order of the real server.
ORDER = {
    ("min", "max"): ("min", "min"),
    ("min", "defaultRequest"): ("defaultRequest", "defaultRequest"),
    ("defaultRequest", "max"): ("defaultRequest", "defaultRequest"),
    ("defaultRequest", "default"): ("defaultRequest", "defaultRequest"),
    ("min", "default"): ("default", "min"),
    ("default", "max"): ("default", "max"),
}


def _limits_defaulted(value: Object) -> Object:
    limits = [_limit(item) for item in (value.get("spec") or {}).get("limits") or ()]
    return {**value, "spec": {**(value.get("spec") or {}), "limits": limits}}


def _limit(item: Object) -> Object:
    """A container's default is its maximum, its default request the default, or the minimum."""
    if item.get("type") != "Container":
        return item
    default = {**item.get("max", {}), **item.get("default", {})}
    request = {**item.get("min", {}), **default, **item.get("defaultRequest", {})}
    return {**item, **({"default": default} if default else {}), **({"defaultRequest": request} if request else {})}


def _limit_problems(value: Object) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, item in enumerate((value.get("spec") or {}).get("limits") or ()):
        field, kind = f"spec.limits[{index}]", item.get("type", "")
        if kind in seen:
            yield duplicate(f"{field}.type", kind)
        seen.add(kind)
        if kind == "Pod":
            for name in ("default", "defaultRequest"):
                if item.get(name):
                    yield forbidden(f"{field}.{name}", "may not be specified when `type` is 'Pod'")
        filled = _limit(item)  # checked with its defaults
        for name in sorted({name for part in BOUNDS for name in filled.get(part) or {}}):
            yield from _bounds(filled, name, field)


def _bounds(item: Object, name: str, field: str) -> Iterator[Cause]:
    """Which bounds of one resource lie above others that they must not exceed."""
    for (low, high), (blamed, shown) in ORDER.items():
        least, most = (item.get(low) or {}).get(name), (item.get(high) or {}).get(name)
        if least is not None and most is not None and quantity.milli(least) > quantity.milli(most):
            than = "default limit" if (low, high) == ("defaultRequest", "default") else BOUNDS[high]
            why = f"{BOUNDS[low]} value {least} is greater than {than} value {most}"
            yield invalid(f"{field}.{blamed}[{name}]", (item.get(shown) or {})[name], why)


def _quota_defaulted(value: Object) -> Object:
    return {**value, "spec": value.get("spec") or {}, "status": {}}


def _quota_problems(value: Object) -> Iterator[Cause]:
    for name, amount in ((value.get("spec") or {}).get("hard") or {}).items():
        if quantity.milli(amount) < 0:
            yield invalid(f"spec.hard[{name}]", amount, "must be greater than or equal to 0")


def _amounts(*, limits: bool) -> Cell:
    def cell(value: Object, _now_ms: int) -> str:
        state = value.get("status") or {}
        hard, used = state.get("hard") or {}, state.get("used") or {}
        names = sorted(name for name in hard if name.startswith("limits.") is limits)
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return cell


DEFAULTS: dict[str, Callable[[Object], Object]] = {"LimitRange": _limits_defaulted, "ResourceQuota": _quota_defaulted}
CHECKS: dict[str, Callable[[Object], Iterator[Cause]]] = {"LimitRange": _limit_problems, "ResourceQuota": _quota_problems}
COLUMNS = {
    "ResourceQuota": (Column("Request", _amounts(limits=False)), Column("Limit", _amounts(limits=True)), AGE),
    "LimitRange": (Column("Created At", lambda value, _now: value["metadata"].get("creationTimestamp"), type="date"),),
}
