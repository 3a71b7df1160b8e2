"""Pods that ask not to be disrupted.

## What it finds
Pods with karpenter.sh/do-not-disrupt, or with cluster-autoscaler.kubernetes.io/safe-to-evict: "false".

## Why it matters
Whoever honours the annotation leaves the node where it is; whoever does not ends what somebody wanted to keep running.
Either is worth knowing beforehand.

## Bad
```yaml
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop, annotations: {karpenter.sh/do-not-disrupt: "true"}}
spec: {containers: [{name: app, image: "registry.example/app:1"}]}
```

## Good
```yaml
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {containers: [{name: app, image: "registry.example/app:1"}]}
```

## Fix
Let the rotation wait for such pods, or take the annotation off when they may go.

## Since
0.2.

## References
- <https://karpenter.sh/docs/concepts/disruption/#pod-level-controls>
- <https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

DO_NOT_DISRUPT, SAFE_TO_EVICT = "karpenter.sh/do-not-disrupt", "cluster-autoscaler.kubernetes.io/safe-to-evict"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects():
        for annotation in (DO_NOT_DISRUPT, SAFE_TO_EVICT):
            value = subject.annotations.get(annotation, "")
            # Karpenter takes "true" or a duration.
            if value == "false" if annotation == SAFE_TO_EVICT else value not in ("", "false"):
                holder = ".".join((*subject.template, "metadata"))
                yield Found(
                    about=subject.about,
                    path=f'{holder}.annotations["{annotation}"]',
                    value=value,
                    message=f"the pod asks not to be disrupted ({annotation}: {value})",
                    remedy="have the rotation wait for it, or take the annotation off",
                    pods=len(subject.pods),
                )


RULE = Rule(
    name="do-not-disrupt",
    groups=("upgrade", "disruption"),
    severity=Severity.INFO,
    kinds=("Pod",),
    run=run,
    page=__doc__,
)
