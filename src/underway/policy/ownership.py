"""Who answers for an object: the first label or annotation that says so, on it, on what made it, on its namespace.

Owns the order in which they are asked. It does not know who asks: lint for its findings, a rotation for what blocks it.
"""

from collections.abc import Iterable, Mapping, Sequence

from underway.model.meta import ObjectMeta
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.model.workload import Workload

TEMPLATE_HASH = "pod-template-hash"
"""The label by which a Deployment tells its ReplicaSets apart, and the end of their names (deployment_util.go)."""


def named_owner(keys: Sequence[str], described: Iterable[ObjectMeta]) -> str:
    """The owner that the first object names, "" if none does. keys: of labels and annotations, the weightiest first."""
    for metadata in described:
        for key in keys:
            owner = metadata.labels.get(key) or metadata.annotations.get(key)
            if owner:
                return owner
    return ""


def owner_in(namespace: str, snapshot: Snapshot, keys: Sequence[str], mapped: Mapping[str, str]) -> str:
    """Who answers for a namespace. mapped: owners by namespace, as somebody has written them down: they come first."""
    described = snapshot.namespaces.get(namespace)
    return mapped.get(namespace) or named_owner(keys, (described.metadata,) if described else ())


def owner_of_pod(pod: Pod, snapshot: Snapshot, keys: Sequence[str], mapped: Mapping[str, str]) -> str:
    """Who answers for a pod: itself, its workload, what is mapped, its namespace; "" if nobody says."""
    workload = workload_of(pod, snapshot)
    own = named_owner(keys, (pod.metadata, *((workload.metadata,) if workload else ())))
    return own or owner_in(pod.metadata.namespace, snapshot, keys, mapped)


def workload_of(pod: Pod, snapshot: Snapshot) -> Workload | None:
    """The workload that made the pod, if the picture has it; through a ReplicaSet, its Deployment."""
    controller = pod.metadata.controller
    if controller is None:
        return None
    direct = f"{controller.kind}/{pod.metadata.namespace}/{controller.name}"
    return snapshot.workloads.get(deployment_key(pod)) or snapshot.workloads.get(direct)


def deployment_key(pod: Pod) -> str:
    """The key of the Deployment whose ReplicaSet made the pod, by that one's name; "" for a pod of others.

    Source: pkg/controller/deployment/sync.go (a ReplicaSet is named after its Deployment and its hash).
    """
    controller, digest = pod.metadata.controller, pod.metadata.labels.get(TEMPLATE_HASH, "")
    if controller is None or controller.kind != "ReplicaSet" or not digest or not controller.name.endswith(f"-{digest}"):
        return ""
    return f"Deployment/{pod.metadata.namespace}/{controller.name.removesuffix(f'-{digest}')}"
