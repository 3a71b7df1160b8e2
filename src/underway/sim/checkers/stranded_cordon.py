"""No cordon is left behind: not at the end, and not on a node that a freeze has taken out of our hands.

Whoever takes over from a driver that was killed cannot know whether the end of a machine was asked for: its node stays closed
until no such request can be on its way any more. For nodes that were about to end, the time begins anew with each holder.
"""

from underway.kube import resource as r
from underway.sim.checkers.evidence import Checker, phase_of
from underway.sim.store import Change, Object

TIDY_MS = 120_000  # releases travel through the same faults as every request; two minutes outlast their retries
CLOSED = ("Cordoned", "Draining", "Detaching", "Terminating", "Quarantined")


class StrandedCordon(Checker):
    """Looks at each change of a node, and at all nodes when a freeze has lasted."""

    name = "stranded-cordon"

    def begin(self) -> None:
        """No machine ends yet, and nobody has taken over."""
        self._ended: set[str] = set()
        self._taken_ms = self.now_ms()

    def on_change(self, change: Change) -> None:
        """A cordoned node must be in hand; in a lasting freeze only one whose machine is ending."""
        if change.object.get("kind") == "Lease":
            if self.frozen_ms is not None and self.now_ms() > self.frozen_ms + TIDY_MS:
                self._look(self._ended | (self._ending() if self.now_ms() <= self._taken_ms + TIDY_MS else set()))
            self.read_freeze(change)
            if _holder(change.object) not in ("", _holder(change.previous)):
                self._taken_ms = self.now_ms()
        elif change.object.get("kind") == "Node" and change.type == "MODIFIED":
            node = change.object
            if node["spec"].get("unschedulable") and phase_of(node) not in CLOSED:
                self.fail(f"node {node['metadata']['name']} is cordoned in phase {phase_of(node) or 'none'}")

    def _ending(self) -> set[str]:
        """Nodes whose machine may have been asked to end."""
        return {node["metadata"]["name"] for node in self.store.values(r.NODES) if phase_of(node) == "Terminating"}

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


def _holder(lease: Object | None) -> str:
    """Who holds a Lease."""
    return str((lease or {}).get("spec", {}).get("holderIdentity") or "")
