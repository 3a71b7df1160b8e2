"""Taints and tolerations. Source: component-helpers scheduling/corev1 helpers.go (ToleratesTaint)."""

from collections.abc import Iterable

from underway.sim.store import Object

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"


def tolerates(toleration: Object, taint: Object) -> bool:
    """Whether one toleration covers one taint."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and toleration.get("value", "") == taint.get("value", "")


def untolerated(node: Object, tolerations: Iterable[Object], *effects: str) -> Object | None:
    """The first taint of these effects that none of the tolerations covers."""
    present = list(tolerations)
    taints = (taint for taint in node["spec"].get("taints") or () if taint["effect"] in effects)
    return next((taint for taint in taints if not any(tolerates(t, taint) for t in present)), None)
