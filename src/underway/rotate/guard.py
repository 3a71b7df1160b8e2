"""The last look before an act that cannot be undone: evict, terminate, delete.

Every condition here was already decided elsewhere; that is the point. A failure is a bug of ours: InvariantViolated stops
the driver, it never retries. tests/sim plants such bugs and sees them caught here or by the independent checkers.
"""

from underway.errors import InvariantViolated
from underway.model.duration import seconds
from underway.model.node import Node
from underway.model.pod import Pod
from underway.policy.overdue import POD_AGE_MS, age_ms
from underway.rotate.drain import Drain
from underway.rotate.record import Phase, Record
from underway.rotate.spec import FORCE_AFTER

DEADLINE_MS = round(seconds(FORCE_AFTER) * 1_000)


def _require(condition: bool, act: str, why: str) -> None:
    if not condition:
        raise InvariantViolated(f"refusing to {act}: {why}; this is a bug in Underway, nothing was sent")


def before_evict(pod: Pod, node: Node, record: Record) -> None:
    """A pod may be evicted only from the node that drains, and only if something other than that node wants it elsewhere."""
    act = f"evict pod {pod.key}"
    _require(record.phase is Phase.DRAINING, act, f"node {node.name} is in phase {record.phase}, not Draining")
    _require(pod.spec.node_name == node.name, act, f"it is on node {pod.spec.node_name!r}, not on {node.name}")
    _require(node.spec.unschedulable, act, f"node {node.name} is not cordoned")
    _require(not pod.is_mirror, act, "it is a mirror pod")
    _require(not pod.terminating, act, "it is terminating already")


def before_deadline_delete(pod: Pod, node: Node, record: Record, now_ms: int) -> None:
    """A pod may be deleted past its budget only if that was written down first, and if it is old and its drain is."""
    act = f"delete pod {pod.key} past its deadline"
    drained_ms = now_ms - record.draining_ms if record.draining_ms else 0
    _require(record.phase in (Phase.DRAINING, Phase.QUARANTINED), act, f"node {node.name} is in phase {record.phase}")
    _require(pod.spec.node_name == node.name, act, f"it is on node {pod.spec.node_name!r}, not on {node.name}")
    _require(node.spec.unschedulable, act, f"node {node.name} is not cordoned")
    _require(record.forced == pod.metadata.uid, act, "it was not chosen in the node's record")
    _require(drained_ms >= DEADLINE_MS, act, f"node {node.name} has drained for {drained_ms // 60_000} min only")
    _require(age_ms(pod, now_ms) >= POD_AGE_MS, act, "it is too young")
    _require(not pod.is_mirror and not pod.terminating, act, "it is a mirror pod, or terminating already")


def before_terminate(node: Node, record: Record, left: Drain) -> None:
    """A machine may end only when its node is cordoned, its record says so and nothing that moves is left on it."""
    act = f"terminate the machine of node {node.name}"
    _require(record.phase is Phase.TERMINATING, act, f"the node is in phase {record.phase}, not Terminating")
    _require(node.spec.unschedulable, act, "the node is not cordoned")
    _require(left.done, act, f"{len(left.evict) + len(left.waiting)} pods have not left it")


def before_delete(node: Node, record: Record, *, machine_gone: bool) -> None:
    """A Node object may be deleted only after its machine has ended: the record would be lost with it."""
    act = f"delete node {node.name}"
    _require(record.phase is Phase.TERMINATING, act, f"it is in phase {record.phase}, not Terminating")
    _require(machine_gone, act, "its machine is not gone")
