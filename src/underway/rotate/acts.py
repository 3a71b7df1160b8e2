"""The requests of a rotation: each act of the driver as a value, safe to send twice.

Owns bodies, preconditions (UID, resourceVersion) and content types. It does not decide when an act is due.
Sources: "API-initiated eviction", "Server-side preconditions" (DeleteOptions), KEP-1669 for the load balancer label.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from underway.kube import request as q
from underway.kube import resource as r
from underway.kube.request import Request
from underway.kube.resource import Resource
from underway.model import timestamp
from underway.model.autoscaler import HorizontalPodAutoscaler
from underway.model.lease import Lease
from underway.model.meta import ObjectMeta
from underway.model.node import EXCLUDE_FROM_LOAD_BALANCERS_LABEL, Node
from underway.model.pod import Pod
from underway.model.workload import Workload
from underway.rotate.long_work import CHECKPOINT_REQUESTED
from underway.rotate.record import (
    ALL,
    LEASE_LABELS,
    LEASE_NAMESPACE,
    OUTDATED_TAINT,
    PROTECTED,
    SUCCESSOR,
    Record,
    annotations_of,
    as_label,
    ours_of_hands_off,
    succession_of,
)

LEASE_S = 5.0  # for the answer to a renewal: as long as until the next one is due
PROBE_S = 4.0  # for the answer of /readyz: no longer than until it is asked again


def _node_patch(request_id: int, node: Node, metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> Request:
    # The uid and the resourceVersion make the patch a compare-and-swap: 409 if the node is another or has changed.
    body: dict[str, Any] = {"metadata": {"uid": node.metadata.uid, "resourceVersion": node.metadata.resource_version, **metadata}}
    if spec:
        body["spec"] = dict(spec)
    return _merge_patch(request_id, r.NODES, node.metadata, body)


def _merge_patch(request_id: int, resource: Resource, of: ObjectMeta, body: dict[str, Any], subresource: str = "") -> Request:
    return Request(
        id=request_id,
        verb="patch",
        resource=resource,
        namespace=of.namespace,
        name=of.name,
        subresource=subresource,
        body=body,
        content_type=q.MERGE_PATCH,
        query=FIELD_MANAGER,
    )


def is_written(request: Request, found: Node | Lease) -> bool:
    """Whether an object shows what a write of ours asked for, in annotations, labels and spec (RFC 7386, JSON Merge Patch)."""
    body, shown = request.body, msgspec.json.decode(msgspec.json.encode(found))
    asked = {
        "metadata": {part: body["metadata"].get(part, {}) for part in ("annotations", "labels")},
        "spec": body.get("spec", {}),
    }
    return _is_merged(asked, shown)


def _is_merged(patch: Any, value: Any) -> bool:
    if isinstance(patch, Mapping):
        return all(_is_merged(wanted, (value or {}).get(key)) for key, wanted in patch.items())
    return (patch or None) == (value or None)  # unschedulable false is left out by the server


FIELD_MANAGER = (("fieldManager", "underway"),)


def write_record(request_id: int, node: Node, record: Record, *, closed: bool | None) -> Request:
    """Write a record on a node. closed: cordon it and take it out of load balancers, undo both, or leave them as they are."""
    metadata: dict[str, Any] = {"annotations": annotations_of(record)}
    spec: dict[str, Any] = {}
    if closed is not None:
        metadata["labels"] = {EXCLUDE_FROM_LOAD_BALANCERS_LABEL: "true" if closed else None}
        spec["unschedulable"] = closed
    return _node_patch(request_id, node, metadata, spec)


def erase_record(request_id: int, node: Node, record: Record) -> Request:
    """Take the record off a node that is not in hand any more, and what kept others from it."""
    return _node_patch(request_id, node, {"annotations": dict.fromkeys((*ALL, *record.protected))}, {})


def keep_successor(request_id: int, node: Node, key: str) -> Request:
    """Keep autoscalers from the Node of a new machine, which is empty still. key: of the machine."""
    ours = ours_of_hands_off(node)
    annotations = {SUCCESSOR: key, PROTECTED: ",".join(ours) or None, **dict.fromkeys(ours, "true")}
    return _node_patch(request_id, node, {"annotations": annotations}, {})


def let_go_of_successor(request_id: int, node: Node) -> Request:
    """Leave it to them again; what somebody else had written stays."""
    succession = succession_of(node)
    ours = succession.protected if succession is not None else ()
    return _node_patch(request_id, node, {"annotations": dict.fromkeys((SUCCESSOR, PROTECTED, *ours))}, {})


def mark_outdated(request_id: int, node: Node) -> Request:
    """Taint an old node PreferNoSchedule, so that evicted pods go to new ones and move only once.

    The taint's value is the kubelet's version: whoever looks later sees that a node was upgraded in place meanwhile.
    """
    taint = {"key": OUTDATED_TAINT, "value": as_label(node.status.node_info.kubelet_version), "effect": "PreferNoSchedule"}
    return _node_patch(request_id, node, {}, {"taints": [*map(msgspec.to_builtins, node.spec.taints), taint]})


def unmark_outdated(request_id: int, node: Node) -> Request:
    """Take the taint off again."""
    kept = [msgspec.to_builtins(taint) for taint in node.spec.taints if taint.key != OUTDATED_TAINT]
    return _node_patch(request_id, node, {}, {"taints": kept})


def is_marked(node: Node) -> bool:
    """Whether the node carries the taint."""
    return any(taint.key == OUTDATED_TAINT for taint in node.spec.taints)


def evict(request_id: int, pod: Pod, grace_s: int | None) -> Request:
    """Evict one pod, that very one (UID). grace_s: shorter than the pod's own, or None for its own."""
    if grace_s is not None and grace_s < 1:
        raise ValueError("a grace period of 0 kills a pod without telling its node; 1 s is the least")
    options: dict[str, Any] = {"preconditions": {"uid": pod.metadata.uid}}
    if grace_s is not None:
        options["gracePeriodSeconds"] = grace_s
    body = {
        "apiVersion": r.EVICTION_API_VERSION,
        "kind": "Eviction",
        "metadata": {"name": pod.metadata.name, "namespace": pod.metadata.namespace},
        "deleteOptions": options,
    }
    return Request(
        id=request_id,
        verb="create",
        resource=r.PODS,
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        subresource="eviction",
        body=body,
    )


