"""PodDisruptionBudgets. Source: policy/v1 types.go; KEP-85, KEP-3017 (unhealthyPodEvictionPolicy)."""

from underway.model.meta import Condition, IntOrString, LabelSelector, Model, ObjectMeta


class PodDisruptionBudgetSpec(Model, frozen=True):
    """What must stay up. In policy/v1 no selector matches no pod, an empty one every pod of the namespace."""

    min_available: IntOrString | None = None
    max_unavailable: IntOrString | None = None
    selector: LabelSelector | None = None
    unhealthy_pod_eviction_policy: str = ""


class PodDisruptionBudgetStatus(Model, frozen=True):
    """What the disruption controller last computed; stale while observedGeneration lags behind."""

    observed_generation: int = 0
    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    disrupted_pods: dict[str, str] = {}
    conditions: tuple[Condition, ...] = ()


class PodDisruptionBudget(Model, frozen=True):
    """One budget."""

    metadata: ObjectMeta
    spec: PodDisruptionBudgetSpec = PodDisruptionBudgetSpec()
    status: PodDisruptionBudgetStatus = PodDisruptionBudgetStatus()

    @property
    def key(self) -> str:
        """namespace/name."""
        return self.metadata.key
