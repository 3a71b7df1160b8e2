"""HorizontalPodAutoscalers: defaults, checks and columns. Source: kubernetes pkg/apis/autoscaling/{v2/defaults.go,validation}."""

from collections.abc import Callable, Iterator
from typing import Any

from underway.sim.apiserver.causes import Cause, forbidden, invalid, required
from underway.sim.apiserver.cells import AGE, NONE, UNKNOWN, UNSET, Column, count, text

Object = dict[str, Any]
CPU_SHARE = 80  # percent; pkg/apis/autoscaling/helpers.go DefaultCPUUtilization
_PERCENT = {"type": "Percent", "value": 100, "periodSeconds": 15}
_UP = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, _PERCENT],
}
_DOWN = {"selectPolicy": "Max", "policies": [_PERCENT]}
# Fields that Go writes even when they are empty. Source: autoscaling/v2 types.go, HorizontalPodAutoscalerStatus.
STATUS: Object = {"currentMetrics": None, "desiredReplicas": 0}
METRICS_MAX = 2  # shown before "+ n more..."
SOURCES = {
    "External": "external",
    "Pods": "pods",
    "Object": "object",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}


def _defaulted(value: Object) -> Object:
    spec = value.get("spec") or {}
    target = {"type": "Utilization", "averageUtilization": CPU_SHARE}
    filled = {"minReplicas": 1, **spec}
    if not spec.get("metrics"):
        filled["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    if spec.get("behavior") is not None:
        behavior = spec["behavior"]
        filled["behavior"] = {
            "scaleUp": {**_UP, **(behavior.get("scaleUp") or {})},
            "scaleDown": {**_DOWN, **(behavior.get("scaleDown") or {})},
        }
    return {**value, "spec": filled, "status": {**STATUS, **value.get("status", {})}}


def _problems(value: Object) -> Iterator[Cause]:
    spec = value.get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    metrics = spec.get("metrics") or ()
    if least is not None and least < 1:
        yield invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most == 0:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to 1")
    if most < (1 if least is None else least):
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef") or {}
    for field in ("kind", "name"):
        if not target.get(field):
            yield required(f"spec.scaleTargetRef.{field}")
    if "/" not in target.get("apiVersion", ""):
        yield invalid("spec.scaleTargetRef.apiVersion", target.get("apiVersion", ""), "apiVersion must specify API group")
    if least == 0 and not any(metric.get("type") in ("Object", "External") for metric in metrics):
        why = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield forbidden("spec.metrics", why)


def _target(value: Object, _now_ms: int) -> str:
    target = value["spec"].get("scaleTargetRef") or {}
    return f"{target.get('kind', '')}/{target.get('name', '')}"


def _metric(metric: Object, state: Object) -> str:
    """One metric as current/target. Source: pkg/printers/internalversion/printers.go, formatHPAMetrics."""
    field = SOURCES.get(metric.get("type", ""))
    if field is None:
        return "<unknown type>"
    source = metric.get(field) or {}
    wanted, now = source.get("target") or {}, (state.get(field) or {}).get("current") or {}
    resource = f"{source['name']}: " if field in ("resource", "containerResource") and "name" in source else ""
    if wanted.get("averageValue"):
        average = " (avg)" if field in ("external", "object") else ""
        return f"{resource}{now.get('averageValue', UNKNOWN)}/{wanted['averageValue']}{average}"
    if not resource:
        return f"{now.get('value', UNKNOWN)}/{wanted.get('value', '0')}"
    share, goal = now.get("averageUtilization"), wanted.get("averageUtilization")
    return f"{resource}{UNKNOWN if share is None else f'{share}%'}/{'<auto>' if goal is None else f'{goal}%'}"


def _metrics(value: Object, _now_ms: int) -> str:
    wanted = value["spec"].get("metrics") or ()
    states = list((value.get("status") or {}).get("currentMetrics") or ())
    shown = [_metric(metric, states[index] if index < len(states) else {}) for index, metric in enumerate(wanted)]
    more = len(shown) - METRICS_MAX
    return ", ".join(shown[:METRICS_MAX]) + (f" + {more} more..." if more > 0 else "") if shown else NONE


KIND = "HorizontalPodAutoscaler"
DEFAULTS: dict[str, Callable[[Object], Object]] = {KIND: _defaulted}
CHECKS: dict[str, Callable[[Object], Iterator[Cause]]] = {KIND: _problems}
COLUMNS = {
    KIND: (
        Column("Reference", _target),
        Column("Targets", _metrics),
        Column("MinPods", text("spec", "minReplicas", otherwise=UNSET)),
        Column("MaxPods", count("spec", "maxReplicas")),
        Column("Replicas", count("status", "currentReplicas")),
        AGE,
    )
}