def delete_pod(request_id: int, pod: Pod, grace_s: int | None) -> Request:
    """Delete one pod, that very one (UID), without asking its budget. grace_s: as in `evict`; a pod's own 0 becomes 1."""
    own_s = pod.spec.termination_grace_period_seconds
    if grace_s is None and own_s is not None and own_s < 1:
        grace_s = 1
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": pod.metadata.uid}}
    if grace_s is not None:
        body["gracePeriodSeconds"] = max(1, grace_s)
    namespace, name = pod.metadata.namespace, pod.metadata.name
    return Request(id=request_id, verb="delete", resource=r.PODS, namespace=namespace, name=name, body=body)


def request_checkpoint(request_id: int, pod: Pod, now_ms: int) -> Request:
    """Ask one pod, that very one (UID), to save its work."""
    metadata = {"uid": pod.metadata.uid, "annotations": {CHECKPOINT_REQUESTED: timestamp.format_micro(now_ms)}}
    return _merge_patch(request_id, r.PODS, pod.metadata, {"metadata": metadata})


def scale(request_id: int, deployment: Workload, replicas: int) -> Request:
    """Give a Deployment so many replicas, if it is still as we know it."""
    metadata = {"resourceVersion": deployment.metadata.resource_version}
    body = {"metadata": metadata, "spec": {"replicas": replicas}}
    return _merge_patch(request_id, r.DEPLOYMENTS, deployment.metadata, body, "scale")


