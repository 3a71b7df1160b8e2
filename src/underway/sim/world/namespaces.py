"""The namespace controller: empties a namespace that ends, then lets go of it.

Source: kubernetes pkg/controller/namespace/deletion/namespaced_resources_deleter.go. Simplified: one pass deletes all that there
is, in the order of the catalogue and of no budget; what takes its time (a pod's grace, a finalizer) is waited for.
"""

from collections.abc import Callable, Iterable

from underway.kube import resource as r
from underway.kube.resource import Resource
from underway.sim.apiserver.namespaces import ends
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change
from underway.sim.world.controller import Controller

LEFT_MS = 5_000  # the deleter's estimate for what is not a pod; pods are asked for as often here


class Namespaces(Controller):
    """Looks at a namespace from its deletion to its end.

    resources: all kinds that are served; backlog_ms: how long other namespaces keep the controller busy before a new one.
    """

    name = "namespace-controller"

    def __init__(self, queue: Queue, registry: Registry, seed: int, resources: Callable[[], Iterable[Resource]]) -> None:
        super().__init__(queue, registry, seed)
        self.backlog_ms = 0
        self._resources = resources
        self.store.subscribe(r.NAMESPACES, self._changed)

    def _changed(self, change: Change) -> None:
        if change.type == "MODIFIED" and ends(change.object) and not ends(change.previous):
            self.again(change.object["metadata"]["name"], self.backlog_ms or None)

    def reconcile(self, key: str) -> None:
        """Delete what is in it; finalize it once nothing is left."""
        if not ends(self.store.get(r.NAMESPACES, "", key)):
            return
        left = [
            (resource, value["metadata"])
            for resource in self._resources()
            if resource.namespaced
            for value in self.store.ordered(resource, key)
        ]
        if not left:
            self.registry.finalize(key, [])
            return
        for resource, metadata in left:
            if not metadata.get("deletionTimestamp") and self.store.get(resource, key, metadata["name"]) is not None:
                self.registry.delete(resource, key, metadata["name"])
        self.again(key, LEFT_MS)
