"""Pods and what is inside them. Source: core/v1 types.go (PodSpec, Container, PodStatus)."""

from typing import Any

import msgspec

from underway.lint.objects.meta import LocalReference, Object
from underway.model.meta import Condition, IntOrString, LabelSelector, Model

Amount = str | int | float


class ResourceRequirements(Model, frozen=True):
    """Requests and limits, as quantities."""

    requests: dict[str, Amount] = {}
    limits: dict[str, Amount] = {}
    claims: tuple[LocalReference, ...] = ()


class SecurityContext(Model, frozen=True):
    """Privileges of a container, or of a whole pod."""

    privileged: bool | None = None
    run_as_non_root: bool | None = None
    run_as_user: int | None = None


class ContainerPort(Model, frozen=True):
    """A port that a container declares."""

    container_port: int = 0
    name: str = ""
    protocol: str = "TCP"
    host_port: int = 0


class KeySelector(Model, frozen=True):
    """One key of a ConfigMap or a Secret."""

    name: str = ""
    key: str = ""
    optional: bool | None = None


class EnvVarSource(Model, frozen=True):
    """Where the value of a variable comes from."""

    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None


class EnvVar(Model, frozen=True):
    """A variable; a literal value may be a password, so it is not decoded."""

    name: str = ""
    value_from: EnvVarSource | None = None


class EnvFromSource(Model, frozen=True):
    """All variables of a ConfigMap or a Secret."""

    config_map_ref: LocalReference | None = None
    secret_ref: LocalReference | None = None


class ExecAction(Model, frozen=True):
    """A command in the container."""

    command: tuple[str, ...] = ()


class HTTPHeader(Model, frozen=True):
    """A header of a probe."""

    name: str = ""
    value: str = ""


class HTTPGetAction(Model, frozen=True):
    """A request to the container."""

    path: str = ""
    port: IntOrString = 0
    host: str = ""
    scheme: str = "HTTP"
    http_headers: tuple[HTTPHeader, ...] = ()


class TCPSocketAction(Model, frozen=True):
    """A connection to the container."""

    port: IntOrString = 0
    host: str = ""


class GRPCAction(Model, frozen=True):
    """A gRPC health check."""

    port: int = 0
    service: str | None = None


class SleepAction(Model, frozen=True):
    """A hook that only waits (KEP-3960)."""

    seconds: int = 0


class LifecycleHandler(Model, frozen=True):
    """A hook; tcpSocket never did anything here."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    sleep: SleepAction | None = None


class Lifecycle(Model, frozen=True):
    """Hooks of a container, and its stop signal (KEP-4960)."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str = ""


class Probe(Model, frozen=True):
    """A probe with the API's defaults. Source: core/v1 defaults.go SetDefaults_Probe."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    grpc: GRPCAction | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    success_threshold: int = 1
    failure_threshold: int = 3
    termination_grace_period_seconds: int | None = None


class Container(Model, frozen=True):
    """A container, plain, initial or native sidecar (initial with restartPolicy Always)."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    resources: ResourceRequirements = ResourceRequirements()
    security_context: SecurityContext | None = None
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    restart_policy: str = ""

    @property
    def pre_stop(self) -> LifecycleHandler | None:
        """Its hook before the end."""
        return self.lifecycle.pre_stop if self.lifecycle is not None else None


class PersistentVolumeClaimVolume(Model, frozen=True):
    """A volume that outlives the pod."""

    claim_name: str = ""


class SecretVolume(Model, frozen=True):
    """A Secret as files."""

    secret_name: str = ""


class VolumeProjection(Model, frozen=True):
    """One source of a projected volume."""

    secret: LocalReference | None = None
    config_map: LocalReference | None = None


class ProjectedVolume(Model, frozen=True):
    """Several sources as one volume."""

    sources: tuple[VolumeProjection, ...] = ()


class CSIVolume(Model, frozen=True):
    """An inline volume of a CSI driver."""

    driver: str = ""
    node_publish_secret_ref: LocalReference | None = None


class HostPathVolume(Model, frozen=True):
    """A path of the node."""

    path: str = ""
    type: str = ""


