"""The scheduler: where a pod can run, and where it runs best.

Filters: cordon and taints, node selector and affinity, the zone of its volumes, resources, and its `neighbours`: spread,
affinity, anti-affinity. Scores: nodes without PreferNoSchedule taints first, then what neighbours prefer, spread of the
owner's pods over zones and hosts, the least allocated. Source: kube-scheduler's default plugins; no preemption, no extenders.
"""

from typing import Any

from underway.kube import resource as r
from underway.model.node import UNSCHEDULABLE_TAINT, ZONE_LABEL
from underway.model.quantity import milli
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, condition, controller_of, is_active
from underway.sim.world.events import Events
from underway.sim.world.index import PodIndex
from underway.sim.world.neighbours import Neighbours
from underway.sim.world.placement import REQUIRED, node_fits
from underway.sim.world.taints import tolerates, untolerated

RETRY_MS = 5_000  # the back-off queue's flush, pkg/scheduler/backend/queue


CORDON = {"key": UNSCHEDULABLE_TAINT, "effect": "NoSchedule"}


class Demand:
    """What a pod asks of a node: thousandths of a core, thousandths of a byte."""

    def __init__(self, pod: Object) -> None:
        requests = [container.get("resources", {}).get("requests") or {} for container in pod["spec"]["containers"]]
        self.cpu = sum(milli(request.get("cpu", 0)) for request in requests)
        self.memory = sum(milli(request.get("memory", 0)) for request in requests)


def _reads(node: Object) -> tuple[Object, Object | None, Object | None]:
    """What a change of a node matters by. Readiness is no part of it: the taints are."""
    return node["spec"], node["metadata"].get("labels"), node["status"].get("allocatable")


