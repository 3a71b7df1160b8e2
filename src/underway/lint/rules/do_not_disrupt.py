"""Pods that ask not to be disrupted.

What it finds
    Pods with karpenter.sh/do-not-disrupt, or with cluster-autoscaler.kubernetes.io/safe-to-evict: "false".

Why it matters
    Whoever honours the annotation leaves the node where it is; whoever does not ends what somebody wanted to keep running.
    Either is worth knowing beforehand.

Bad
    apiVersion: v1
    kind: Pod
    metadata: {name: trainer, namespace: shop, annotations: {karpenter.sh/do-not-disrupt: "true"}}
    spec: {containers: [{name: app, image: "registry.example/app:1"}]}

Good
    apiVersion: v1
    kind: Pod
    metadata: {name: trainer, namespace: shop}
    spec: {containers: [{name: app, image: "registry.example/app:1"}]}

Fix
    Let the rotation wait for such pods, or take the annotation off when they may go.

Since
    0.2.

References
    https://karpenter.sh/docs/concepts/disruption/#pod-level-controls
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
"""

from collections.abc import Iterator

from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule

DO_NOT_DISRUPT, SAFE_TO_EVICT = "karpenter.sh/do-not-disrupt", "cluster-autoscaler.kubernetes.io/safe-to-evict"


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each workload of which a pod asks."""
    told: set[int] = set()
    for pod in picture.pods:
        top = picture.top(pod)
        for annotation in (DO_NOT_DISRUPT, SAFE_TO_EVICT):
            value = pod.metadata.annotations.get(annotation, "")
            asks = value == "false" if annotation == SAFE_TO_EVICT else value not in ("", "false")
            if asks and id(top) not in told:
                told.add(id(top))
                path = f"metadata.annotations[{annotation}]"
                message = f"asks not to be disrupted ({annotation}: {value})"
                remedy = "have the rotation wait for it, or take the annotation off"
                yield Finding(RULE.name, RULE.severity, picture.ref(top), message, path, value, remedy=remedy)


RULE = Rule("do-not-disrupt", ("upgrade", "disruption"), Severity.INFO, __doc__, run, needs=("Pod",))
