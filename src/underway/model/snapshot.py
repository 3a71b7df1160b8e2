"""An immutable, indexed picture of one cluster at one instant: the input of every decision.

Owns the indexes that decisions ask (pods by node, budgets by pod, attachments by node). It does not know how it was
read: `rotate.observe` keeps one current from watches, `live` and a snapshot file make one by listing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from underway.model.autoscaler import HorizontalPodAutoscaler
from underway.model.disruption import PodDisruptionBudget
from underway.model.drain_rule import DrainRule
from underway.model.meta import AnyObject
from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.selector import matches
from underway.model.storage import PersistentVolume, VolumeAttachment
from underway.model.workload import Workload


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """One cluster at one instant. Mappings are by name for nodes, by key (Kind/namespace/name) for workloads.

    pods_by_node: "" holds the pods that no node has yet. budgets: by namespace. claims: the "namespace/name" of the
    PersistentVolumeClaim that each PersistentVolume is bound to. local_claims: those whose volume lives on one node's disk.
    drift: why the machine provider would make each node's machine otherwise now, "" where it would not; nodes that it does not
    know, or was not asked about, are not in it. holds: why a node's machine may not be replaced now, as its provider says;
    drain_rules: of the machines that Cluster API keeps, by node.
    autoscalers: by the key of the Deployment that each scales, where they were read: for a plan; a driver asks
    when it needs one.
    matched: the memory of `budgets_of`, by pod UID: decisions ask the same question of the same pod many times.
    """

    nodes: Mapping[str, Node] = {}
    pods_by_node: Mapping[str, tuple[Pod, ...]] = {}
    budgets: Mapping[str, tuple[PodDisruptionBudget, ...]] = {}
    workloads: Mapping[str, Workload] = {}
    attachments: Mapping[str, tuple[VolumeAttachment, ...]] = {}
    claims: Mapping[str, str] = {}
    local_claims: frozenset[str] = frozenset()
    namespaces: Mapping[str, AnyObject] = {}
    drift: Mapping[str, str] = {}
    holds: Mapping[str, str] = {}
    drain_rules: Mapping[str, tuple[DrainRule, ...]] = {}
    autoscalers: Mapping[str, HorizontalPodAutoscaler] = {}
    matched: dict[str, tuple[PodDisruptionBudget, ...]] = {}

    def pods_on(self, node: str) -> tuple[Pod, ...]:
        """The pods bound to a node."""
        return self.pods_by_node.get(node, ())

    @property
    def pods(self) -> Iterable[Pod]:
        """All pods, node by node in name order."""
        return (pod for node in sorted(self.pods_by_node) for pod in self.pods_by_node[node])

    def budgets_of(self, pod: Pod) -> tuple[PodDisruptionBudget, ...]:
        """The budgets whose selector matches the pod.

        In policy/v1 no selector matches no pod, and an empty one every pod of the namespace (kubernetes
        pkg/registry/core/pod/storage/eviction.go, getPodDisruptionBudgets).
        """
        known = self.matched.get(pod.metadata.uid)
        if known is None:
            known = tuple(
                budget
                for budget in self.budgets.get(pod.metadata.namespace, ())
                if budget.spec.selector is not None and matches(budget.spec.selector, pod.metadata.labels)
            )
            self.matched[pod.metadata.uid] = known
        return known

    def pods_of(self, budget: PodDisruptionBudget) -> tuple[Pod, ...]:
        """The live pods that a budget speaks of, in name order."""
        selector = budget.spec.selector
        if selector is None:
            return ()
        found = (
            pod
            for pods in self.pods_by_node.values()
            for pod in pods
            if pod.metadata.namespace == budget.metadata.namespace and matches(selector, pod.metadata.labels) and not pod.finished
        )
        return tuple(sorted(found, key=lambda pod: pod.metadata.name))


def grouped(objects: Iterable[Any], key: Any) -> dict[str, tuple[Any, ...]]:
    """The objects as tuples by `key(object)`, each tuple in the order of the objects."""
    groups: dict[str, list[Any]] = {}
    for value in objects:
        groups.setdefault(key(value), []).append(value)
    return {name: tuple(members) for name, members in groups.items()}


def snapshot_of(objects: Mapping[str, Iterable[Any]]) -> Snapshot:
    """A Snapshot from decoded objects by kind ("Node", "Pod", "PodDisruptionBudget", "Deployment", ...)."""
    workloads = [
        workload for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job") for workload in objects.get(kind, ())
    ]
    return Snapshot(
        nodes={node.name: node for node in sorted(objects.get("Node", ()), key=lambda node: node.name)},
        pods_by_node=grouped(sorted(objects.get("Pod", ()), key=lambda pod: pod.key), lambda pod: pod.spec.node_name),
        budgets=grouped(
            sorted(objects.get("PodDisruptionBudget", ()), key=lambda budget: budget.key),
            lambda budget: budget.metadata.namespace,
        ),
        workloads={workload.key: workload for workload in workloads},
        attachments=grouped(objects.get("VolumeAttachment", ()), lambda attachment: attachment.spec.node_name),
        claims=claims_of(objects.get("PersistentVolume", ())),
        local_claims=local_claims_of(objects.get("PersistentVolume", ())),
        namespaces={namespace.metadata.name: namespace for namespace in objects.get("Namespace", ())},
    )


def claims_of(volumes: Iterable[PersistentVolume]) -> dict[str, str]:
    """The claim, as "namespace/name", that each bound volume serves, by the volume's name."""
    return {
        volume.metadata.name: f"{volume.spec.claim_ref.namespace}/{volume.spec.claim_ref.name}"
        for volume in volumes
        if volume.spec.claim_ref is not None
    }


def local_claims_of(volumes: Iterable[PersistentVolume]) -> frozenset[str]:
    """The claims, as "namespace/name", that are bound to a volume on one node's disk."""
    return frozenset(claims_of(volume for volume in volumes if volume.pinned_to_node).values())
