"""No cordon is left behind: not at the end, and not on a node that a freeze has taken out of our hands."""

from underway.kube import resource as r
from underway.sim.checkers.evidence import Checker, phase_of
from underway.sim.store import Change

TIDY_MS = 120_000  # releases travel through the same faults as every request; two minutes outlast their retries
CLOSED = ("Cordoned", "Draining", "Detaching", "Terminating", "Quarantined")


class StrandedCordon(Checker):
    """Looks at each change of a node, and at all nodes when a freeze has lasted."""

    name = "stranded-cordon"

    def on_change(self, change: Change) -> None:
        """A cordoned node must be in hand; in a lasting freeze only one whose machine is ending."""
        if change.object.get("kind") == "Lease":
            if self.frozen_ms is not None and self.now_ms() > self.frozen_ms + TIDY_MS:
                self._look(self._ended)
            self.read_freeze(change)
        elif change.object.get("kind") == "Node" and change.type == "MODIFIED":
            node = change.object
            if node["spec"].get("unschedulable") and phase_of(node) not in CLOSED:
                self.fail(f"node {node['metadata']['name']} is cordoned in phase {phase_of(node) or 'none'}")

    def begin(self) -> None:
        """No machine ends yet."""
        self._ended: set[str] = set()

    def on_terminate(self, node: str) -> None:
        """From here on a node cannot be opened again."""
        self._ended.add(node)

    def at_end(self) -> None:
        """Nothing is cordoned any more."""
        self._look(set())

    def _look(self, allowed: set[str]) -> None:
        for node in self.store.values(r.NODES):
            if node["spec"].get("unschedulable") and node["metadata"]["name"] not in allowed:
                self.fail(f"node {node['metadata']['name']} was left cordoned in phase {phase_of(node) or 'none'}")
