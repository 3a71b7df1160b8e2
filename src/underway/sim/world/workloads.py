"""Controllers of workloads: ReplicaSet, Deployment, StatefulSet and Job, as far as moving pods depends on them.

Kept from the real ones: owner references, names, generations, status counts, at most one pod for each StatefulSet ordinal,
order of scaling down. Simplified: a Deployment's rollout replaces its ReplicaSet at once, since rotations roll nothing out.
Sources: kubernetes pkg/controller/{deployment,replicaset,statefulset,job}.
"""

import hashlib
import json
from typing import Any

from underway.kube import resource as r
from underway.kube.resource import Resource
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
        ready = sum(1 for pod in pods if is_ready(pod))
        self.tell(value, replicas=len(pods) + max(0, missing), readyReplicas=ready, availableReplicas=ready)


class Deployments(Workloads):
    """One ReplicaSet for the current template."""

    name = "deployment-controller"
    resource = r.DEPLOYMENTS

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed, pods)
        self.watch(r.REPLICA_SETS, owner_key("Deployment"))

    def reconcile(self, key: tuple[str, str]) -> None:
        """Bring the current ReplicaSet to the wanted size and the older ones to none."""
        value = self.found(key)
        if value is None:
            return
        template, replicas = value["spec"]["template"], value["spec"].get("replicas", 1)
        digest = template_hash(template)
        name = f"{key[1]}-{digest}"
        current = self.store.get(r.REPLICA_SETS, key[0], name)
        if current is None:
            self._create(value, name, digest, replicas)
        for owned in self.store.ordered(r.REPLICA_SETS, key[0]):
            owners = owned["metadata"].get("ownerReferences", ())
            if any(owner["uid"] == value["metadata"]["uid"] for owner in owners):
                self._scale(owned, replicas if owned["metadata"]["name"] == name else 0)
        state = (current or {}).get("status", {})
        counts = {field: state.get(field, 0) for field in ("replicas", "readyReplicas", "availableReplicas")}
        short = replicas - counts["availableReplicas"]
        conditions = [
            {"type": "Available", "status": "True" if short <= 0 else "False", "reason": "MinimumReplicasAvailable"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        ]
        missing = {"unavailableReplicas": short} if short > 0 else {}
        status = {**counts, "updatedReplicas": counts["replicas"], "conditions": conditions, **missing}
        self.registry.mutate(
            self.resource,
            *key,
            lambda now: {**now, "status": {"observedGeneration": value["metadata"]["generation"], **status}},
            "status",
        )

    def _create(self, value: Object, name: str, digest: str, replicas: int) -> None:
        template = value["spec"]["template"]
        given = template.get("metadata", {})
        labels = {**(given.get("labels") or {}), "pod-template-hash": digest}
        metadata = {
            "name": name,
            "namespace": value["metadata"]["namespace"],
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/desired-replicas": str(replicas), "deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [reference(value)],
        }
        spec = {
            "replicas": replicas,
            "selector": {
                **value["spec"]["selector"],
                "matchLabels": {**(value["spec"]["selector"].get("matchLabels") or {}), "pod-template-hash": digest},
            },
            "template": {**template, "metadata": {**given, "labels": labels}},
        }
        self.registry.create(r.REPLICA_SETS, {"metadata": metadata, "spec": spec})

    def _scale(self, owned: Object, replicas: int) -> None:
        if owned["spec"].get("replicas", 1) != replicas:
            metadata = owned["metadata"]
            self.registry.mutate(
                r.REPLICA_SETS,
                metadata["namespace"],
                metadata["name"],
                lambda now: {**now, "spec": {**now["spec"], "replicas": replicas}},
            )


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
