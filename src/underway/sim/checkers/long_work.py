"""Long work is let run to its end: no pod that the specification waits for is evicted before it has finished or the limit."""

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import ANNOTATION, Checker, phase_of, selected
from underway.sim.store import Change

UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000}


class LongWork(Checker):
    """Notes itself since when each node drains: the limit runs from the decision, however late its answer comes."""

    name = "long-work"

    def begin(self) -> None:
        """What is waited for."""
        waits = self.claim.spec.get("drain", {}).get("wait") or ()
        self._waits = [(wait["selector"], _length_ms(wait.get("limit", "12h"))) for wait in waits]
        self._draining: dict[str, int] = {}

    def on_change(self, change: Change) -> None:
        """A node leaves off draining."""
        node, before = change.object, change.previous
        if node.get("kind") == "Node" and before is not None and phase_of(before) == "Draining" != phase_of(node):
            self._draining.pop(node["metadata"]["name"], None)

    def on_request(self, request: Request) -> None:
        """A node is to drain, which counts from when it was decided, or an eviction."""
        if not self._waits:
            return
        if request.resource == r.NODES and isinstance(request.body, dict):
            if (request.body.get("metadata", {}).get("annotations") or {}).get(f"{ANNOTATION}phase") == "Draining":
                self._draining.setdefault(request.name, self.now_ms())
        elif request.subresource == "eviction":
            self._judge(request)

    def _judge(self, request: Request) -> None:
        pod = self.store.get(r.PODS, request.namespace, request.name)
        if pod is None or pod["status"].get("phase") in ("Succeeded", "Failed") or pod["metadata"].get("deletionTimestamp"):
            return
        labels = pod["metadata"].get("labels") or {}
        since_ms = self._draining.get(pod["spec"].get("nodeName", ""), self.now_ms())
        for selector, limit_ms in self._waits:
            if selected(selector, labels) and self.now_ms() < since_ms + limit_ms:
                self.fail(f"pod {request.namespace}/{request.name} was evicted before it had finished")


def _length_ms(text: str) -> int:
    return int(text[:-1]) * UNIT_MS[text[-1]]
