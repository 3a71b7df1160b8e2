"""The scale subresource of workloads with replicas. Source: autoscaling/v1 types.go (Scale)."""

from typing import Any

from underway.sim.apiserver.selectors import selector_text
from underway.sim.store import Object


def _selector_text(value: Object) -> str:
    selector: dict[str, Any] = value["spec"].get("selector") or {}
    return selector_text({"matchLabels": selector} if value["kind"] == "ReplicationController" else selector)


def scale_of(value: Object) -> Object:
    """The Scale of a workload."""
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    state = value.get("status", {})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: value["metadata"][key] for key in kept if key in value["metadata"]},
        "spec": {"replicas": value["spec"].get("replicas", 1)} if value["spec"].get("replicas", 1) else {},
        "status": {"replicas": state.get("replicas", 0), "selector": _selector_text(value)},
    }


def scaled(value: Object, scale: Object) -> Object:
    """The workload with the replicas of a Scale, and with its resourceVersion as the precondition."""
    metadata = {**value["metadata"]}
    version = scale.get("metadata", {}).get("resourceVersion")
    if version:
        metadata["resourceVersion"] = version
    return {**value, "metadata": metadata, "spec": {**value["spec"], "replicas": scale.get("spec", {}).get("replicas", 0)}}
