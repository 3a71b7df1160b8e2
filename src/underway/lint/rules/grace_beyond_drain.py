"""Pods that may take longer to end than a drain waits.

## What it finds
Workloads whose terminationGracePeriodSeconds is longer than a drain waits: 30 minutes, or --set
grace-beyond-drain.drain_s=SECONDS.

## Why it matters
The drain gives up, or kills the pod before its time: what it wanted to finish is lost.

## Bad
```yaml
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 7200, containers: [{name: app, image: "registry.example/app:1"}]}
```

## Good
```yaml
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: shop}
spec: {terminationGracePeriodSeconds: 600, containers: [{name: app, image: "registry.example/app:1"}]}
```

## Fix
Checkpoint within the drain timeout, or let the rotation wait for such pods (drain.wait).

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.model.duration import human


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    longest_s = int(options.threshold(RULE, "drain_s"))
    for subject in picture.subjects():
        grace_s = subject.spec.termination_grace_period_seconds
        if grace_s is not None and grace_s > longest_s:
            yield Found(
                about=subject.about,
                path=f"{subject.path}.terminationGracePeriodSeconds",
                value=str(grace_s),
                message=f"the pod may take {human(grace_s)} to end; a drain waits {human(longest_s)}",
                remedy="end within the drain's time, or have the rotation wait for it",
                pods=len(subject.pods),
            )


RULE = Rule(
    name="grace-beyond-drain",
    groups=("upgrade", "disruption"),
    severity=Severity.WARNING,
    kinds=("Pod",),
    run=run,
    page=__doc__,
    thresholds={"drain_s": 1800},
)
