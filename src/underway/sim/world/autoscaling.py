"""The HorizontalPodAutoscaler controller without metrics: its target has minReplicas at least, and no more for long.

The load is taken for none, so that minReplicas is what is recommended at any time; who is above that comes down when the
stabilization window has passed. Source: kubernetes pkg/controller/podautoscaler (horizontal.go, reconcileAutoscaler).
"""

from underway.kube import resource as r
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller

SYNC_MS = 15_000  # --horizontal-pod-autoscaler-sync-period
STABILIZATION_MS = 300_000  # --horizontal-pod-autoscaler-downscale-stabilization

Key = tuple[str, str]


class Autoscaling(Controller):
    """Looks at each autoscaler every 15 seconds, from when it was created on."""

    name = "horizontal-pod-autoscaler-controller"

    def __init__(self, queue: Queue, registry: Registry, seed: int) -> None:
        super().__init__(queue, registry, seed)
        self._above_ms: dict[Key, int] = {}  # since when the recommendation has been below the target
        self.watch(r.HORIZONTAL_POD_AUTOSCALERS, _created)

    def reconcile(self, key: Key) -> None:
        """Scale the target where its number is not what it should be."""
        autoscaler = self.store.get(r.HORIZONTAL_POD_AUTOSCALERS, *key)
        if autoscaler is None:
            return
        self.again(key, SYNC_MS)
        target, least = autoscaler["spec"]["scaleTargetRef"]["name"], autoscaler["spec"]["minReplicas"]
        deployment = self.store.get(r.DEPLOYMENTS, key[0], target)
        if deployment is None:
            return
        if deployment["spec"]["replicas"] <= least:
            self._above_ms.pop(key, None)
        since_ms = self._above_ms.setdefault(key, self.queue.now_ms())
        lasts = self.queue.now_ms() >= since_ms + STABILIZATION_MS
        if deployment["spec"]["replicas"] < least or (deployment["spec"]["replicas"] > least and lasts):
            self.registry.mutate(r.DEPLOYMENTS, key[0], target, lambda now: _scaled(now, least))


def _created(change: Change) -> Key | None:
    metadata = change.object["metadata"]
    return (metadata["namespace"], metadata["name"]) if change.type == "ADDED" else None


def _scaled(deployment: Object, replicas: int) -> Object:
    return {**deployment, "spec": {**deployment["spec"], "replicas": replicas}}
