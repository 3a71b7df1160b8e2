"""The quorum of etcd is never risked for a rotation: one node of the control plane at a time, and only while all others vote.

Counts for itself, from what a cluster shows: nodes of the control plane, and the readiness of the static pods of etcd on them.
Of n members that vote, n//2+1 must be left once the one that is taken is gone.
"""

from underway.kube import resource as r
from underway.sim.checkers.evidence import CONTROL_PLANE, PICTURE_MS, Checker, phase_of, ready
from underway.sim.store import Change, Object

TAKEN = ("Cordoned", "Draining", "Detaching", "Terminating")


class EtcdQuorum(Checker):
    """Follows who votes: a member votes from the first time that it is ready, and is lost while it is not."""

    name = "etcd-quorum"

    def begin(self) -> None:
        """Who votes already."""
        self._lost_ms: dict[str, int | None] = {}  # by node of each voter: since when it is lost, None while it votes
        for pod in self.store.values(r.PODS):
            self._hear(pod)

    def on_change(self, change: Change) -> None:
        """A member or a node changed; a node may have been taken."""
        kind = change.object.get("kind")
        if kind == "Pod" and change.type != "DELETED":
            self._hear(change.object)
        elif kind == "Node" and CONTROL_PLANE in change.object["metadata"].get("labels", {}):
            self._node_changed(change)

    def _node_changed(self, change: Change) -> None:
        name = change.object["metadata"]["name"]
        if change.type == "DELETED":
            self._lost_ms.pop(name, None)
            return
        before = phase_of(change.previous) if change.previous else ""
        phase = phase_of(change.object)
        if phase and not before:
            others = sorted(node["metadata"]["name"] for node in self._control_plane() if phase_of(node))
            if len(others) > 1:
                self.fail(f"{len(others)} nodes of the control plane are in hand at once: {', '.join(others)}")
        if phase in TAKEN and before not in TAKEN:
            self._may_go(name, f"node {name} was cordoned")

    def on_terminate(self, node: str) -> None:
        """A machine ends, and its member with it."""
        found = self.store.get(r.NODES, "", node)
        if found is not None and CONTROL_PLANE in found["metadata"].get("labels", {}):
            self._may_go(node, f"the machine of node {node} was ended")

    def _may_go(self, name: str, what: str) -> None:
        if name not in self._lost_ms:
            return  # etcd is elsewhere, or this one never voted
        learners = [n["metadata"]["name"] for n in self._control_plane() if n["metadata"]["name"] not in self._lost_ms]
        if learners:
            self.fail(f"{what} while the member on node {learners[0]} does not vote yet")
        lost = [node for node, since in self._lost_ms.items() if node != name and self._is_known(since)]
        if lost:
            self.fail(f"{what} while the member on node {lost[0]} is lost")
        left, needed = len(self._lost_ms) - len({name, *lost}), len(self._lost_ms) // 2 + 1
        if left < needed:
            self.fail(f"{what}, which leaves {left} of {len(self._lost_ms)} members of etcd, and {needed} are the quorum")

    def _is_known(self, since_ms: int | None) -> bool:
        return since_ms is not None and self.now_ms() >= since_ms + PICTURE_MS

    def _control_plane(self) -> list[Object]:
        return [node for node in self.store.values(r.NODES) if CONTROL_PLANE in node["metadata"].get("labels", {})]

    def _hear(self, pod: Object) -> None:
        labels = pod["metadata"].get("labels") or {}
        node = pod["spec"].get("nodeName", "")
        if pod["metadata"].get("namespace") != "kube-system" or labels.get("component") != "etcd" or not node:
            return
        if ready(pod):
            self._lost_ms[node] = None
        elif self._lost_ms.get(node, 0) is None:
            self._lost_ms[node] = self.now_ms()
