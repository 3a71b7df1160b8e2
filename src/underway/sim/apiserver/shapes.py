"""The types of the fields that the embedded world reads, for the kinds that clients create.

Owns shapes alone: what is not named here is stored as it comes, because nobody computes with it. Which fields are required
and which values make sense is `sim.apiserver.validation`'s. Names are the API's own. Source: k8s.io/api types.go.
"""

from typing import Any

import msgspec

Labels = dict[str, str]
Quantities = dict[str, str | int | float]
AnyMap = dict[str, Any]


class Shape(msgspec.Struct, frozen=True, rename="camel"):
    """The base of all: camelCase in JSON, every field may be left out."""


class Metadata(Shape, frozen=True):
    """ObjectMeta."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: Labels | None = None
    annotations: Labels | None = None
    finalizers: list[str] | None = None
    owner_references: list[AnyMap] | None = None
    managed_fields: list[AnyMap] | None = None


class Selector(Shape, frozen=True):
    """LabelSelector."""

    match_labels: Labels | None = None
    match_expressions: list[AnyMap] | None = None


class Resources(Shape, frozen=True):
    """ResourceRequirements."""

    requests: Quantities | None = None
    limits: Quantities | None = None


class Sleep(Shape, frozen=True):
    """SleepAction."""

    seconds: int = 0


class Hook(Shape, frozen=True):
    """LifecycleHandler."""

    sleep: Sleep | None = None
    exec: AnyMap | None = None
    http_get: AnyMap | None = None


class Hooks(Shape, frozen=True):
    """Lifecycle."""

    pre_stop: Hook | None = None
    post_start: Hook | None = None


class Container(Shape, frozen=True):
    """A container."""

    name: str = ""
    image: str = ""
    resources: Resources | None = None
    lifecycle: Hooks | None = None
    ports: list[AnyMap] | None = None
    env: list[AnyMap] | None = None


class Claim(Shape, frozen=True):
    """PersistentVolumeClaimVolumeSource."""

    claim_name: str = ""


class Volume(Shape, frozen=True):
    """A volume."""

    name: str = ""
    persistent_volume_claim: Claim | None = None
    empty_dir: AnyMap | None = None


class AffinityTerm(Shape, frozen=True):
    """PodAffinityTerm."""

    topology_key: str = ""
    label_selector: Selector | None = None


class PodAffinity(Shape, frozen=True):
    """PodAffinity and PodAntiAffinity."""

    required_during_scheduling_ignored_during_execution: list[AffinityTerm] | None = None
    preferred_during_scheduling_ignored_during_execution: list[AnyMap] | None = None


class Affinity(Shape, frozen=True):
    """Affinity."""

    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None
    node_affinity: AnyMap | None = None


class Toleration(Shape, frozen=True):
    """A toleration."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class PodSpec(Shape, frozen=True):
    """A pod's spec."""

    node_name: str = ""
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    volumes: list[Volume] | None = None
    tolerations: list[Toleration] | None = None
    node_selector: Labels | None = None
    affinity: Affinity | None = None
    restart_policy: str = ""
    termination_grace_period_seconds: int | None = None
    topology_spread_constraints: list[AnyMap] | None = None
    priority: int | None = None
    readiness_gates: list[AnyMap] | None = None


class Template(Shape, frozen=True):
    """PodTemplateSpec."""

    metadata: Metadata | None = None
    spec: PodSpec | None = None


class ClaimSpec(Shape, frozen=True):
    """PersistentVolumeClaimSpec."""

    access_modes: list[str] | None = None
    resources: Resources | None = None
    storage_class_name: str | None = None
    volume_name: str = ""


class ClaimTemplate(Shape, frozen=True):
    """PersistentVolumeClaim."""

    metadata: Metadata | None = None
    spec: ClaimSpec | None = None


