"""Nodes. Source: core/v1 types.go (NodeSpec, NodeStatus); "Well-Known Labels, Annotations and Taints"."""

import msgspec

from underway.model.meta import Condition, Model, ObjectMeta

ZONE_LABEL = "topology.kubernetes.io/zone"
CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane"
EXCLUDE_FROM_LOAD_BALANCERS_LABEL = "node.kubernetes.io/exclude-from-external-load-balancers"
UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable"


class Taint(Model, frozen=True):
    """A taint; effect is NoSchedule, PreferNoSchedule or NoExecute."""

    key: str
    effect: str
    value: str = ""
    time_added: str = ""


class NodeSpec(Model, frozen=True):
    """What is wanted of the node."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()
    provider_id: str = msgspec.field(name="providerID", default="")


class NodeSystemInfo(Model, frozen=True):
    """What the kubelet reported of its machine."""

    kubelet_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    container_runtime_version: str = ""
    architecture: str = ""


class NodeStatus(Model, frozen=True):
    """What the kubelet and the controllers reported."""

    conditions: tuple[Condition, ...] = ()
    node_info: NodeSystemInfo = NodeSystemInfo()
    allocatable: dict[str, str] = {}
    capacity: dict[str, str] = {}


class Node(Model, frozen=True):
    """One node."""

    metadata: ObjectMeta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def name(self) -> str:
        """The node's name."""
        return self.metadata.name

    @property
    def zone(self) -> str:
        """The zone label, "" where there is none."""
        return self.metadata.labels.get(ZONE_LABEL, "")

    @property
    def ready(self) -> bool:
        """Whether the Ready condition is True; Unknown (kubelet silent) is not ready."""
        return any(condition.type == "Ready" and condition.status == "True" for condition in self.status.conditions)

    @property
    def is_control_plane(self) -> bool:
        """Whether it carries the control-plane role label."""
        return CONTROL_PLANE_LABEL in self.metadata.labels
