"""The Deployment controller: ReplicaSets that follow its template, step by step within maxSurge and maxUnavailable.

Owns which ReplicaSets there are and what the Deployment's status says; `rollout` owns the arithmetic. A template that comes
back finds its old ReplicaSet again, which is what a rollback is. Source: kubernetes pkg/controller/deployment. Not here:
progressDeadlineSeconds (a rollout that stands still is not called failed), collisions of hashes.
"""

from underway.kube import resource as r
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Object
from underway.sim.world.controller import condition, controller_of, is_active, owner_key, reference
from underway.sim.world.index import PodIndex
from underway.sim.world.rollout import Fence, Size, fence_of, grown, proportional, shrunk
from underway.sim.world.workloads import Workloads, template_hash

PREFIX = "deployment.kubernetes.io/"
DESIRED, MOST, REVISION = f"{PREFIX}desired-replicas", f"{PREFIX}max-replicas", f"{PREFIX}revision"
HASH_LABEL = "pod-template-hash"


class Deployments(Workloads):
    """One ReplicaSet for each template; each look takes one step."""

    name = "deployment-controller"
    resource = r.DEPLOYMENTS

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed, pods)
        self.watch(r.REPLICA_SETS, owner_key("Deployment"))
        # An old pod of a Recreate rollout that is gone changes no count of its ReplicaSet: the real one listens to it too.
        self.watch(r.PODS, lambda change: self._deployment_of(change.object) if change.type == "DELETED" else None)

    def _deployment_of(self, pod: Object) -> tuple[str, str] | None:
        owner = controller_of(pod)
        found = self.store.get(r.REPLICA_SETS, pod["metadata"]["namespace"], owner["name"]) if owner else None
        above = controller_of(found) if found is not None else None
        return (pod["metadata"]["namespace"], above["name"]) if above is not None else None

    def reconcile(self, key: tuple[str, str]) -> None:
        """Take one step of a rollout or a scaling, then say how things stand."""
        value = self.found(key)
        if value is None:
            return
        new, old = self._sets(value)
        fence = fence_of(value)
        if self._scaled(value, [*old, *([new] if new is not None else [])]):
            self._scale_all(new, old, fence)
        elif not value["spec"].get("paused"):
            self._step(value, new, old, fence)
        self._tell(value, fence)

    def _sets(self, value: Object) -> tuple[Object | None, list[Object]]:
        """The ReplicaSet of the present template, and the others, oldest first."""
        digest = template_hash(value["spec"]["template"])
        owned = [
            found
            for found in self.store.values(r.REPLICA_SETS)
            if (owner := controller_of(found)) is not None and owner["uid"] == value["metadata"]["uid"]
        ]
        new = next((found for found in owned if found["metadata"]["labels"].get(HASH_LABEL) == digest), None)
        return new, [found for found in owned if found is not new and not found["metadata"].get("deletionTimestamp")]

    @staticmethod
    def _scaled(value: Object, sets: list[Object]) -> bool:
        """Whether the Deployment wants another number than when its active ReplicaSets were sized."""
        wanted = str(value["spec"].get("replicas", 1))
        active = [found for found in sets if found["spec"].get("replicas", 1)]
        return any(found["metadata"].get("annotations", {}).get(DESIRED, wanted) != wanted for found in active)

    def _scale_all(self, new: Object | None, old: list[Object], fence: Fence) -> None:
        everything = [*([new] if new is not None else []), *reversed(old)]
        active = [found for found in everything if found["spec"].get("replicas", 1)]
        if len(active) == 1:
            sizes = [fence.wanted]
        elif new is not None and _size(new) == Size(fence.wanted, fence.wanted, _size(new).most):
            sizes = [fence.wanted if found is new else 0 for found in active]
        else:
            sizes = proportional(fence, [_size(found) for found in active])
        for found, size in zip(active, sizes, strict=True):
            self._resize(found, size, fence)

    def _step(self, value: Object, new: Object | None, old: list[Object], fence: Fence) -> None:
        recreate = (value["spec"].get("strategy") or {}).get("type") == "Recreate"
        if recreate and old:
            for found in old:
                self._resize(found, 0, fence)
            if any(is_active(pod) or pod["metadata"].get("deletionTimestamp") for found in old for pod in self._pods(found)):
                return
        if new is None:
            size = fence.wanted if recreate else grown(fence, Size(0, 0), [_size(found) for found in old])
            self._create(value, old, size, fence)
            return
        wanted = fence.wanted if recreate else grown(fence, _size(new), [_size(found) for found in old])
        if self._resize(new, wanted, fence) or recreate:
            return
        for found, size in zip(old, shrunk(fence, _size(new), [_size(found) for found in old]), strict=True):
            self._resize(found, size, fence)
        if not any(found["spec"].get("replicas", 1) for found in old):
            self._forget(value, old)

    def _pods(self, replica_set: Object) -> list[Object]:
        return self.pods.owned(replica_set["metadata"]["uid"])

    def _create(self, value: Object, old: list[Object], replicas: int, fence: Fence) -> None:
        template, digest = value["spec"]["template"], template_hash(value["spec"]["template"])
        given = template.get("metadata", {})
        labels = {**(given.get("labels") or {}), HASH_LABEL: digest}
        revision = 1 + max((int(found["metadata"].get("annotations", {}).get(REVISION, 0)) for found in old), default=0)
        metadata = {
            "name": f"{value['metadata']['name']}-{digest}",
            "namespace": value["metadata"]["namespace"],
            "labels": labels,
            "annotations": {**_sized(fence), REVISION: str(revision)},
            "ownerReferences": [reference(value)],
        }
        selector = value["spec"]["selector"]
        spec = {
            "replicas": replicas,
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: digest}},
            "template": {**template, "metadata": {**given, "labels": labels}},
        }
        if value["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = value["spec"]["minReadySeconds"]
        self.registry.create(r.REPLICA_SETS, {"metadata": metadata, "spec": spec})

    def _resize(self, owned: Object, replicas: int, fence: Fence) -> bool:
        """Whether the size of a ReplicaSet had to change; what it was sized for is written down either way."""
        noted = {**(owned["metadata"].get("annotations") or {}), **_sized(fence)}
        changed = bool(owned["spec"].get("replicas", 1) != replicas)
        if changed or (replicas and noted != owned["metadata"].get("annotations")):
            metadata = owned["metadata"]

            def change(now: Object) -> Object:
                return {
                    **now,
                    "metadata": {**now["metadata"], "annotations": noted},
                    "spec": {**now["spec"], "replicas": replicas},
                }

            self.registry.mutate(r.REPLICA_SETS, metadata["namespace"], metadata["name"], change)
        return changed

    def _forget(self, value: Object, old: list[Object]) -> None:
        """Delete the oldest revisions beyond revisionHistoryLimit."""
        over = len(old) - value["spec"].get("revisionHistoryLimit", 10)
        for found in old[: max(0, over)]:
            if not found["status"].get("replicas", 0):
                self.registry.delete(r.REPLICA_SETS, found["metadata"]["namespace"], found["metadata"]["name"])

    def _tell(self, value: Object, fence: Fence) -> None:
        new, old = self._sets(value)
        everything = [*old, *([new] if new is not None else [])]
        counts = {
            field: sum(found["status"].get(field, 0) for found in everything)
            for field in ("replicas", "readyReplicas", "availableReplicas")
        }
        updated = new["status"].get("replicas", 0) if new is not None else 0
        missing = sum(found["spec"].get("replicas", 1) for found in everything) - counts["availableReplicas"]
        enough = counts["availableReplicas"] >= fence.wanted - fence.unavailable
        complete = updated == counts["replicas"] == counts["availableReplicas"] == fence.wanted
        status = {
            **counts,
            "updatedReplicas": updated,
            **({"unavailableReplicas": missing} if missing > 0 else {}),
            "conditions": [
                self._condition(
                    value, "Available", enough, "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
                ),
                self._condition(value, "Progressing", True, "NewReplicaSetAvailable" if complete else "ReplicaSetUpdated"),
            ],
        }
        metadata = value["metadata"]
        self.registry.mutate(
            self.resource,
            metadata["namespace"],
            metadata["name"],
            lambda now: {**now, "status": {"observedGeneration": metadata["generation"], **status}},
            "status",
        )

    def _condition(self, value: Object, kind: str, holds: bool, reason: str) -> Object:
        """A condition, with the time since when it has been so."""
        found = condition(kind, holds, self.registry.now(), reason)
        before = next((c for c in value["status"].get("conditions", ()) if c["type"] == kind), None)
        if before is not None and before["status"] == found["status"]:
            found["lastTransitionTime"] = before["lastTransitionTime"]
        return found


def _size(owned: Object) -> Size:
    annotations = owned["metadata"].get("annotations") or {}
    available = owned["status"].get("availableReplicas", 0)
    return Size(owned["spec"].get("replicas", 1), available, int(annotations.get(MOST, 0)))


def _sized(fence: Fence) -> dict[str, str]:
    """What a ReplicaSet remembers of the Deployment's size, by which a scaling is told from a rollout."""
    return {DESIRED: str(fence.wanted), MOST: str(fence.wanted + fence.surge)}
