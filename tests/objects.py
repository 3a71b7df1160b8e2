"""Small objects for tests, as the API would send them."""

from typing import Any

from underway.model import decode
from underway.model.disruption import PodDisruptionBudget
from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot, snapshot_of

OLD, NEW = "v1.36.4", "v1.37.2"


def node(name: str, version: str = OLD, zone: str = "a", *, ready: str = "True", **spec: Any) -> Node:
    """A node; annotations and labels may be given."""
    annotations, labels = spec.pop("annotations", {}), spec.pop("labels", {})
    metadata = {
        "name": name,
        "uid": f"uid-{name}",
        "resourceVersion": "1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "annotations": annotations,
        "labels": {"topology.kubernetes.io/zone": zone, **labels},
    }
    condition = {"type": "Ready", "status": ready, "reason": "Test", "lastTransitionTime": "2026-01-01T00:01:00Z"}
    status = {"conditions": [condition], "nodeInfo": {"kubeletVersion": version}}
    found: Node = decode.from_values("Node", {"metadata": metadata, "spec": spec, "status": status})
    return found


def pod(name: str, on: str, app: str = "web", *, owner: str = "ReplicaSet", ready: bool = True, **extra: Any) -> Pod:
    """A Running pod. owner "": none; extra: metadata, spec, phase."""
    metadata = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "resourceVersion": "1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app": app},
        "ownerReferences": [{"kind": owner, "name": app, "uid": f"uid-{app}", "controller": True}] if owner else [],
        **extra.get("metadata", {}),
    }
    spec = {"nodeName": on, "containers": [{"name": "app"}], **extra.get("spec", {})}
    condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": "2026-01-01T00:00:10Z"}
    status = {"phase": extra.get("phase", "Running"), "conditions": [condition]}
    found: Pod = decode.from_values("Pod", {"metadata": metadata, "spec": spec, "status": status})
    return found


def control_plane(name: str, version: str = OLD, **given: Any) -> Node:
    """A node of the control plane."""
    return node(name, version, labels={"node-role.kubernetes.io/control-plane": ""}, **given)


def etcd(on: str, *, ready: bool = True) -> Pod:
    """The member of etcd on a node, as kubeadm runs it."""
    metadata = {"namespace": "kube-system", "labels": {"component": "etcd"}, "annotations": {"kubernetes.io/config.mirror": on}}
    return pod(f"etcd-{on}", on, ready=ready, owner="", metadata=metadata)


def budget(
    name: str = "web", *, allowed: int = 1, expected: int = 4, healthy: int | None = None, **spec: Any
) -> PodDisruptionBudget:
    """A budget over the pods with label app=NAME."""
    given = spec or {"maxUnavailable": 1}
    selector = {"matchLabels": {"app": name}}
    status = {
        "disruptionsAllowed": allowed,
        "expectedPods": expected,
        "currentHealthy": expected if healthy is None else healthy,
        "desiredHealthy": expected - 1,
        "observedGeneration": 1,
    }
    metadata = {"name": name, "namespace": "shop", "generation": 1, "resourceVersion": "1"}
    body = {"metadata": metadata, "spec": {"selector": selector, **given}, "status": status}
    found: PodDisruptionBudget = decode.from_values("PodDisruptionBudget", body)
    return found


def cluster(*objects: Any) -> Snapshot:
    """A snapshot of these objects."""
    by_kind: dict[str, list[Any]] = {}
    for value in objects:
        kind = getattr(value, "kind", "") or type(value).__name__
        by_kind.setdefault(kind, []).append(value)
    return snapshot_of(by_kind)
