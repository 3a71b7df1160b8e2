"""Long work is let run to its end: no pod that the specification waits for is evicted before it has finished or the limit.

One that is asked for a checkpoint may go once it has answered the question that was put to it in this drain.
"""

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import ANNOTATION, Checker, phase_of, selected
from underway.sim.store import Change, Object

REQUESTED, DONE = "underway.dev/checkpoint-requested", "underway.dev/checkpoint-done"
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000}


class LongWork(Checker):
    """Notes itself since when each node drains: the limit runs from the decision, however late its answer comes."""

    name = "long-work"

    def begin(self) -> None:
        """What is waited for."""
        waits = self.claim.spec.get("drain", {}).get("wait") or ()
        self._waits = [
            (wait["selector"], _length_ms(wait.get("limit", "12h")), wait.get("until") == "Checkpointed") for wait in waits
        ]
        self._asked: dict[str, tuple[str, int]] = {}
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
        elif request.resource == r.PODS and request.verb == "patch" and isinstance(request.body, dict):
            question = (request.body.get("metadata", {}).get("annotations") or {}).get(REQUESTED)
            if question:
                self._asked[request.body["metadata"]["uid"]] = (question, self.now_ms())
        elif request.subresource == "eviction":
            self._judge(request)

    def _judge(self, request: Request) -> None:
        pod = self.store.get(r.PODS, request.namespace, request.name)
        if pod is None or pod["status"].get("phase") in ("Succeeded", "Failed") or pod["metadata"].get("deletionTimestamp"):
            return
        labels = pod["metadata"].get("labels") or {}
        since_ms = self._draining.get(pod["spec"].get("nodeName", ""), self.now_ms())
        for selector, limit_ms, by_checkpoint in self._waits:
            waited_for = selected(selector, labels) and self.now_ms() < since_ms + limit_ms
            if waited_for and not (by_checkpoint and self._has_saved(pod, since_ms)):
                self.fail(f"pod {request.namespace}/{request.name} was evicted before it had finished")

    def _has_saved(self, pod: Object, since_ms: int) -> bool:
        question, asked_ms = self._asked.get(pod["metadata"]["uid"], ("", 0))
        answer = (pod["metadata"].get("annotations") or {}).get(DONE)
        return bool(question) and answer == question and asked_ms >= since_ms


def _length_ms(text: str) -> int:
    return int(text[:-1]) * UNIT_MS[text[-1]]
