"""Pods. Source: core/v1 types.go (PodSpec, PodStatus)."""

from typing import Any

from underway.model.meta import Condition, Model, ObjectMeta

MIRROR_ANNOTATION = "kubernetes.io/config.mirror"


class SleepAction(Model, frozen=True):
    """A preStop hook that only waits (KEP-3960)."""

    seconds: int = 0


class LifecycleHandler(Model, frozen=True):
    """A preStop hook; exec and httpGet take an unknown time, sleep a known one."""

    sleep: SleepAction | None = None
    exec: dict[str, Any] | None = None
    http_get: dict[str, Any] | None = None


class Lifecycle(Model, frozen=True):
    """Container lifecycle hooks."""

    pre_stop: LifecycleHandler | None = None


class ResourceRequirements(Model, frozen=True):
    """Requests and limits, as quantities."""

    requests: dict[str, str | int | float] = {}
    limits: dict[str, str | int | float] = {}


class Container(Model, frozen=True):
    """The part of a container that decides where and how a pod can move."""

    name: str = ""
    resources: ResourceRequirements = ResourceRequirements()
    lifecycle: Lifecycle | None = None
    restart_policy: str = ""


class PersistentVolumeClaimVolume(Model, frozen=True):
    """A volume that outlives the pod."""

    claim_name: str = ""


class Volume(Model, frozen=True):
    """A volume; only the kinds that matter for moving a pod are told apart."""

    name: str = ""
    empty_dir: dict[str, Any] | None = None
    host_path: dict[str, Any] | None = None
    persistent_volume_claim: PersistentVolumeClaimVolume | None = None


class Toleration(Model, frozen=True):
    """A toleration."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class PodSpec(Model, frozen=True):
    """What is wanted of the pod."""

    node_name: str = ""
    termination_grace_period_seconds: int | None = None
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    node_selector: dict[str, str] = {}
    priority: int | None = None
    host_network: bool = False


class PodStatus(Model, frozen=True):
    """What the kubelet reported."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()
    start_time: str = ""
    reason: str = ""


class Pod(Model, frozen=True):
    """One pod."""

    metadata: ObjectMeta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def key(self) -> str:
        """namespace/name."""
        return self.metadata.key

    @property
    def ready(self) -> bool:
        """Whether the Ready condition is True."""
        return any(condition.type == "Ready" and condition.status == "True" for condition in self.status.conditions)

    @property
    def terminating(self) -> bool:
        """Whether its deletion has begun."""
        return bool(self.metadata.deletion_timestamp)

    @property
    def finished(self) -> bool:
        """Whether it has run to its end (Succeeded or Failed)."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def is_mirror(self) -> bool:
        """Whether it only mirrors a static pod of its node's kubelet: the API cannot move it."""
        return MIRROR_ANNOTATION in self.metadata.annotations
