"""HorizontalPodAutoscalers, as far as somebody else must not touch what they own. Source: autoscaling/v2 types.go."""

from underway.model.meta import Model, ObjectMeta


class CrossVersionObjectReference(Model, frozen=True):
    """What is scaled, in the autoscaler's own namespace."""

    kind: str = ""
    name: str = ""


class HorizontalPodAutoscalerSpec(Model, frozen=True):
    """The part that names the target."""

    scale_target_ref: CrossVersionObjectReference = CrossVersionObjectReference()


class HorizontalPodAutoscaler(Model, frozen=True):
    """One autoscaler."""

    metadata: ObjectMeta
    spec: HorizontalPodAutoscalerSpec = HorizontalPodAutoscalerSpec()
