"""Pods that may run on one node only.

## What it finds
Workloads, other than DaemonSets, with a nodeSelector on kubernetes.io/hostname, with nodeName, or with a required affinity to
nodes by their names; a warning where it names several.

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
0.2. clusterlint's node-name-pod-selector looks at nodeSelector alone.

## References
- <https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.workload import Templated
from underway.lint.picture import Picture
from underway.lint.placement import HOSTNAME, nodes_named, required_affinity
from underway.lint.rule import Options, Rule
from underway.lint.subject import Subject
from underway.model.enumeration import some_of

NAMES_MAX = 3  # that a message shows


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects():
        if subject.about.kind == "DaemonSet":
            continue
        # A pod's own nodeName is what the scheduler wrote; only a template's is a wish.
        wish = subject.about.template.spec.node_name if isinstance(subject.about, Templated) else ""
        name = subject.spec.node_selector.get(HOSTNAME, "") or wish
        if not name:
            yield from _by_affinity(subject)
        else:
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


def _by_affinity(subject: Subject) -> Iterator[Found]:
    """What requires nodes by their names: one is an error; of several the last one that is replaced takes its place along."""
    names = sorted(nodes_named(required_affinity(subject.spec)))
    if names:
        alone = len(names) == 1
        yield Found(
            about=subject.about,
            path=f"{subject.path}.affinity.nodeAffinity",
            value=", ".join(names),
            message=f"the pod can run on node{'' if alone else 's'} {some_of(names, NAMES_MAX)} alone: "
            f"when {'that is' if alone else 'they are'} replaced, it cannot run",
            remedy="select nodes by a label of their pool",
            severity=Severity.ERROR if alone else Severity.WARNING,
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
