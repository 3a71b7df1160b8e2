"""The last look before an act that cannot be undone: evict, terminate, delete.

Every condition here was already decided elsewhere; that is the point. A failure is a bug of ours: InvariantViolated stops
the driver, it never retries. tests/sim plants such bugs and sees them caught here or by the independent checkers.
"""

from underway.errors import InvariantViolated
from underway.model.node import Node
from underway.model.pod import Pod
from underway.rotate.drain import Drain
from underway.rotate.record import Phase, Record


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
