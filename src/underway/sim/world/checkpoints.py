"""Training that can save its work: a pod that is asked for a checkpoint answers once it is written.

What a pod's own container, or a sidecar that reads the downward API, does in life. Pods without the parameter never answer.
"""

from underway.kube import resource as r
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, own_key
from underway.sim.world.parameters import drawn_ms, stated

REQUESTED, DONE = "underway.dev/checkpoint-requested", "underway.dev/checkpoint-done"


class Checkpoints(Controller):
    """Holds which question each pod is busy with."""

    name = "checkpoints"

    def __init__(self, queue: Queue, registry: Registry, seed: int) -> None:
        super().__init__(queue, registry, seed)
        self._busy: dict[str, str] = {}
        self.watch(r.PODS, lambda change: own_key(change) if _asked(change) else None)

    def reconcile(self, key: tuple[str, str]) -> None:
        """Begin to save, for a question that is new."""
        pod = self.store.get(r.PODS, *key)
        seconds = stated(pod, "save-s") if pod is not None else None
        if pod is None or seconds is None:
            return
        uid, question = pod["metadata"]["uid"], pod["metadata"]["annotations"].get(REQUESTED, "")
        if question and self._busy.get(uid) != question:
            self._busy[uid] = question
            self.queue.after(drawn_ms(seconds, self.rng), lambda: self._saved(key, uid, question))

    def _saved(self, key: tuple[str, str], uid: str, question: str) -> None:
        pod = self.store.get(r.PODS, *key)
        if pod is None or pod["metadata"]["uid"] != uid or pod["status"].get("phase") != "Running":
            return

        def answer(now: Object) -> Object:
            annotations = {**now["metadata"]["annotations"], DONE: question}
            return {**now, "metadata": {**now["metadata"], "annotations": annotations}}

        self.registry.mutate(r.PODS, *key, answer)


def _asked(change: Change) -> bool:
    return change.type != "DELETED" and REQUESTED in (change.object["metadata"].get("annotations") or {})
