"""What makes pods: Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs, CronJobs. Source: apps/v1 and batch/v1 types.go."""

from underway.lint.objects.meta import Thing, WrittenMeta
from underway.lint.objects.pod import PodTemplateSpec
from underway.model.meta import Condition, LabelSelector, Model


class RollingUpdate(Model, frozen=True):
    """How a rollout goes; None where the API server's default holds."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None
    partition: int | None = None


class Strategy(Model, frozen=True):
    """A Deployment's strategy, or the update strategy of the others."""

    type: str = ""
    rolling_update: RollingUpdate | None = None


class JobTemplate(Model, frozen=True):
    """What a CronJob makes."""

    spec: "WorkloadSpec" = None  # type: ignore[assignment]  # defined below


class WorkloadSpec(Model, frozen=True):
    """All of them in one; a field that a kind does not have stays empty."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplateSpec = PodTemplateSpec()
    strategy: Strategy = Strategy()
    update_strategy: Strategy = Strategy()
    min_ready_seconds: int = 0
    progress_deadline_seconds: int | None = None
    revision_history_limit: int | None = None
    paused: bool = False
    service_name: str = ""
    concurrency_policy: str = ""
    schedule: str = ""
    suspend: bool = False
    job_template: JobTemplate | None = None


class WorkloadStatus(Model, frozen=True):
    """What its controller reported."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    updated_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class Workload(Thing, frozen=True):
    """One of them."""

    metadata: WrittenMeta = WrittenMeta()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()

    @property
    def template(self) -> PodTemplateSpec:
        """The template of its pods."""
        job = self.spec.job_template
        return job.spec.template if job is not None and job.spec is not None else self.spec.template

    @property
    def template_path(self) -> str:
        """Where the template stands."""
        return "spec.jobTemplate.spec.template" if self.spec.job_template is not None else "spec.template"
