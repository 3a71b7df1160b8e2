"""The scale subresource of Deployments, ReplicaSets and StatefulSets. Source: autoscaling/v1 types.go (Scale)."""

from typing import Any

from underway.sim.store import Object


def _selector_text(selector: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items()))


def scale_of(value: Object) -> Object:
    """The Scale of a workload."""
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    state = value.get("status", {})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: value["metadata"][key] for key in kept if key in value["metadata"]},
        "spec": {"replicas": value["spec"].get("replicas", 1)} if value["spec"].get("replicas", 1) else {},
        "status": {"replicas": state.get("replicas", 0), "selector": _selector_text(value["spec"].get("selector") or {})},
    }


def scaled(value: Object, scale: Object) -> Object:
    """The workload with the replicas of a Scale, and with its resourceVersion as the precondition."""
    metadata = {**value["metadata"]}
    version = scale.get("metadata", {}).get("resourceVersion")
    if version:
        metadata["resourceVersion"] = version
    return {**value, "metadata": metadata, "spec": {**value["spec"], "replicas": scale.get("spec", {}).get("replicas", 0)}}
