"""Which nodes a Rotation speaks of, and which of them are out of date, with the reason."""

from collections.abc import Mapping

from underway.model import timestamp
from underway.model.duration import seconds
from underway.model.node import Node
from underway.model.selector import matches
from underway.model.snapshot import Snapshot
from underway.rotate.spec import RULED, Nodes, RotationSpec, Target


def selected(node: Node, nodes: Nodes) -> bool:
    """Whether the Rotation speaks of the node. Without a selector: every node that is not of the control plane."""
    labels = node.metadata.labels
    if nodes.exclude is not None and matches(nodes.exclude, labels):
        return False
    return not node.is_control_plane if nodes.selector is None else matches(nodes.selector, labels)


def outdated(node: Node, target: Target, now_ms: int, drift: Mapping[str, str]) -> str:
    """Why the node is not up to date, or "" if it is. drift: as in Snapshot."""
    info = node.status.node_info
    if target.kubelet_version and info.kubelet_version != target.kubelet_version:
        return f"kubelet {info.kubelet_version or 'unknown'}, wanted {target.kubelet_version}"
    if target.os_image and info.os_image != target.os_image:
        return f"OS image {info.os_image or 'unknown'}, wanted {target.os_image}"
    if target.max_age and node.metadata.creation_timestamp:
        age_s = (now_ms - timestamp.parse(node.metadata.creation_timestamp)) / timestamp.MILLISECONDS
        if age_s > seconds(target.max_age):
            return f"older than {target.max_age}"
    if target.expression:
        from underway.rotate.expressions import unmet  # late: most Rotations have none

        found = unmet(target.expression, node)
        if found:
            return found
    return f"drifted: {drift[node.name]}" if target.drifted and drift.get(node.name) else ""


def asks_first(spec: RotationSpec) -> bool:
    """Whether the machine provider has to be heard before anything is judged: of drift, or of rules that its machines carry."""
    return spec.target.drifted or spec.machines.provider in RULED


def selected_nodes(snapshot: Snapshot, spec: RotationSpec) -> list[Node]:
    """The nodes that the Rotation speaks of, by name."""
    return [node for node in snapshot.nodes.values() if selected(node, spec.nodes)]
