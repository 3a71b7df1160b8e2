"""Nothing is begun while frozen: five seconds after the freeze is written, no eviction, cordon, machine or end of one."""

from underway.kube.request import Request
from underway.sim.checkers.evidence import Checker
from underway.sim.store import Change

EFFECT_MS = 5_000  # the promise: a freeze takes effect within 5 s


class FrozenActs(Checker):
    """Reads the freeze off the Lease."""

    name = "frozen-acts"

    def on_change(self, change: Change) -> None:
        """The Lease says whether it is frozen; a node must not be cordoned then."""
        if change.object.get("kind") == "Lease":
            self.read_freeze(change)
        elif change.object.get("kind") == "Node" and change.previous is not None and change.type == "MODIFIED":
            cordoned = change.object["spec"].get("unschedulable") and not change.previous["spec"].get("unschedulable")
            if cordoned:
                self._judge(f"node {change.object['metadata']['name']} was cordoned")

    def on_request(self, request: Request) -> None:
        """An eviction is an act, accepted or not."""
        if request.subresource == "eviction":
            self._judge(f"pod {request.namespace}/{request.name} was evicted")

    def on_terminate(self, node: str) -> None:
        """So is the end of a machine."""
        self._judge(f"the machine of node {node} was ended")

    def on_provision(self, key: str) -> None:
        """So is a new machine."""
        self._judge(f"machine {key} was asked for")

    def _judge(self, act: str) -> None:
        if self.frozen_ms is not None and self.now_ms() > self.frozen_ms + EFFECT_MS:
            self.fail(f"{act} {(self.now_ms() - self.frozen_ms) / 1_000:.1f} s after the freeze")