class Volume(Model, frozen=True):
    """A volume; only the sources that rules tell apart."""

    name: str = ""
    empty_dir: dict[str, Any] | None = None
    host_path: HostPathVolume | None = None
    persistent_volume_claim: PersistentVolumeClaimVolume | None = None
    config_map: LocalReference | None = None
    secret: SecretVolume | None = None
    projected: ProjectedVolume | None = None
    csi: CSIVolume | None = None
    ephemeral: dict[str, Any] | None = None


class Toleration(Model, frozen=True):
    """A toleration."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class ReadinessGate(Model, frozen=True):
    """A condition that somebody else sets before the pod counts as ready."""

    condition_type: str = ""


class TopologySpreadConstraint(Model, frozen=True):
    """How pods spread."""

    max_skew: int = 1
    topology_key: str = ""
    when_unsatisfiable: str = ""
    label_selector: LabelSelector | None = None


class OperatingSystem(Model, frozen=True):
    """linux or windows."""

    name: str = ""


class PodSpec(Model, frozen=True):
    """What is wanted of a pod."""

    node_name: str = ""
    termination_grace_period_seconds: int | None = None
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    node_selector: dict[str, str] = {}
    affinity: dict[str, Any] | None = None
    priority: int | None = None
    priority_class_name: str = ""
    host_network: bool = False
    security_context: SecurityContext | None = None
    share_process_namespace: bool = False
    restart_policy: str = ""
    service_account_name: str = ""
    image_pull_secrets: tuple[LocalReference, ...] = ()
    readiness_gates: tuple[ReadinessGate, ...] = ()
    topology_spread_constraints: tuple[TopologySpreadConstraint, ...] = ()
    os: OperatingSystem | None = None
    resources: ResourceRequirements = ResourceRequirements()
    overhead: dict[str, Amount] = {}


class TemplateMeta(Model, frozen=True):
    """Labels and annotations of the pods to be; servers before 1.34 write a null creationTimestamp beside them."""

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class PodTemplate(Model, frozen=True):
    """The pods that a workload makes."""

    metadata: TemplateMeta = TemplateMeta()
    spec: PodSpec = PodSpec()


class RunningState(Model, frozen=True):
    """Since when it runs."""

    started_at: str = ""


class WaitingState(Model, frozen=True):
    """Why it does not."""

    reason: str = ""


class TerminatedState(Model, frozen=True):
    """How it ended."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    started_at: str = ""
    finished_at: str = ""


class ContainerState(Model, frozen=True):
    """One of the three."""

    running: RunningState | None = None
    waiting: WaitingState | None = None
    terminated: TerminatedState | None = None


class ContainerStatus(Model, frozen=True):
    """What the kubelet reported of a container."""

    name: str = ""
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()
    stop_signal: str = ""


class PodStatus(Model, frozen=True):
    """What the kubelet reported."""

    phase: str = ""
    reason: str = ""
    start_time: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object, frozen=True):
    """One pod. Its managers are left out: there is one version of Pod, and there may be a hundred thousand pods."""

    kind: str = "Pod"
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> bool:
        """Whether the Ready condition is True."""
        return any(condition.type == "Ready" and condition.status == "True" for condition in self.status.conditions)

    @property
    def finished(self) -> bool:
        """Whether it has run to its end (Succeeded or Failed)."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def terminating(self) -> bool:
        """Whether its deletion has begun."""
        return bool(self.metadata.deletion_timestamp)


def sharing(pod: Pod, other: Pod) -> Pod:
    """The pod, equal to before, holding the parts that equal those of another replica by reference: replicas are alike."""
    shared: dict[str, Any] = {
        field: theirs
        for field in ("containers", "init_containers", "tolerations", "affinity", "topology_spread_constraints", "node_selector")
        if (theirs := getattr(other.spec, field)) == getattr(pod.spec, field)
    }
    spec = msgspec.structs.replace(pod.spec, **shared)
    kept = {
        field: theirs
        for field in ("labels", "annotations", "owner_references")
        if (theirs := getattr(other.metadata, field)) == getattr(pod.metadata, field)
    }
    return msgspec.structs.replace(pod, spec=spec, metadata=msgspec.structs.replace(pod.metadata, **kept))
