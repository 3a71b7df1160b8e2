"""Garbage collection: what an owner leaves behind goes in the background. Source: kubernetes pkg/controller/garbagecollector."""

from underway.kube import resource as r
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller

OWNERS = (r.DEPLOYMENTS, r.REPLICA_SETS, r.STATEFUL_SETS, r.DAEMON_SETS, r.JOBS, r.SERVICES)
DEPENDENTS = (r.REPLICA_SETS, r.PODS, r.ENDPOINT_SLICES)


class Garbage(Controller):
    """Deletes dependents of deleted owners."""

    name = "garbage-collector"

    def __init__(self, queue: Queue, registry: Registry, seed: int) -> None:
        super().__init__(queue, registry, seed)
        for resource in OWNERS:
            self.store.subscribe(resource, self._changed)

    def _changed(self, change: Change) -> None:
        if change.type == "DELETED":
            self.again(change.object["metadata"]["uid"])

    def reconcile(self, key: str) -> None:
        """Delete what the owner with this UID left."""
        for resource in DEPENDENTS:
            for value in self.store.ordered(resource):
                if _owned_by(value, key) and not value["metadata"].get("deletionTimestamp"):
                    self.registry.delete(resource, value["metadata"].get("namespace", ""), value["metadata"]["name"])


def _owned_by(value: Object, uid: str) -> bool:
    return any(owner["uid"] == uid for owner in value["metadata"].get("ownerReferences", ()))