class WorkloadSpec(Shape, frozen=True):
    """What Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs have in their spec."""

    replicas: int | None = None
    completions: int | None = None
    parallelism: int | None = None
    min_ready_seconds: int | None = None
    selector: Selector | None = None
    template: Template | None = None
    strategy: AnyMap | None = None
    update_strategy: AnyMap | None = None
    service_name: str = ""
    pod_management_policy: str = ""
    volume_claim_templates: list[ClaimTemplate] | None = None
    suspend: bool | None = None


class Port(Shape, frozen=True):
    """ServicePort."""

    port: int
    name: str = ""
    protocol: str = ""
    target_port: int | str | None = None
    node_port: int | None = None


class ServiceSpec(Shape, frozen=True):
    """A Service's spec."""

    ports: list[Port] | None = None
    selector: Labels | None = None
    type: str = ""
    cluster_ip: str | None = msgspec.field(name="clusterIP", default=None)


class BudgetSpec(Shape, frozen=True):
    """A PodDisruptionBudget's spec."""

    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    selector: Selector | None = None
    unhealthy_pod_eviction_policy: str = ""


class Taint(Shape, frozen=True):
    """A taint."""

    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Shape, frozen=True):
    """A Node's spec."""

    taints: list[Taint] | None = None
    unschedulable: bool | None = None
    provider_id: str = msgspec.field(name="providerID", default="")


class NodeStatus(Shape, frozen=True):
    """A Node's status."""

    capacity: Quantities | None = None
    allocatable: Quantities | None = None
    conditions: list[AnyMap] | None = None
    addresses: list[AnyMap] | None = None
    node_info: AnyMap | None = None


class DefinitionVersion(Shape, frozen=True):
    """CustomResourceDefinitionVersion."""

    name: str
    served: bool
    storage: bool
    schema: AnyMap | None = None
    subresources: AnyMap | None = None
    additional_printer_columns: list[AnyMap] | None = None


class DefinitionNames(Shape, frozen=True):
    """CustomResourceDefinitionNames."""

    plural: str = ""
    kind: str = ""
    singular: str = ""
    short_names: list[str] | None = None
    categories: list[str] | None = None


class DefinitionSpec(Shape, frozen=True):
    """CustomResourceDefinitionSpec."""

    group: str = ""
    scope: str = ""
    names: DefinitionNames | None = None
    versions: list[DefinitionVersion] | None = None


SPECS: dict[str, type[Shape]] = {
    "Pod": PodSpec,
    "Service": ServiceSpec,
    "PodDisruptionBudget": BudgetSpec,
    "Node": NodeSpec,
    "PersistentVolumeClaim": ClaimSpec,
    "CustomResourceDefinition": DefinitionSpec,
    **dict.fromkeys(("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"), WorkloadSpec),
}
STATUSES: dict[str, type[Shape]] = {"Node": NodeStatus}


class _Data(Shape, frozen=True):
    """A ConfigMap."""

    data: Labels | None = None


def _shape(kind: str) -> type[msgspec.Struct]:
    """The shape of a whole object of a kind, made once."""
    if kind not in _SHAPES:
        fields = {"metadata": Metadata, "spec": SPECS.get(kind, AnyMap), "status": STATUSES.get(kind, AnyMap)}
        _SHAPES[kind] = msgspec.defstruct("Object", [(name, type_ | None, None) for name, type_ in fields.items()])
    return _SHAPES[kind]


_SHAPES: dict[str, type[msgspec.Struct]] = {}


def convert(kind: str, value: dict[str, Any]) -> None:
    """Raise msgspec.ValidationError, its path beginning at the object, if a field has another type than the API gives it."""
    msgspec.convert(value, _shape(kind))
    if kind == "ConfigMap":
        msgspec.convert(value, _Data)


def without_nulls(value: Any) -> Any:
    """A built-in object as the real server keeps it: a null is a field that is not there."""
    if isinstance(value, dict):
        return {key: without_nulls(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [without_nulls(part) for part in value]
    return value
