"""A pod has failed, or its node does not say how it is.

## What it finds
Pods whose phase is Failed or Unknown.

## Why it matters
A failed pod holds its name and its volumes; a rotation that waits for its workload waits in vain.

## Bad
```yaml
apiVersion: v1
kind: Pod
metadata: {name: migrate, namespace: shop}
spec:
  containers:
    - {name: migrate, image: "registry.example.com/migrate:1.0"}
status: {phase: Failed, reason: Evicted}
```

## Good
```yaml
apiVersion: v1
kind: Pod
metadata: {name: migrate, namespace: shop}
spec:
  containers:
    - {name: migrate, image: "registry.example.com/migrate:1.0"}
status: {phase: Running}
```

## Fix
Read its logs and events, then delete it; its controller has made another one long ago.

## Since
clusterlint's `pod-state`. It reports each pod; we report each workload once, with the number of such pods. `--compat
clusterlint` reports as it does.

## References
- <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        failed = [pod for pod in subject.pods if pod.status.phase in ("Failed", "Unknown")]
        if failed:
            pod = failed[0]
            why = f" ({pod.status.reason})" if pod.status.reason else ""
            yield Found(
                about=subject.about,
                path="status.phase",
                value=pod.status.phase,
                message=f"{len(failed)} of {len(subject.pods)} pods: phase {pod.status.phase}{why}, {pod.name} among them",
                remedy="read its logs and events, then delete it",
                evidence=Evidence.OBSERVED,
                pods=len(failed),
            )


RULE = Rule(name="pod-state", groups=("workload-health",), severity=Severity.WARNING, kinds=("Pod",), run=run, page=__doc__)
