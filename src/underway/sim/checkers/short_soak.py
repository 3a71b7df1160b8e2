"""A new node proves itself before its predecessor closes: Ready, open to pods, and that for as long as the soak says.

Judged by count: each node that is closed with a successor beside it, and each that is gone and replaced, needs a new node of
its role that has proved itself.
"""

import json
from datetime import datetime

from underway.kube import resource as r
from underway.sim.checkers.evidence import ANNOTATION, CONTROL_PLANE, Checker, ready
from underway.sim.store import Change, Object

UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000}


class ShortSoak(Checker):
    """Looks at all new nodes when an old one is cordoned."""

    name = "short-soak"

    def begin(self) -> None:
        """How long a new node soaks."""
        # A start-up taint closes a new node; that of its role does not, if it is its role: a worker with it is closed to pods.
        self._control_plane = {n["metadata"]["name"] for n in self.store.values(r.NODES) if _has_role(n)}
        text = self.claim.spec.get("pace", {}).get("soak", "0s")
        self._soak_ms = int(text[:-1]) * UNIT_MS[text[-1]]

    def on_change(self, change: Change) -> None:
        """A node with a successor is cordoned."""
        node, before = change.object, change.previous
        if node.get("kind") != "Node" or before is None or change.type == "DELETED":
            return
        closed = node["spec"].get("unschedulable") and not before["spec"].get("unschedulable")
        notes = node["metadata"].get("annotations") or {}
        if not closed or notes.get(f"{ANNOTATION}slot") != "Surge" or notes.get(f"{ANNOTATION}phase") != "Cordoned":
            return
        role = _has_role(node)
        nodes = [one for one in self.store.values(r.NODES) if _has_role(one) == role]
        proved = sum(1 for one in nodes if one["metadata"]["name"] not in self.claim.nodes and self._is_proved(one))
        closing = sum(1 for one in nodes if one["metadata"]["name"] in self.claim.nodes and _is_surge(one))
        began = {name for name in self.claim.nodes if (name in self._control_plane) == role}
        replaced = {name for name in began if self.store.get(r.NODES, "", name) is None} - self._owed()
        if proved < len(replaced) + closing:
            self.fail(
                f"node {node['metadata']['name']} was cordoned when {proved} new nodes had proved themselves "
                f"for {len(replaced)} that are gone and {closing} that are closed"
            )

    def _is_proved(self, node: Object) -> bool:
        """Ready, open, and Ready for long enough."""
        if not ready(node) or node["spec"].get("unschedulable"):
            return False
        # Pods tolerate the NoExecute taint of a node that has just become Ready for five minutes; it is taken away before that.
        own = CONTROL_PLANE if _has_role(node) else ""
        if any(taint["effect"] == "NoSchedule" and taint["key"] != own for taint in node["spec"].get("taints") or ()):
            return False
        since = next(c["lastTransitionTime"] for c in node["status"]["conditions"] if c["type"] == "Ready")
        since_ms = round(datetime.fromisoformat(since).timestamp() * 1_000)
        return self.now_ms() >= since_ms + self._soak_ms

    def _owed(self) -> set[str]:
        """Nodes that went without a successor beside them, whose machines are still to come."""
        notes = [(lease["metadata"].get("annotations") or {}).get(f"{ANNOTATION}owed") for lease in self.store.values(r.LEASES)]
        return {debt["replaces"] for text in notes if text for debt in json.loads(text)}


def _has_role(node: Object) -> bool:
    return CONTROL_PLANE in (node["metadata"].get("labels") or {})


def _is_surge(node: Object) -> bool:
    notes = node["metadata"].get("annotations") or {}
    return bool(node["spec"].get("unschedulable")) and notes.get(f"{ANNOTATION}slot") == "Surge"
