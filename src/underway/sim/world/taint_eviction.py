"""Taint eviction: pods leave a node whose NoExecute taints they do not tolerate, or no longer.

It deletes, it does not evict: no budget is asked, as in the real one. Source: kubernetes
pkg/controller/tainteviction/taint_eviction.go (processPodOnNode, getMinTolerationTime).
"""

from underway.kube import resource as r
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, condition
from underway.sim.world.index import PodIndex
from underway.sim.world.taints import tolerates


class TaintEviction(Controller):
    """Holds when each pod goes that has to."""

    name = "taint-eviction-controller"

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed)
        self.pods = pods
        self._due_ms: dict[str, int] = {}
        self.store.subscribe(r.NODES, self._node_changed)
        self.store.subscribe(r.PODS, self._pod_changed)

    def _node_changed(self, change: Change) -> None:
        before = change.previous["spec"].get("taints") if change.previous else None
        if change.type != "DELETED" and before != change.object["spec"].get("taints"):
            for pod in self.pods.on_node(change.object["metadata"]["name"]):
                self._weigh(pod)

    def _pod_changed(self, change: Change) -> None:
        uid = change.object["metadata"]["uid"]
        if change.type == "DELETED":
            self._due_ms.pop(uid, None)
        elif change.object["spec"].get("nodeName") and (change.previous is None or not change.previous["spec"].get("nodeName")):
            self._weigh(change.object)

    def _weigh(self, pod: Object) -> None:
        """Decide when the pod has to go. A date once set is not put off, only called off or brought forward to now."""
        uid = pod["metadata"]["uid"]
        stays_s = self._stays_s(pod)
        if stays_s is None:
            self._due_ms.pop(uid, None)
        elif stays_s == 0 or uid not in self._due_ms:
            self._due_ms[uid] = self.queue.now_ms() + stays_s * 1_000
            self.again((pod["metadata"]["namespace"], pod["metadata"]["name"], uid), stays_s * 1_000)

    def _stays_s(self, pod: Object) -> int | None:
        """How long the pod puts up with its node, None for ever."""
        node = self.store.get(r.NODES, "", pod["spec"].get("nodeName", ""))
        taints = [t for t in node["spec"].get("taints") or () if t["effect"] == "NoExecute"] if node is not None else []
        times = []
        for taint in taints:
            found = next((t for t in pod["spec"].get("tolerations") or () if tolerates(t, taint)), None)
            if found is None:
                return 0
            times.append(found.get("tolerationSeconds"))
        limited = [max(0, time) for time in times if time is not None]
        return min(limited, default=None)

    def reconcile(self, key: tuple[str, str, str]) -> None:
        """Delete the pod if its time has come."""
        namespace, name, uid = key
        pod = self.store.get(r.PODS, namespace, name)
        due = self._due_ms.get(uid)
        if pod is None or pod["metadata"]["uid"] != uid or due is None or due > self.queue.now_ms():
            return
        self._due_ms.pop(uid)
        if pod["metadata"].get("deletionTimestamp"):
            return
        told = {
            **condition("DisruptionTarget", True, self.registry.now(), "DeletionByTaintManager"),
            "message": "Taint manager: deleting due to NoExecute taint",
        }

        def change(value: Object) -> Object:
            others = [c for c in value["status"].get("conditions", ()) if c["type"] != "DisruptionTarget"]
            return {**value, "status": {**value["status"], "conditions": [*others, told]}}

        self.registry.mutate(r.PODS, namespace, name, change, "status")
        self.registry.delete(r.PODS, namespace, name)
