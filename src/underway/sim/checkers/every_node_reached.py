"""Every node is reached: after a run that was to succeed, each one is of the target version, and as many as began.

A target without a version is judged by their number alone.
"""

from underway.kube import resource as r
from underway.sim.checkers.evidence import Checker


class EveryNodeReached(Checker):
    """Liveness, judged when the faults have stopped and the driver says that it has finished."""

    name = "every-node-reached"

    def at_end(self) -> None:
        """Count versions."""
        nodes = self.store.values(r.NODES)
        for node in nodes:
            version = node["status"]["nodeInfo"]["kubeletVersion"]
            if self.claim.target and version != self.claim.target:
                self.fail(f"node {node['metadata']['name']} is still {version}")
        if len(nodes) != len(self.claim.nodes):
            self.fail(f"{len(nodes)} nodes are left of {len(self.claim.nodes)}")
