"""Canaries go alone: until as many nodes as the specification says are replaced and have soaked, no other is begun."""

from underway.sim.checkers.evidence import Checker, phase_of
from underway.sim.store import Change

UNIT_S = {"s": 1, "m": 60, "h": 3600}


class CanaryAlone(Checker):
    """Counts records on the nodes that were there at the beginning, and which of those nodes are gone."""

    name = "canary-alone"

    def begin(self) -> None:
        """Nothing is begun."""
        nodes = self.claim.spec.get("nodes", {})
        self._count = nodes.get("canary", 0)
        text = nodes.get("canarySoak", "0s")
        self._soak_ms = int(text[:-1]) * UNIT_S[text[-1]] * 1_000
        self._in_hand: set[str] = set()
        self._gone: set[str] = set()
        self._passed_ms: int | None = None

    def on_change(self, change: Change) -> None:
        """A node is taken in hand, let go, or gone."""
        node = change.object
        name = node["metadata"]["name"]
        if not self._count or node.get("kind") != "Node" or name not in self.claim.nodes:
            return
        if change.type == "DELETED":
            self._in_hand.discard(name)
            self._gone.add(name)
            if len(self._gone) == self._count:
                self._passed_ms = self.now_ms()
        elif phase_of(node) and name not in self._in_hand:
            self._in_hand.add(name)
            if len(self._in_hand | self._gone) > self._count and not self._is_over():
                self.fail(f"node {name} was begun while the canaries were not done: {', '.join(sorted(self._in_hand))}")
        elif not phase_of(node):
            self._in_hand.discard(name)

    def _is_over(self) -> bool:
        return self._passed_ms is not None and self.now_ms() >= self._passed_ms + self._soak_ms
