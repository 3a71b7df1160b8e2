"""HorizontalPodAutoscalers: whom they scale, and between which numbers. Source: autoscaling/v2 types.go."""

from underway.model.meta import Model, ObjectMeta


class CrossVersionObjectReference(Model, frozen=True):
    """What is scaled, in the autoscaler's own namespace."""

    kind: str = ""
    name: str = ""


class HorizontalPodAutoscalerSpec(Model, frozen=True):
    """The part that names the target, and the limits. min_replicas: defaulted to 1 by the server."""

    scale_target_ref: CrossVersionObjectReference = CrossVersionObjectReference()
    min_replicas: int = 1
    max_replicas: int = 0


class HorizontalPodAutoscaler(Model, frozen=True):
    """One autoscaler."""

    metadata: ObjectMeta
    spec: HorizontalPodAutoscalerSpec = HorizontalPodAutoscalerSpec()
