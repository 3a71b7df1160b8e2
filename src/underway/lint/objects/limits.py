"""What bounds workloads: budgets, autoscalers, quotas. Source: policy/v1, autoscaling/v2, core/v1 types.go."""

from typing import Any

from underway.lint.objects.meta import Metadata, Object, ObjectReference
from underway.lint.objects.pod import Amount
from underway.model.disruption import PodDisruptionBudgetSpec, PodDisruptionBudgetStatus
from underway.model.meta import Model


class PodDisruptionBudget(Object, frozen=True):
    """A PodDisruptionBudget."""

    kind: str = "PodDisruptionBudget"
    metadata: Metadata = Metadata()
    spec: PodDisruptionBudgetSpec = PodDisruptionBudgetSpec()
    status: PodDisruptionBudgetStatus = PodDisruptionBudgetStatus()


class AutoscalerSpec(Model, frozen=True):
    """What is scaled, and within which bounds. min_replicas: None means 1."""

    scale_target_ref: ObjectReference = ObjectReference()
    min_replicas: int | None = None
    max_replicas: int = 0


class HorizontalPodAutoscaler(Object, frozen=True):
    """A HorizontalPodAutoscaler."""

    kind: str = "HorizontalPodAutoscaler"
    metadata: Metadata = Metadata()
    spec: AutoscalerSpec = AutoscalerSpec()


class QuotaSpec(Model, frozen=True):
    """The hard limits, and which pods they are about: all, where neither scopes nor a selector of scopes is given."""

    hard: dict[str, Amount] = {}
    scopes: tuple[str, ...] = ()
    scope_selector: dict[str, Any] | None = None


class QuotaStatus(Model, frozen=True):
    """What is used of them."""

    hard: dict[str, Amount] = {}
    used: dict[str, Amount] = {}


class ResourceQuota(Object, frozen=True):
    """A ResourceQuota."""

    kind: str = "ResourceQuota"
    metadata: Metadata = Metadata()
    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()


class LimitRangeItem(Model, frozen=True):
    """Defaults of one type of thing."""

    type: str = ""
    default: dict[str, Amount] = {}
    default_request: dict[str, Amount] = {}


class LimitRangeSpec(Model, frozen=True):
    """All items."""

    limits: tuple[LimitRangeItem, ...] = ()


class LimitRange(Object, frozen=True):
    """A LimitRange."""

    kind: str = "LimitRange"
    metadata: Metadata = Metadata()
    spec: LimitRangeSpec = LimitRangeSpec()
