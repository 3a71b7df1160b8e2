"""Controllers of workloads: ReplicaSet, StatefulSet and Job, as far as moving pods depends on them.

Kept from the real ones: owner references, names, generations, status counts, at most one pod for each StatefulSet ordinal,
order of scaling down. Simplified: a changed template of a StatefulSet is that of its next pods, nothing is rolled out.
Sources: kubernetes pkg/controller/{replicaset,statefulset,job}; `deployments` and `daemons` are the other two.
"""

import hashlib
import json
from typing import Any

from underway.kube import resource as r
from underway.kube.resource import Resource
from underway.model import timestamp
from underway.sim.apiserver.registry import NAME_ALPHABET, Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import (
    Controller,
    condition,
    is_active,
    is_ready,
    own_key,
    owner_key,
    reference,
    with_status,
)
from underway.sim.world.index import PodIndex


def template_hash(template: Object) -> str:
    """A short name for a pod template, as pod-template-hash is one."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(NAME_ALPHABET[byte % len(NAME_ALPHABET)] for byte in digest[:10])


def pod_from(template: Object, owner: Object, **metadata: Any) -> Object:
    """A pod of a template, owned."""
    given = template.get("metadata", {})
    kept = {key: given[key] for key in ("labels", "annotations") if given.get(key)}
    namespace = owner["metadata"]["namespace"]
    return {
        "metadata": {**kept, "namespace": namespace, "ownerReferences": [reference(owner)], **metadata},
        "spec": template["spec"],
    }


class Workloads(Controller):
    """Base: one resource, its pods by owner."""

    resource: Resource

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed)
        self.pods = pods
        self.watch(self.resource, own_key)
        self.watch(r.PODS, owner_key(self.resource.kind))

    def found(self, key: tuple[str, str]) -> Object | None:
        """The workload, if it is there and stays."""
        value = self.store.get(self.resource, *key)
        return None if value is None or value["metadata"].get("deletionTimestamp") else value

    def tell(self, value: Object, **fields: Any) -> None:
        """Write its status."""
        observed = value["metadata"]["generation"]
        metadata = value["metadata"]
        self.registry.mutate(
            self.resource,
            metadata["namespace"],
            metadata["name"],
            lambda current: with_status(current, observedGeneration=observed, **fields),
            "status",
        )


class ReplicaSets(Workloads):
    """As many pods as wanted."""

    name = "replicaset-controller"
    resource = r.REPLICA_SETS

    def reconcile(self, key: tuple[str, str]) -> None:
        """Create or delete pods, then say how many there are."""
        value = self.found(key)
        if value is None:
            return
        pods = [pod for pod in self.pods.owned(value["metadata"]["uid"]) if is_active(pod)]
        missing = value["spec"].get("replicas", 1) - len(pods)
        for _ in range(missing):
            self.registry.create(r.PODS, pod_from(value["spec"]["template"], value, generateName=f"{key[1]}-"))
        # Source: pkg/controller/controller_utils.go (ActivePodsWithRanks), without its crowding: not bound, not Ready, youngest.
        youngest = sorted(pods, key=lambda pod: pod["metadata"]["creationTimestamp"], reverse=True)
        order = sorted(youngest, key=lambda pod: (bool(pod["spec"].get("nodeName")), is_ready(pod)))
        victims = order[: max(0, -missing)]
        for pod in victims:
            self.registry.delete(r.PODS, key[0], pod["metadata"]["name"])
        kept = [pod for pod in pods if pod not in victims]
        ready = sum(1 for pod in kept if is_ready(pod))
        available = self._available(key, value, kept)
        self.tell(value, replicas=len(kept) + max(0, missing), readyReplicas=ready, availableReplicas=available)

    def _available(self, key: tuple[str, str], value: Object, pods: list[Object]) -> int:
        """How many pods have been Ready for minReadySeconds; the rest are looked at again when they will have been."""
        wait_ms = value["spec"].get("minReadySeconds", 0) * 1_000
        since = [c["lastTransitionTime"] for pod in pods for c in pod["status"].get("conditions", ()) if _is_up(c)]
        left = [timestamp.parse(at) + wait_ms - self.queue.now_ms() for at in since] if wait_ms else [0 for _ in since]
        due_ms = min((ms for ms in left if ms > 0), default=0)
        if due_ms:
            self.again(key, due_ms)
        return sum(1 for ms in left if ms <= 0)


def _is_up(found: Object) -> bool:
    return bool(found["type"] == "Ready" and found["status"] == "True")


class StatefulSets(Workloads):
    """Ordinals in order; an ordinal's successor starts only when the old pod object is gone."""

    name = "statefulset-controller"
    resource = r.STATEFUL_SETS

    def reconcile(self, key: tuple[str, str]) -> None:
        """Create the first missing ordinal whose predecessors are Ready, or delete the last one too many."""
        value = self.found(key)
        if value is None:
            return
        owned = {pod["metadata"]["name"]: pod for pod in self.pods.owned(value["metadata"]["uid"])}
        replicas = value["spec"].get("replicas", 1)
        for ordinal in range(replicas):
            name = f"{key[1]}-{ordinal}"
            pod = owned.get(name)
            if pod is None:
                self._create(value, name, ordinal)
            elif pod.get("status", {}).get("phase") in ("Failed", "Succeeded"):
                self.registry.delete(r.PODS, key[0], name)
            if (pod is None or not is_ready(pod)) and value["spec"].get("podManagementPolicy") != "Parallel":
                break
        extra = sorted(name for name in owned if int(name.rpartition("-")[2]) >= replicas)
        if extra and is_active(owned[extra[-1]]):
            self.registry.delete(r.PODS, key[0], extra[-1])
        ready = sum(1 for pod in owned.values() if is_ready(pod) and is_active(pod))
        counts = {
            "readyReplicas": ready,
            "availableReplicas": ready,
            "currentReplicas": len(owned),
            "updatedReplicas": len(owned),
        }
        self.tell(value, replicas=len(owned), **counts)

    def _create(self, value: Object, name: str, ordinal: int) -> None:
        namespace = value["metadata"]["namespace"]
        pod = pod_from(value["spec"]["template"], value, name=name)
        labels = {
            **pod["metadata"].get("labels", {}),
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
        }
        volumes = list(pod["spec"].get("volumes", ()))
        for claim in value["spec"].get("volumeClaimTemplates", ()):
            claim_name = f"{claim['metadata']['name']}-{name}"
            if self.store.get(r.PERSISTENT_VOLUME_CLAIMS, namespace, claim_name) is None:
                made = {
                    "metadata": {"name": claim_name, "namespace": namespace},
                    "spec": claim["spec"],
                    "status": {"phase": "Pending"},
                }
                self.registry.create(r.PERSISTENT_VOLUME_CLAIMS, made)
            volumes.append({"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name}})
        spec = {**pod["spec"], "hostname": name, **({"volumes": volumes} if volumes else {})}
        self.registry.create(r.PODS, {"metadata": {**pod["metadata"], "labels": labels}, "spec": spec})


class Jobs(Workloads):
    """Pods until enough of them have succeeded.

    A success counts for good, also when its pod goes with its node. The real controller holds such pods by the finalizer
    batch.kubernetes.io/job-tracking until they are counted; this one remembers their UIDs. No back-off, no failures.
    """

    name = "job-controller"
    resource = r.JOBS

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed, pods)
        self._succeeded: dict[str, set[str]] = {}
        self.store.subscribe(r.JOBS, self._job_changed)

    def _job_changed(self, change: Change) -> None:
        if change.type == "DELETED":
            self._succeeded.pop(change.object["metadata"]["uid"], None)

    def reconcile(self, key: tuple[str, str]) -> None:
        """Start what is missing; say what is done."""
        value = self.found(key)
        if value is None or any(c["type"] == "Complete" for c in value["status"].get("conditions", ())):
            return
        owned = self.pods.owned(value["metadata"]["uid"])
        counted = self._succeeded.setdefault(value["metadata"]["uid"], set())
        counted.update(pod["metadata"]["uid"] for pod in owned if pod.get("status", {}).get("phase") == "Succeeded")
        active = [pod for pod in owned if is_active(pod)]
        completions = value["spec"].get("completions", 1)
        wanted = min(value["spec"].get("parallelism", 1), completions - len(counted))
        for _ in range(wanted - len(active)):
            self.registry.create(r.PODS, pod_from(value["spec"]["template"], value, generateName=f"{key[1]}-"))
        done: dict[str, Any] = {}
        if len(counted) >= completions and not active:
            now = self.registry.now()
            met = [condition(kind, True, now, "CompletionsReached") for kind in ("SuccessCriteriaMet", "Complete")]
            done = {"conditions": met, "completionTime": now}
        self.tell(value, active=max(wanted, len(active)), succeeded=len(counted), **done)
