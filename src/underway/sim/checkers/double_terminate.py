"""No machine is ended twice, none that is up to date, and none that a node of ours does not name."""

from underway.kube import resource as r
from underway.sim.checkers.evidence import Checker, phase_of
from underway.sim.store import Change


class DoubleTerminate(Checker):
    """Remembers which nodes are gone. Repeating a request whose answer got lost is no second end: the node is still there."""

    name = "double-terminate"

    def begin(self) -> None:
        """Nothing has ended yet."""
        self._gone: set[str] = set()

    def on_change(self, change: Change) -> None:
        """A Node object went."""
        if change.object.get("kind") == "Node" and change.type == "DELETED":
            self._gone.add(change.object["metadata"]["name"])

    def on_terminate(self, node: str) -> None:
        """Its machine must be old, in hand, and still there."""
        found = self.store.get(r.NODES, "", node)
        if node in self._gone:
            self.fail(f"the machine of node {node} was ended again after it was gone")
        elif found is None:
            self.fail(f"a machine of a node {node} that does not exist was ended")
        elif found["status"]["nodeInfo"]["kubeletVersion"] == self.claim.target:
            self.fail(f"the machine of node {node}, which is up to date, was ended")
        elif phase_of(found) != "Terminating":
            self.fail(f"the machine of node {node} was ended without a record of it")
