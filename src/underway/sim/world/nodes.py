"""Nodes and what happens around their end: the Node object, its Ready condition, silence, and the pods left behind.

Sources: pkg/kubelet/kubelet_node_status.go (registration); kubernetes pkg/controller/nodelifecycle (monitor grace period),
pkg/controller/podgc (40 s quarantine of a missing node). Heartbeats are modelled as absent: a node is silent exactly when
its machine is gone. What its condition then means for pods is for `node_lifecycle` and `taint_eviction` to say.
"""

from typing import Any

from underway.kube import resource as r
from underway.model.node import CONTROL_PLANE_LABEL, ZONE_LABEL
from underway.sim.apiserver.defaults import admitted
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, condition
from underway.sim.world.index import PodIndex

SILENCE_MS = 50_000  # --node-monitor-grace-period, 50 s since 1.32
ORPHAN_MS = 60_000  # podgc: 40 s quarantine, checked every 20 s


def node_object(name: str, zone: str, version: str, size: dict[str, str], labels: dict[str, str], now: str) -> Object:
    """A Node as its kubelet registers it and the API server admits it: not yet Ready, and tainted for as long."""
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
    taint = {"key": CONTROL_PLANE_LABEL, "effect": "NoSchedule"}  # as kubeadm gives it
    reserved = {"taints": [taint]} if CONTROL_PLANE_LABEL in labels else {}
    registered = {
        "metadata": {"name": name, "labels": {**labels, **marks}},
        "spec": {"providerID": f"sim:///{zone}/{name}", **reserved},
        "status": state,
    }
    return admitted("Node", registered)


def ready_status(node: Object) -> str:
    """The status of the node's Ready condition: True, False or Unknown, which is also what no condition means."""
    return next((str(c["status"]) for c in node["status"].get("conditions", ()) if c["type"] == "Ready"), "Unknown")


class Nodes(Controller):
    """What kubelets say of their nodes, what is noticed when they say nothing, and the pods of nodes that are gone."""

    name = "pod-garbage-collector"

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
            if node is not None and node["metadata"]["uid"] == uid:
                self.ready(name, ready=False, reason="NodeStatusUnknown", status="Unknown")

        self.queue.after(SILENCE_MS, missed)

    def _node_changed(self, change: Change) -> None:
        if change.type != "DELETED":
            return
        name = change.object["metadata"]["name"]

        def collect() -> None:
            if self.store.get(r.NODES, "", name) is None:
                for pod in self.pods.on_node(name):
                    self.registry.delete(r.PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], grace_s=0)

        self.queue.after(ORPHAN_MS, collect)
