"""What the driver sees: the cluster's objects, kept current by reflectors, and the Snapshot that decisions are made on.

Owns the indexes and their upkeep. It decides nothing. Objects written by ourselves are taken from the reply as well, so
that a decision never precedes its own last write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underway.kube import resource as r
from underway.kube.reflector import Delta, Reflector, Removed, Replaced, Upserted
from underway.model.snapshot import Snapshot, claims_of, grouped, local_claims_of
from underway.rotate.record import LEASE_LABELS, LEASE_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from underway.kube.reply import Reply
    from underway.kube.request import Request
    from underway.kube.watch import WatchEvent
    from underway.model.lease import Lease
    from underway.model.pod import Pod

WATCHED = (
    r.NODES,
    r.PODS,
    r.POD_DISRUPTION_BUDGETS,
    r.DEPLOYMENTS,
    r.STATEFUL_SETS,
    r.DAEMON_SETS,
    r.VOLUME_ATTACHMENTS,
    r.PERSISTENT_VOLUMES,
    r.NAMESPACES,
)
OPTIONAL = frozenset({r.NAMESPACES})
"""What decisions can do without, where it may not be read: a namespace only names an owner."""
WORKLOAD_KINDS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


def _version(known: Any) -> int:
    """An object's resource version: those are comparable integers (KEP-5504)."""
    return int(known.metadata.resource_version or 0)


def newer(candidate: Any, known: Any) -> bool:
    """Whether an object is at least as new as the known one."""
    return _version(candidate) >= _version(known)


