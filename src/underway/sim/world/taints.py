"""Taints and tolerations. Source: component-helpers scheduling/corev1 helpers.go (ToleratesTaint)."""

from collections.abc import Iterable

from underway.sim.store import Object


def tolerates(toleration: Object, taint: Object) -> bool:
    """Whether one toleration covers one taint."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and toleration.get("value", "") == taint.get("value", "")


def taints_of(node: Object) -> list[Object]:
    """The taints of a node; a cordon is one (the node lifecycle controller adds it)."""
    taints = list(node["spec"].get("taints") or ())
    if node["spec"].get("unschedulable"):
        taints.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    return taints


def tolerated(node: Object, tolerations: Iterable[Object], *effects: str) -> bool:
    """Whether all taints of these effects are tolerated."""
    present = list(tolerations)
    return all(any(tolerates(t, taint) for t in present) for taint in taints_of(node) if taint["effect"] in effects)
