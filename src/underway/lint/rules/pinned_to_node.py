"""Pods that may run on one node only.

## What it finds
Workloads with a nodeSelector on kubernetes.io/hostname, or with nodeName, other than DaemonSets.

## Why it matters
When that node is replaced its successor has another name: the pod stays Pending for ever.

## Bad
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {nodeSelector: {kubernetes.io/hostname: node-7}, containers: [{name: app, image: "registry.example/app:1"}]}
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
    spec: {nodeSelector: {pool: fast}, containers: [{name: app, image: "registry.example/app:1"}]}
```

## Fix
Select nodes by a label of their pool.

## Since
0.2. clusterlint: node-name-pod-selector looks at nodeSelector alone.

## References
- <https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.workload import Templated
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

HOSTNAME = "kubernetes.io/hostname"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects():
        if subject.about.kind == "DaemonSet":
            continue
        # A pod's own nodeName is what the scheduler wrote; only a template's is a wish.
        wish = subject.about.template.spec.node_name if isinstance(subject.about, Templated) else ""
        name = subject.spec.node_selector.get(HOSTNAME, "") or wish
        if name:
            field = f'nodeSelector["{HOSTNAME}"]' if HOSTNAME in subject.spec.node_selector else "nodeName"
            yield Found(
                about=subject.about,
                path=f"{subject.path}.{field}",
                value=name,
                message=f"the pod can run on node {name} alone: when that is replaced, it cannot run",
                remedy="select nodes by a label of their pool",
                patch=subject.patch(
                    {"nodeSelector": {HOSTNAME: None}} if HOSTNAME in subject.spec.node_selector else {"nodeName": None}
                ),
                pods=len(subject.pods),
            )


RULE = Rule(
    name="pinned-to-node",
    groups=("upgrade", "disruption"),
    severity=Severity.ERROR,
    kinds=("Pod",),
    run=run,
    page=__doc__,
)
