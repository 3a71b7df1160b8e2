"""The other kinds that rules read. Sources: types.go of core, policy, networking, storage, admissionregistration, discovery."""

from typing import Any

import msgspec

from underway.lint.objects.meta import AnyThing, Reference, Thing, WrittenMeta
from underway.model.meta import Condition, IntOrString, LabelSelector, Model
from underway.model.node import NodeSystemInfo, Taint


class NodeSpec(Model, frozen=True):
    """What is wanted of a node."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()
    provider_id: str = msgspec.field(name="providerID", default="")
    config_source: dict[str, Any] | None = None


class NodeStatus(Model, frozen=True):
    """What its kubelet reported."""

    conditions: tuple[Condition, ...] = ()
    node_info: NodeSystemInfo = NodeSystemInfo()
    allocatable: dict[str, str] = {}


class Node(Thing, frozen=True):
    """One node."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class ServicePort(Model, frozen=True):
    """A port of a Service."""

    name: str = ""
    port: int = 0
    target_port: int | str | None = None
    protocol: str = "TCP"


class ServiceSpec(Model, frozen=True):
    """What a Service selects and how it is reached."""

    type: str = "ClusterIP"
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    external_traffic_policy: str = ""
    publish_not_ready_addresses: bool = False


class Service(Thing, frozen=True):
    """One Service."""

    metadata: WrittenMeta = WrittenMeta()
    spec: ServiceSpec = ServiceSpec()


class BudgetSpec(Model, frozen=True):
    """A PodDisruptionBudget's specification."""

    min_available: IntOrString | None = None
    max_unavailable: IntOrString | None = None
    selector: LabelSelector | None = None
    unhealthy_pod_eviction_policy: str = ""


class BudgetStatus(Model, frozen=True):
    """What the disruption controller computed."""

    observed_generation: int = 0
    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    conditions: tuple[Condition, ...] = ()


class Budget(Thing, frozen=True):
    """One PodDisruptionBudget."""

    metadata: WrittenMeta = WrittenMeta()
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class ServiceAccount(Thing, frozen=True):
    """One ServiceAccount: the Secrets that it names."""

    metadata: WrittenMeta = WrittenMeta()
    secrets: tuple[Reference, ...] = ()
    image_pull_secrets: tuple[Reference, ...] = ()


class StorageClass(Thing, frozen=True):
    """One StorageClass."""

    metadata: WrittenMeta = WrittenMeta()
    provisioner: str = ""


class ClaimSpec(Model, frozen=True):
    """What a PersistentVolumeClaim asks for."""

    storage_class_name: str | None = None
    volume_name: str = ""
    access_modes: tuple[str, ...] = ()


class VolumeClaim(Thing, frozen=True):
    """One PersistentVolumeClaim."""

    metadata: WrittenMeta = WrittenMeta()
    spec: ClaimSpec = ClaimSpec()


class WebhookService(Model, frozen=True):
    """The Service behind a webhook."""

    namespace: str = ""
    name: str = ""
    path: str = ""
    port: int = 443


class ClientConfig(Model, frozen=True):
    """How a webhook is reached; its certificate is not read."""

    service: WebhookService | None = None
    url: str | None = None


class RuleWithOperations(Model, frozen=True):
    """What a webhook is asked about."""

    api_groups: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    scope: str = ""


class Webhook(Model, frozen=True):
    """One admission webhook."""

    name: str = ""
    client_config: ClientConfig = ClientConfig()
    failure_policy: str | None = None
    timeout_seconds: int | None = None
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    rules: tuple[RuleWithOperations, ...] = ()


class WebhookConfiguration(Thing, frozen=True):
    """A ValidatingWebhookConfiguration or a MutatingWebhookConfiguration."""

    metadata: WrittenMeta = WrittenMeta()
    webhooks: tuple[Webhook, ...] = ()


class Autoscaler(AnyThing, frozen=True):
    """A HorizontalPodAutoscaler."""


class EndpointSlice(Thing, frozen=True):
    """One EndpointSlice."""

    endpoints: tuple[dict[str, Any], ...] = ()
