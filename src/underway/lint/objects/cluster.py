"""Nodes, namespaces and small things of the core API. Source: core/v1, coordination/v1, rbac/v1 types.go."""

from underway.lint.objects.meta import LocalReference, Metadata, Object, ObjectReference
from underway.lint.objects.pod import PodTemplate
from underway.model.lease import LeaseSpec
from underway.model.meta import Condition, Model
from underway.model.node import NodeSpec


class NodeSystemInfo(Model, frozen=True):
    """What the kubelet reported of its machine."""

    kubelet_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    container_runtime_version: str = ""
    architecture: str = ""
    operating_system: str = ""


class ConfigSource(Model, frozen=True):
    """Dynamic kubelet configuration, which went in 1.24; old objects may still name it."""

    config_map: ObjectReference | None = None


class NodeSpecification(NodeSpec, frozen=True):
    """What is wanted of the node, and which ConfigMap it once took its configuration from."""

    config_source: ConfigSource | None = None


class NodeStatus(Model, frozen=True):
    """What the kubelet and the controllers reported."""

    conditions: tuple[Condition, ...] = ()
    node_info: NodeSystemInfo = NodeSystemInfo()
    allocatable: dict[str, str] = {}
    capacity: dict[str, str] = {}


class Node(Object, frozen=True):
    """A Node."""

    kind: str = "Node"
    spec: NodeSpecification = NodeSpecification()
    status: NodeStatus = NodeStatus()


class Namespace(Object, frozen=True):
    """A Namespace."""

    kind: str = "Namespace"
    metadata: Metadata = Metadata()


class ConfigMap(Object, frozen=True):
    """A ConfigMap, by its metadata: its data is never asked for."""

    kind: str = "ConfigMap"
    metadata: Metadata = Metadata()


class Secret(Object, frozen=True):
    """A Secret, by its metadata: its data is never asked for. type: known from manifests only."""

    kind: str = "Secret"
    metadata: Metadata = Metadata()
    type: str = ""


class ServiceAccount(Object, frozen=True):
    """A ServiceAccount."""

    kind: str = "ServiceAccount"
    metadata: Metadata = Metadata()
    secrets: tuple[ObjectReference, ...] = ()
    image_pull_secrets: tuple[LocalReference, ...] = ()


class PodTemplateObject(Object, frozen=True):
    """A PodTemplate that stands by itself."""

    kind: str = "PodTemplate"
    metadata: Metadata = Metadata()
    template: PodTemplate = PodTemplate()


class Event(Object, frozen=True):
    """Something that happened. Only warnings are read from a cluster."""

    kind: str = "Event"
    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int = 0
    last_timestamp: str | None = None
    event_time: str | None = None


class Lease(Object, frozen=True):
    """A Lease."""

    kind: str = "Lease"
    spec: LeaseSpec = LeaseSpec()


class PolicyRule(Model, frozen=True):
    """What may be done to what."""

    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()


class Role(Object, frozen=True):
    """A Role."""

    kind: str = "Role"
    metadata: Metadata = Metadata()
    rules: tuple[PolicyRule, ...] | None = ()


class ClusterRole(Object, frozen=True):
    """A ClusterRole."""

    kind: str = "ClusterRole"
    metadata: Metadata = Metadata()
    rules: tuple[PolicyRule, ...] | None = ()


class CustomResourceNames(Model, frozen=True):
    """The names of a custom resource."""

    kind: str = ""
    plural: str = ""


class CustomResourceVersion(Model, frozen=True):
    """One version of a custom resource."""

    name: str = ""
    served: bool = False
    storage: bool = False
    deprecated: bool = False


class ServiceReference(Model, frozen=True):
    """The Service behind a webhook or an aggregated API."""

    namespace: str = ""
    name: str = ""
    path: str = ""
    port: int | None = None


class WebhookClientConfig(Model, frozen=True):
    """Where a webhook is called."""

    url: str | None = None
    service: ServiceReference | None = None


class ConversionWebhook(Model, frozen=True):
    """The webhook that converts."""

    client_config: WebhookClientConfig | None = None


class Conversion(Model, frozen=True):
    """How versions are converted."""

    strategy: str = ""
    webhook: ConversionWebhook | None = None


class CustomResourceDefinitionSpec(Model, frozen=True):
    """Names, versions and conversion; schemas are left out."""

    group: str = ""
    names: CustomResourceNames = CustomResourceNames()
    versions: tuple[CustomResourceVersion, ...] = ()
    conversion: Conversion | None = None


class CustomResourceDefinitionStatus(Model, frozen=True):
    """stored_versions: what etcd may still hold."""

    stored_versions: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


class CustomResourceDefinition(Object, frozen=True):
    """A CustomResourceDefinition."""

    kind: str = "CustomResourceDefinition"
    metadata: Metadata = Metadata()
    spec: CustomResourceDefinitionSpec = CustomResourceDefinitionSpec()
    status: CustomResourceDefinitionStatus = CustomResourceDefinitionStatus()


class APIServiceSpec(Model, frozen=True):
    """An aggregated API; without service it is the API server's own."""

    group: str = ""
    version: str = ""
    service: ServiceReference | None = None


class APIServiceStatus(Model, frozen=True):
    """Whether it answers."""

    conditions: tuple[Condition, ...] = ()


class APIService(Object, frozen=True):
    """An APIService."""

    kind: str = "APIService"
    metadata: Metadata = Metadata()
    spec: APIServiceSpec = APIServiceSpec()
    status: APIServiceStatus = APIServiceStatus()