class Observed:
    """The picture of the cluster, and the Leases that hold the state of rotations. Several drivers may look at one."""

    def __init__(self, ids: Iterator[int]) -> None:
        self._reflectors = {resource: Reflector(resource, ids) for resource in WATCHED}
        labels = ",".join(f"{key}={value}" for key, value in LEASE_LABELS.items())
        self._reflectors[r.LEASES] = Reflector(r.LEASES, ids, namespace=LEASE_NAMESPACE, label_selector=labels)
        self._objects: dict[str, dict[str, Any]] = {resource.kind: {} for resource in self._reflectors}
        self._pods_by_node: dict[str, dict[str, Pod]] = {}
        self._changed_kinds: set[str] = set()
        self._changed_nodes: set[str] = set()
        self._snapshot = Snapshot()
        self.version = 0

    @property
    def synced(self) -> bool:
        """Whether every resource has been listed once."""
        return all(one.synced or (one.failure and one.resource in OPTIONAL) for one in self._reflectors.values())

    @property
    def failure(self) -> str:
        """Why the picture cannot be had, or ""."""
        needed = (reflector for resource, reflector in self._reflectors.items() if resource not in OPTIONAL)
        return next((reflector.failure for reflector in needed if reflector.failure), "")

    def lease(self, name: str) -> Lease | None:
        """A Lease of ours by its name, if there is one."""
        return self._objects["Lease"].get(f"{LEASE_NAMESPACE}/{name}")

    def poll(self, now_ms: int, rng: Random) -> list[Request]:
        """The list and watch requests that are due."""
        requests = (reflector.poll(now_ms, rng) for reflector in self._reflectors.values())
        return [request for request in requests if request is not None]

    def wakeup_ms(self) -> int | None:
        """When the next list or watch is due after a delay."""
        return min((reflector.due_ms for reflector in self._reflectors.values() if reflector.due_ms is not None), default=None)

    def receive(self, event: Reply | WatchEvent, now_ms: int, rng: Random) -> bool:
        """Take an event of a list or a watch; whether it was one of ours."""
        resource = event.request.resource
        if event.request.verb not in ("list", "watch") or resource not in self._reflectors:
            return False
        for delta in self._reflectors[resource].receive(event, now_ms, rng):
            self._apply(resource.kind, delta)
        return True

    def wrote(self, kind: str, written: Any) -> None:
        """Take an object from the reply to our own write, unless a watch has already brought its successor or its end.

        An object that is not known was deleted meanwhile, since a write needs one to begin with: it must not rise from
        the dead. Only a Lease can be new, because the driver creates it.
        """
        known = self._objects[kind].get(written.metadata.key)
        if (known is None and kind == "Lease") or (known is not None and newer(written, known)):
            self._upsert(kind, written)

    def snapshot(self) -> Snapshot:
        """The picture as of now; unchanged parts are shared with the one before."""
        if not self._changed_kinds:
            return self._snapshot
        before, changed = self._snapshot, self._changed_kinds
        self._snapshot = Snapshot(
            nodes=dict(sorted(self._objects["Node"].items())) if "Node" in changed else before.nodes,
            pods_by_node=self._regrouped_pods() if "Pod" in changed else before.pods_by_node,
            budgets=self._grouped_budgets() if "PodDisruptionBudget" in changed else before.budgets,
            workloads=self._all_workloads() if changed & WORKLOAD_KINDS else before.workloads,
            attachments=grouped(self._objects["VolumeAttachment"].values(), lambda attachment: attachment.spec.node_name)
            if "VolumeAttachment" in changed
            else before.attachments,
            claims=claims_of(self._objects["PersistentVolume"].values()) if "PersistentVolume" in changed else before.claims,
            local_claims=local_claims_of(self._objects["PersistentVolume"].values())
            if "PersistentVolume" in changed
            else before.local_claims,
            namespaces=dict(self._objects["Namespace"]) if "Namespace" in changed else before.namespaces,
        )
        self._changed_kinds, self._changed_nodes = set(), set()
        return self._snapshot

    def _regrouped_pods(self) -> dict[str, tuple[Pod, ...]]:
        groups = dict(self._snapshot.pods_by_node)
        for node in self._changed_nodes:
            pods = self._pods_by_node.get(node)
            if pods:
                groups[node] = tuple(pods[key] for key in sorted(pods))
            else:
                groups.pop(node, None)
        return groups

    def _grouped_budgets(self) -> dict[str, tuple[Any, ...]]:
        budgets = self._objects["PodDisruptionBudget"]
        return grouped((budgets[key] for key in sorted(budgets)), lambda budget: budget.metadata.namespace)

    def _all_workloads(self) -> dict[str, Any]:
        return {workload.key: workload for kind in sorted(WORKLOAD_KINDS) for workload in self._objects[kind].values()}

    def _apply(self, kind: str, delta: Delta) -> None:
        match delta:
            case Replaced(objects, listed):
                present = {new.metadata.key for new in objects}
                for gone in [last for key, last in self._objects[kind].items() if key not in present]:
                    if _version(gone) <= int(listed or 0):
                        self._remove(kind, gone)
                for new in objects:
                    self._take(kind, new)
            case Upserted(new):
                self._take(kind, new)
            case Removed(last):
                self._remove(kind, last)

    def _take(self, kind: str, new: Any) -> None:
        """Take an object unless it is known newer: a list may lag behind, and show nodes as they were before our own writes."""
        known = self._objects[kind].get(new.metadata.key)
        if known is None or newer(new, known):
            self._upsert(kind, new)

    def _upsert(self, kind: str, new: Any) -> None:
        key = new.metadata.key
        if kind == "Pod":
            known = self._objects[kind].get(key)
            if known is not None and known.spec.node_name != new.spec.node_name:
                self._pods_by_node[known.spec.node_name].pop(key, None)
                self._changed_nodes.add(known.spec.node_name)
            self._pods_by_node.setdefault(new.spec.node_name, {})[key] = new
            self._changed_nodes.add(new.spec.node_name)
        self._objects[kind][key] = new
        self._touch(kind)

    def _remove(self, kind: str, last: Any) -> None:
        known = self._objects[kind].get(last.metadata.key)
        if known is None or known.metadata.uid != last.metadata.uid:
            return
        del self._objects[kind][last.metadata.key]
        if kind == "Pod":
            self._pods_by_node[known.spec.node_name].pop(last.metadata.key, None)
            self._changed_nodes.add(known.spec.node_name)
        self._touch(kind)

    def _touch(self, kind: str) -> None:
        self._changed_kinds.add(kind)
        self.version += 1
