"""Workloads: what owns pods and says how many of them there should be. Source: apps/v1 and batch/v1 types.go.

One Struct serves Deployment, ReplicaSet, StatefulSet, DaemonSet and Job, since decisions ask each the same question:
how many are wanted, how many are there.
"""

import msgspec

from underway.model.meta import LabelSelector, Model, ObjectMeta


class WorkloadStrategy(Model, frozen=True):
    """How a Deployment is rolled out: RollingUpdate or Recreate."""

    type: str = ""


class WorkloadSpec(Model, frozen=True):
    """What is wanted. replicas: None means 1 (Deployment, ReplicaSet, StatefulSet); parallelism and completions: Job."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    parallelism: int | None = None
    completions: int | None = None
    paused: bool = False
    strategy: WorkloadStrategy = WorkloadStrategy()


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


class Workload(Model, frozen=True):
    """One workload; kind is filled in by the decoder from the resource, since lists leave it out."""

    metadata: ObjectMeta
    kind: str = ""
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()

    @property
    def key(self) -> str:
        """Kind/namespace/name."""
        return f"{self.kind}/{self.metadata.key}"

    @property
    def wanted(self) -> int:
        """How many pods should be available."""
        if self.kind == "DaemonSet":
            return self.status.desired_number_scheduled
        return 1 if self.spec.replicas is None else self.spec.replicas

    @property
    def available(self) -> int:
        """How many are."""
        return self.status.number_available if self.kind == "DaemonSet" else self.status.available_replicas


def with_kind(workload: Workload, kind: str) -> Workload:
    """The workload with its kind filled in; lists omit it in each item."""
    return workload if workload.kind == kind else msgspec.structs.replace(workload, kind=kind)