class Scheduler(Controller):
    """One pod at a time, in the order in which they came."""

    name = "scheduler"

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex, events: Events) -> None:
        super().__init__(queue, registry, seed)
        self.pods = pods
        self.events = events
        self._unschedulable: set[tuple[str, str]] = set()
        self._demands: dict[str, Demand] = {}
        self._used: dict[str, list[int]] = {}
        self._repelling: dict[str, Object] = {}
        self.store.subscribe(r.PODS, self._pod_changed)
        self.store.subscribe(r.NODES, self._node_changed)

    def _demand(self, pod: Object) -> Demand:
        uid = pod["metadata"]["uid"]
        if uid not in self._demands:
            self._demands[uid] = Demand(pod)
        return self._demands[uid]

    def _pod_changed(self, change: Change) -> None:
        pod = change.object
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        before = self._holds(change.previous) if change.previous else ""
        after = self._holds(pod) if change.type != "DELETED" else ""
        if ((pod["spec"].get("affinity") or {}).get("podAntiAffinity") or {}).get(REQUIRED):
            self._repelling.pop(pod["metadata"]["uid"], None)
            if after:
                self._repelling[pod["metadata"]["uid"]] = pod
        if before != after:
            self._account(before, pod, -1)
            self._account(after, pod, 1)
            if before:
                self._retry()
        if change.type == "DELETED":
            self._demands.pop(pod["metadata"]["uid"], None)
        elif not pod["spec"].get("nodeName") and change.type == "ADDED":
            self.again(key)

    @staticmethod
    def _holds(pod: Object) -> str:
        """The node whose room the pod takes."""
        finished = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
        return "" if finished else str(pod["spec"].get("nodeName", ""))

    def _account(self, node: str, pod: Object, sign: int) -> None:
        if node:
            used = self._used.setdefault(node, [0, 0, 0])
            demand = self._demand(pod)
            used[0] += sign * demand.cpu
            used[1] += sign * demand.memory
            used[2] += sign

    def _node_changed(self, change: Change) -> None:
        before = change.previous
        if change.type == "DELETED":
            self._used.pop(change.object["metadata"]["name"], None)
        elif before is None or _reads(before) != _reads(change.object):
            self._retry()

    def _retry(self) -> None:
        for key in sorted(self._unschedulable):
            self.again(key)
        self._unschedulable.clear()

    def reconcile(self, key: tuple[str, str]) -> None:
        """Bind the pod, or say why it cannot be."""
        pod = self.store.get(r.PODS, *key)
        if pod is None or pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
            return
        refusals: dict[str, int] = {}
        feasible = []
        neighbours = Neighbours(pod, self.store, self.pods, self._repelling.values())
        for node in self.store.values(r.NODES):
            refusal = self._refusal(pod, node, neighbours)
            if refusal:
                refusals[refusal] = refusals.get(refusal, 0) + 1
            else:
                feasible.append(node)
        if not feasible:
            self._unbound(pod, key, refusals)
            return
        siblings = self._siblings(pod)
        best = min(feasible, key=lambda node: self._cost(node, siblings, neighbours))
        self._bind(pod, key, best["metadata"]["name"])

    def _bind(self, pod: Object, key: tuple[str, str], node: str) -> None:
        now = self.registry.now()

        def bound(value: Object) -> Object:
            conditions = [c for c in value.get("status", {}).get("conditions", ()) if c["type"] != "PodScheduled"]
            conditions.append(condition("PodScheduled", True, now))
            state = {**value.get("status", {}), "conditions": conditions}
            return {**value, "spec": {**value["spec"], "nodeName": node}, "status": state}

        current = self.store.get(r.PODS, *key)
        if current is not None:
            self.store.replace(r.PODS, bound(current))
            self.events.tell(pod, "Scheduled", f"Successfully assigned {key[0]}/{key[1]} to {node}")

    def _unbound(self, pod: Object, key: tuple[str, str], refusals: dict[str, int]) -> None:
        total = sum(refusals.values())
        listed = ", ".join(f"{count} {reason}" for reason, count in sorted(refusals.items()))
        message = f"0/{total} nodes are available: {listed}." if total else "no nodes available to schedule pods"
        conditions = pod.get("status", {}).get("conditions", ())
        if not any(c["type"] == "PodScheduled" and c.get("message") == message for c in conditions):
            failed = condition("PodScheduled", False, self.registry.now(), "Unschedulable", message)
            self.registry.mutate(
                r.PODS, *key, lambda now: {**now, "status": {**now.get("status", {}), "conditions": [failed]}}, "status"
            )
            self.events.tell(pod, "FailedScheduling", message, kind="Warning")
        self._unschedulable.add(key)
        self.queue.after(RETRY_MS, lambda: self.again(key) if key in self._unschedulable else None)

    def _refusal(self, pod: Object, node: Object, neighbours: Neighbours) -> str:
        """Why the pod cannot run on the node, or ""."""
        spec, labels = pod["spec"], node["metadata"].get("labels", {})
        tolerations = spec.get("tolerations") or ()
        # A cordon counts before the node lifecycle controller has made a taint of it.
        if node["spec"].get("unschedulable") and not any(tolerates(t, CORDON) for t in tolerations):
            return "node(s) were unschedulable"
        if untolerated(node, tolerations, "NoSchedule", "NoExecute") is not None:
            return "node(s) had untolerated taint(s)"
        if not node_fits(spec, node):
            return "node(s) didn't match Pod's node affinity/selector"
        zones = self._volume_zones(pod)
        if zones and labels.get(ZONE_LABEL) not in zones:
            return "node(s) had no available volume zone"
        demand, used = self._demand(pod), self._used.get(node["metadata"]["name"], [0, 0, 0])
        room = node["status"].get("allocatable", {})
        if used[2] + 1 > int(room.get("pods", 110)):
            return "Too many pods"
        if used[0] + demand.cpu > milli(room.get("cpu", 0)):
            return "Insufficient cpu"
        if used[1] + demand.memory > milli(room.get("memory", 0)):
            return "Insufficient memory"
        return neighbours.refusal(node)

    def _volume_zones(self, pod: Object) -> set[str]:
        zones = set()
        for volume in pod["spec"].get("volumes") or ():
            claim = volume.get("persistentVolumeClaim")
            bound = claim and self.store.get(r.PERSISTENT_VOLUME_CLAIMS, pod["metadata"]["namespace"], claim["claimName"])
            name = bound["spec"].get("volumeName") if bound else None
            found = self.store.get(r.PERSISTENT_VOLUMES, "", name) if name else None
            if found is not None and ZONE_LABEL in found["metadata"].get("labels", {}):
                zones.add(found["metadata"]["labels"][ZONE_LABEL])
        return zones

    def _siblings(self, pod: Object) -> dict[str, int]:
        """How many active pods of the same owner each node and each zone has."""
        counts: dict[str, int] = {}
        owner = controller_of(pod)
        for sibling in self.pods.owned(owner["uid"]) if owner else ():
            host = sibling["spec"].get("nodeName")
            node = self.store.get(r.NODES, "", host) if host else None
            if node is not None and is_active(sibling):
                for place in (f"host/{host}", f"zone/{node['metadata'].get('labels', {}).get(ZONE_LABEL, '')}"):
                    counts[place] = counts.get(place, 0) + 1
        return counts

    def _cost(self, node: Object, siblings: dict[str, int], neighbours: Neighbours) -> tuple[Any, ...]:
        name, labels = node["metadata"]["name"], node["metadata"].get("labels", {})
        shunned = sum(1 for taint in node["spec"].get("taints") or () if taint["effect"] == "PreferNoSchedule")
        used, room = self._used.get(name, [0, 0, 0]), node["status"].get("allocatable", {})
        fullness = used[0] * 1_000 // max(1, milli(room.get("cpu", 1)))
        zone = labels.get(ZONE_LABEL, "")
        return (shunned, neighbours.cost(node), siblings.get(f"host/{name}", 0), siblings.get(f"zone/{zone}", 0), fullness, name)