def set_min_replicas(request_id: int, autoscaler: HorizontalPodAutoscaler, replicas: int) -> Request:
    """Let an autoscaler give its target so many replicas at least, if it is still as we know it."""
    metadata = {"uid": autoscaler.metadata.uid, "resourceVersion": autoscaler.metadata.resource_version}
    body = {"metadata": metadata, "spec": {"minReplicas": replicas}}
    return _merge_patch(request_id, r.HORIZONTAL_POD_AUTOSCALERS, autoscaler.metadata, body)


def list_autoscalers(request_id: int, namespace: str) -> Request:
    """Ask which autoscalers a namespace has."""
    return Request(id=request_id, verb="list", resource=r.HORIZONTAL_POD_AUTOSCALERS, namespace=namespace)


def delete_node(request_id: int, node: Node) -> Request:
    """Delete the Node object of a machine that is gone."""
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": node.metadata.uid}}
    return Request(id=request_id, verb="delete", resource=r.NODES, name=node.name, body=body)


def probe_readyz(request_id: int) -> Request:
    """Ask the API server how it is. One that takes longer than PROBE_S is as good as none."""
    return Request(id=request_id, verb="get", raw_path="/readyz", query=(("verbose", "true"),), timeout_s=PROBE_S)


def probe_version(request_id: int) -> Request:
    """Ask the API server for its version."""
    return Request(id=request_id, verb="get", raw_path="/version", timeout_s=10.0)


def create_lease(request_id: int, name: str, spec: Mapping[str, Any], annotations: Mapping[str, str | None]) -> Request:
    """Create the rotation's Lease, held by us."""
    metadata = {
        "name": name,
        "namespace": LEASE_NAMESPACE,
        "labels": LEASE_LABELS,
        "annotations": {key: value for key, value in annotations.items() if value is not None},
    }
    body = {"apiVersion": r.LEASES.api_version, "kind": "Lease", "metadata": metadata, "spec": dict(spec)}
    return Request(
        id=request_id,
        verb="create",
        resource=r.LEASES,
        namespace=LEASE_NAMESPACE,
        body=body,
        query=FIELD_MANAGER,
        timeout_s=LEASE_S,
    )


def patch_lease(request_id: int, lease: Lease, spec: Mapping[str, Any], annotations: Mapping[str, str | None]) -> Request:
    """Change the rotation's Lease, if it is still as we know it."""
    metadata: dict[str, Any] = {"resourceVersion": lease.metadata.resource_version}
    if annotations:
        metadata["annotations"] = dict(annotations)
    body: dict[str, Any] = {"metadata": metadata}
    if spec:
        body["spec"] = dict(spec)
    return Request(
        id=request_id,
        verb="patch",
        resource=r.LEASES,
        namespace=LEASE_NAMESPACE,
        name=lease.metadata.name,
        body=body,
        content_type=q.MERGE_PATCH,
        query=FIELD_MANAGER,
        timeout_s=LEASE_S,
    )


def delete_lease(request_id: int, lease: Lease) -> Request:
    """Delete the Lease of a rotation that is no more."""
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": lease.metadata.uid}}
    return Request(
        id=request_id,
        verb="delete",
        resource=r.LEASES,
        namespace=LEASE_NAMESPACE,
        name=lease.metadata.name,
        body=options,
    )


def holding(identity: str, now_ms: int, duration_s: int, *, acquired: bool, transitions: int) -> dict[str, Any]:
    """The Lease spec of a holder. acquired: whether this write takes the lease, else it renews it."""
    spec: dict[str, Any] = {
        "holderIdentity": identity,
        "leaseDurationSeconds": duration_s,
        "renewTime": timestamp.format_micro(now_ms),
    }
    if acquired:
        spec |= {"acquireTime": timestamp.format_micro(now_ms), "leaseTransitions": transitions}
    return spec
