"""What makes pods: each with its template. Source: apps/v1 and batch/v1 types.go."""

from underway.lint.objects.meta import Metadata, Object
from underway.lint.objects.pod import PodTemplate
from underway.model.meta import Condition, IntOrString, LabelSelector, Model


class RollingUpdate(Model, frozen=True):
    """How many pods may be missing or too many meanwhile. None: the API's default."""

    max_unavailable: IntOrString | None = None
    max_surge: IntOrString | None = None
    partition: int | None = None


class Strategy(Model, frozen=True):
    """type: RollingUpdate, Recreate or OnDelete; "" is RollingUpdate."""

    type: str = ""
    rolling_update: RollingUpdate | None = None


class ClaimName(Model, frozen=True):
    """The first part of the names of the claims."""

    name: str = ""


class ClaimTemplate(Model, frozen=True):
    """A claim that a StatefulSet makes for each pod, named NAME-STATEFULSET-ORDINAL."""

    metadata: ClaimName = ClaimName()


class WorkloadSpec(Model, frozen=True):
    """What is wanted. replicas: None means 1. strategy: Deployment; update_strategy: StatefulSet and DaemonSet."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()
    strategy: Strategy = Strategy()
    update_strategy: Strategy = Strategy()
    min_ready_seconds: int = 0
    progress_deadline_seconds: int | None = None
    revision_history_limit: int | None = None
    paused: bool = False
    pod_management_policy: str = ""
    service_name: str = ""
    volume_claim_templates: tuple[ClaimTemplate, ...] = ()
    parallelism: int | None = None
    completions: int | None = None


class WorkloadStatus(Model, frozen=True):
    """What its controller last reported."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    updated_replicas: int = 0
    desired_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    conditions: tuple[Condition, ...] = ()


class Workload(Object, frozen=True):
    """A Deployment, StatefulSet, DaemonSet, ReplicaSet or Job."""

    metadata: Metadata = Metadata()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()

    @property
    def template(self) -> PodTemplate:
        """The pods it makes."""
        return self.spec.template

    @property
    def wanted(self) -> int:
        """How many pods there should be, before any autoscaler."""
        if self.kind == "DaemonSet":
            return self.status.desired_number_scheduled
        return 1 if self.spec.replicas is None else self.spec.replicas


class Deployment(Workload, frozen=True):
    """A Deployment."""

    kind: str = "Deployment"


class StatefulSet(Workload, frozen=True):
    """A StatefulSet."""

    kind: str = "StatefulSet"


class DaemonSet(Workload, frozen=True):
    """A DaemonSet."""

    kind: str = "DaemonSet"


class ReplicaSet(Workload, frozen=True):
    """A ReplicaSet."""

    kind: str = "ReplicaSet"


class Job(Workload, frozen=True):
    """A Job."""

    kind: str = "Job"


class ReplicationControllerSpec(Model, frozen=True):
    """What is wanted; the selector is a plain map of labels."""

    replicas: int | None = None
    selector: dict[str, str] = {}
    template: PodTemplate = PodTemplate()
    min_ready_seconds: int = 0


class ReplicationController(Object, frozen=True):
    """A ReplicationController."""

    kind: str = "ReplicationController"
    metadata: Metadata = Metadata()
    spec: ReplicationControllerSpec = ReplicationControllerSpec()

    @property
    def template(self) -> PodTemplate:
        """The pods it makes."""
        return self.spec.template


class JobTemplate(Model, frozen=True):
    """The Jobs that a CronJob makes."""

    spec: WorkloadSpec = WorkloadSpec()


class CronJobSpec(Model, frozen=True):
    """When, and what. concurrency_policy: the API's default is Allow."""

    schedule: str = ""
    concurrency_policy: str = "Allow"
    suspend: bool = False
    job_template: JobTemplate = JobTemplate()


class CronJob(Object, frozen=True):
    """A CronJob."""

    kind: str = "CronJob"
    metadata: Metadata = Metadata()
    spec: CronJobSpec = CronJobSpec()

    @property
    def template(self) -> PodTemplate:
        """The pods its Jobs make."""
        return self.spec.job_template.spec.template


Templated = Workload | ReplicationController | CronJob
