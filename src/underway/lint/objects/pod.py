"""Pods and pod templates. Source: core/v1 types.go."""

from typing import Any

from underway.lint.objects.meta import Meta, Reference, Thing
from underway.model.meta import Condition, Model


class ContainerPort(Model, frozen=True):
    """A port that a container says it listens on."""

    name: str = ""
    container_port: int = 0
    protocol: str = "TCP"


class HttpGet(Model, frozen=True):
    """An HTTP probe or hook."""

    path: str = ""
    port: int | str = 0
    scheme: str = ""
    host: str = ""
    http_headers: tuple[dict[str, Any], ...] = ()


class TcpSocket(Model, frozen=True):
    """A TCP probe."""

    port: int | str = 0
    host: str = ""


class Grpc(Model, frozen=True):
    """A gRPC probe."""

    port: int = 0
    service: str = ""


class Exec(Model, frozen=True):
    """A command."""

    command: tuple[str, ...] = ()


class Probe(Model, frozen=True):
    """A probe; the numbers are None where the API server's defaults hold."""

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    grpc: Grpc | None = None
    exec: Exec | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    timeout_seconds: int | None = None
    failure_threshold: int | None = None
    success_threshold: int | None = None


class Sleep(Model, frozen=True):
    """A hook that only waits."""

    seconds: int = 0


class Handler(Model, frozen=True):
    """A preStop or postStart hook."""

    exec: Exec | None = None
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    sleep: Sleep | None = None


class Lifecycle(Model, frozen=True):
    """Container lifecycle."""

    pre_stop: Handler | None = None
    post_start: Handler | None = None
    stop_signal: str = ""


class SecurityContext(Model, frozen=True):
    """The part of a security context that rules ask for."""

    privileged: bool | None = None
    run_as_non_root: bool | None = None
    run_as_user: int | None = None


class EnvSource(Model, frozen=True):
    """Where a variable comes from."""

    config_map_key_ref: Reference | None = None
    secret_key_ref: Reference | None = None


class EnvVar(Model, frozen=True):
    """A variable; its value is never read."""

    name: str = ""
    value_from: EnvSource | None = None


class EnvFrom(Model, frozen=True):
    """Variables from a whole ConfigMap or Secret."""

    config_map_ref: Reference | None = None
    secret_ref: Reference | None = None


class Resources(Model, frozen=True):
    """Requests, limits and claims."""

    requests: dict[str, str | int | float] = {}
    limits: dict[str, str | int | float] = {}
    claims: tuple[Reference, ...] = ()


class Container(Model, frozen=True):
    """A container, an init container or a native sidecar (restartPolicy Always)."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    ports: tuple[ContainerPort, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    resources: Resources | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    security_context: SecurityContext | None = None
    restart_policy: str = ""


class SecretVolume(Model, frozen=True):
    """A Secret as a volume."""

    secret_name: str = ""


class ProjectedSource(Model, frozen=True):
    """One source of a projected volume."""

    secret: Reference | None = None
    config_map: Reference | None = None


class Projected(Model, frozen=True):
    """A projected volume."""

    sources: tuple[ProjectedSource, ...] = ()


class Claim(Model, frozen=True):
    """A PersistentVolumeClaim as a volume."""

    claim_name: str = ""


class Csi(Model, frozen=True):
    """An inline CSI volume."""

    driver: str = ""


class Volume(Model, frozen=True):
    """A volume; one of its sources is set."""

    name: str = ""
    secret: SecretVolume | None = None
    config_map: Reference | None = None
    projected: Projected | None = None
    persistent_volume_claim: Claim | None = None
    host_path: dict[str, Any] | None = None
    empty_dir: dict[str, Any] | None = None
    csi: Csi | None = None


class PodSpec(Model, frozen=True):
    """What is wanted of a pod."""

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    node_name: str = ""
    node_selector: dict[str, str] = {}
    affinity: dict[str, Any] = {}
    topology_spread_constraints: tuple[dict[str, Any], ...] = ()
    termination_grace_period_seconds: int | None = None
    service_account_name: str = ""
    image_pull_secrets: tuple[Reference, ...] = ()
    security_context: SecurityContext | None = None
    host_network: bool = False
    share_process_namespace: bool = False
    readiness_gates: tuple[dict[str, str], ...] = ()
    restart_policy: str = ""
    tolerations: tuple[dict[str, Any], ...] = ()


class ContainerStatus(Model, frozen=True):
    """What the kubelet reported of a container."""

    name: str = ""
    ready: bool = False
    restart_count: int = 0
    image: str = ""
    stop_signal: str = ""
    state: dict[str, Any] = {}
    last_state: dict[str, Any] = {}


class PodStatus(Model, frozen=True):
    """What the kubelet reported."""

    phase: str = ""
    reason: str = ""
    start_time: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Thing, frozen=True):
    """One pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class PodTemplateSpec(Model, frozen=True):
    """A pod template."""

    metadata: Meta = Meta()
    spec: PodSpec = PodSpec()


class PodTemplate(Thing, frozen=True):
    """The rarely used object of that name."""

    template: PodTemplateSpec = PodTemplateSpec()
