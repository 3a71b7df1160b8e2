"""Whether what runs on the first new nodes works there: Ready says of a node only that its kubelet does.

Owns that judgement; when it is asked for is `rotate.enrolment`'s. Pods that fail everywhere are not the new node's fault: only
those count whose owner has Ready ones on other nodes and none on the new ones.
"""

from collections.abc import Iterable

from underway.model import timestamp
from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.rotate.spec import Nodes
from underway.rotate.target import selected


def fails_on_new(old: Iterable[Node], snapshot: Snapshot, nodes: Nodes, started_ms: int) -> str:
    """Why the new nodes are not good enough for more of them, or "". started_ms: when the rotation began."""
    outdated = {node.name for node in old}
    came_later = {node.name for node in snapshot.nodes.values() if came(node, started_ms) and selected(node, nodes)}
    new = came_later - outdated
    unready: dict[str, Pod] = {}
    ready_on_new: set[str] = set()
    ready_elsewhere: set[str] = set()
    for node in snapshot.nodes:
        for pod in snapshot.pods_on(node):
            owner = pod.metadata.controller
            if owner is None or pod.terminating or pod.finished:
                continue
            if pod.ready:
                (ready_on_new if node in new else ready_elsewhere).add(owner.uid)
            elif node in new:
                unready.setdefault(owner.uid, pod)
    failing = [pod for uid, pod in unready.items() if uid in ready_elsewhere - ready_on_new]
    if not failing:
        return ""
    first = min(failing, key=lambda pod: pod.key)
    return f"canary: pod {first.key} is not Ready on new node {first.spec.node_name}, others of its owner are on old nodes"


def came(node: Node, started_ms: int) -> bool:
    """Whether the node was made during this rotation, which began at `started_ms`."""
    made = node.metadata.creation_timestamp
    return bool(made) and timestamp.parse(made) >= started_ms // 1_000 * 1_000
