"""A container asks for nothing: neither requests nor limits.

## What it finds
Containers and initContainers without any request, limit or claim.

## Why it matters
The scheduler places such a pod as if it weighed nothing, and a node under pressure kills it first. A rotation cannot tell
whether the pods of a node fit elsewhere.

## Bad
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "registry.example.com/web:1.0"}
```

## Good
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: "registry.example.com/web:1.0"
          resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 128Mi}}
```

## Fix
Set requests for cpu and memory, and a limit for memory.

## Since
clusterlint's `resource-requirements`. Of manifests it knows nothing; we take what a LimitRange of the namespace gives a
container. It ignores what is written for the pod as a whole (`spec.resources`), and reports each replica; we take it, and report
each workload once. `--compat clusterlint` reports as it does.

## References
- <https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.limits import LimitRange
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    defaulted = set() if options.as_clusterlint else {limit.namespace for limit in picture.of(LimitRange) if _gives(limit)}
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        if not subject.pods and subject.namespace in defaulted:
            continue
        whole = subject.spec.resources
        if (whole.requests or whole.limits) and not options.as_clusterlint:
            continue
        for placed in subject.containers:
            resources = placed.container.resources
            if not (resources.requests or resources.limits or resources.claims):
                yield Found(
                    about=subject.about,
                    path=f"{placed.path}.resources",
                    message=f"container {placed.container.name!r} asks for nothing: neither requests nor limits",
                    remedy="set requests for cpu and memory, and a limit for memory",
                    pods=len(subject.pods),
                )


def _gives(limit: LimitRange) -> bool:
    return any(item.type == "Container" and (item.default or item.default_request) for item in limit.spec.limits)


RULE = Rule(
    name="resource-requirements",
    groups=("basic", "doks"),
    severity=Severity.WARNING,
    kinds=("Pod", "LimitRange"),
    run=run,
    page=__doc__,
)
