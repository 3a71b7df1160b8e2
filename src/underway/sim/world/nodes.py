"""Nodes and what happens around their end: the Node object, its Ready condition, silence, and the pods left behind.

Sources: kubernetes pkg/controller/nodelifecycle (monitor grace period), pkg/controller/tainteviction, pkg/controller/podgc
(40 s quarantine of a missing node). Heartbeats are modelled as absent: a node is silent exactly when its machine is gone.
"""

from typing import Any

from underway.kube import resource as r
from underway.model.node import ZONE_LABEL
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, condition
from underway.sim.world.index import PodIndex

SILENCE_MS = 50_000  # --node-monitor-grace-period, 50 s since 1.32
ORPHAN_MS = 60_000  # podgc: 40 s quarantine, checked every 20 s
UNREACHABLE = "node.kubernetes.io/unreachable"


def node_object(name: str, zone: str, version: str, size: dict[str, str], labels: dict[str, str], now: str) -> Object:
    """A Node as its kubelet registers it, not yet Ready."""
    marks = {"kubernetes.io/hostname": name, ZONE_LABEL: zone, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    info = {
        "kubeletVersion": version,
        "osImage": "Underway Embedded 1.0",
        "kernelVersion": "6.12.0",
        "containerRuntimeVersion": "containerd://2.1.4",
        "architecture": "amd64",
        "operatingSystem": "linux",
    }
    address = [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": "192.0.2.1"}]
    state: dict[str, Any] = {"capacity": size, "allocatable": size, "nodeInfo": info, "addresses": address}
    state["conditions"] = [condition("Ready", False, now, "KubeletNotReady", "container runtime network not ready")]
    return {
        "metadata": {"name": name, "labels": {**labels, **marks}},
        "spec": {"providerID": f"sim:///{zone}/{name}"},
        "status": state,
    }


class Nodes(Controller):
    """The node lifecycle controller, taint eviction and pod garbage collection."""

    name = "node-lifecycle-controller"

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed)
        self.pods = pods
        self.store.subscribe(r.NODES, self._node_changed)

    def ready(self, name: str, *, ready: bool, reason: str = "KubeletReady", status: str = "") -> None:
        """Set the Ready condition of a node."""
        now = self.registry.now()

        def change(node: Object) -> Object:
            others = [c for c in node["status"].get("conditions", ()) if c["type"] != "Ready"]
            found = condition("Ready", ready, now, reason)
            return {**node, "status": {**node["status"], "conditions": [*others, {**found, "status": status or found["status"]}]}}

        self.registry.mutate(r.NODES, "", name, change, "status")

    def silent(self, name: str, uid: str) -> None:
        """The machine of a node is gone: its kubelet will be missed after the grace period."""

        def missed() -> None:
            node = self.store.get(r.NODES, "", name)
            if node is None or node["metadata"]["uid"] != uid:
                return
            self.ready(name, ready=False, reason="NodeStatusUnknown", status="Unknown")
            taints = [{"key": UNREACHABLE, "effect": effect} for effect in ("NoSchedule", "NoExecute")]
            self.registry.mutate(
                r.NODES,
                "",
                name,
                lambda now: {**now, "spec": {**now["spec"], "taints": [*(now["spec"].get("taints") or ()), *taints]}},
            )
            for pod in self.pods.on_node(name):
                self._mark_not_ready(pod)
                self._evict_later(pod)

        self.queue.after(SILENCE_MS, missed)

    def _mark_not_ready(self, pod: Object) -> None:
        """Nobody vouches for the pods of a silent node. Source: pkg/controller/util/node (MarkPodsNotReady)."""
        now = self.registry.now()

        def change(value: Object) -> Object:
            conditions = [c for c in value["status"].get("conditions", ()) if c["type"] != "Ready"]
            return {**value, "status": {**value["status"], "conditions": [*conditions, condition("Ready", False, now)]}}

        self.registry.mutate(r.PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], change, "status")

    def _evict_later(self, pod: Object) -> None:
        """Taint eviction: delete the pod when its toleration of the silence ends; none, and it goes at once."""
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        tolerations = [t for t in pod["spec"].get("tolerations") or () if t.get("key") in (None, "", UNREACHABLE)]
        tolerations = [t for t in tolerations if t.get("effect") in (None, "", "NoExecute")]
        if any("tolerationSeconds" not in t for t in tolerations):
            return
        delay_ms = min((t["tolerationSeconds"] for t in tolerations), default=0) * 1_000

        def gone() -> None:
            current = self.store.get(r.PODS, *key)
            if current is not None and current["metadata"]["uid"] == pod["metadata"]["uid"]:
                self.registry.delete(r.PODS, *key)

        self.queue.after(delay_ms, gone)

    def _node_changed(self, change: Change) -> None:
        if change.type != "DELETED":
            return
        name = change.object["metadata"]["name"]

        def collect() -> None:
            if self.store.get(r.NODES, "", name) is None:
                for pod in self.pods.on_node(name):
                    self.registry.delete(r.PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], grace_s=0)

        self.queue.after(ORPHAN_MS, collect)
