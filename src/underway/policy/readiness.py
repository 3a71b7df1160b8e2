"""Whether a node can take pods, and whether a workload has what it wants; the answer is a reason, "" when all is well.

Sources: core/v1 NodeConditionType; "Taints and Tolerations" (NoSchedule and NoExecute keep pods away).
"""

from collections.abc import Container

from underway.model.node import UNSCHEDULABLE_TAINT, Node
from underway.model.workload import Workload

# What pods tolerate for five minutes unless they say otherwise (DefaultTolerationSeconds), so that these close no node that
# is Ready: the node lifecycle controller removes them at its next look, every five seconds.
LEFT_OVER = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
STATE_PREFIXES = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")  # taints that say how a node is, not what it is for
PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


def node_unready(node: Node) -> str:
    """Why the node is not ready to take pods, or ""."""
    ready = next((condition for condition in node.status.conditions if condition.type == "Ready"), None)
    if ready is None or ready.status != "True":
        state = (
            "has no Ready condition yet"
            if ready is None
            else f"is not Ready ({ready.status}: {ready.reason or 'no reason given'})"
        )
        return f"node {node.name} {state}"
    for condition in node.status.conditions:
        if condition.type in PRESSURES and condition.status == "True":
            return f"node {node.name} reports {condition.type}"
    return ""


def pool_taints(node: Node) -> tuple[str, ...]:
    """The taints, as key:effect, with which the node's pool keeps others' pods away for good, such as the control plane's."""
    closing = (taint for taint in node.spec.taints if taint.effect in ("NoSchedule", "NoExecute"))
    return tuple(f"{taint.key}:{taint.effect}" for taint in closing if not taint.key.startswith(STATE_PREFIXES))


def node_closed(node: Node, own: Container[str] = ()) -> str:
    """Why a Ready node still refuses the pods that it is for (cordon or a start-up taint), or "". own: taints of its pool."""
    if node.spec.unschedulable:
        return f"node {node.name} is cordoned"
    for taint in node.spec.taints:
        if taint.effect == "NoExecute" and taint.key in LEFT_OVER:
            continue
        if f"{taint.key}:{taint.effect}" in own:
            continue
        if taint.effect in ("NoSchedule", "NoExecute") and taint.key != UNSCHEDULABLE_TAINT:
            return f"node {node.name} still has taint {taint.key}:{taint.effect}"
    return ""


def workload_unavailable(workload: Workload) -> str:
    """Why the workload has fewer available pods than it wants, or ""."""
    if workload.spec.paused or workload.available >= workload.wanted:
        return ""
    return f"{workload.kind} {workload.metadata.key} has {workload.available} of {workload.wanted} pods available"
