"""Rollouts that cannot begin: no node has room for the first new pod.

## What it finds
Deployments that give up no pod before a new one is ready (maxUnavailable 0, or what 25 % of few replicas comes to), whose pods
are larger than what is free on any node that takes them.

## Why it matters
The new pod stays Pending, the old ones stay: the rollout stands still until its deadline, unless an autoscaler adds a node.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: one}
status: {allocatable: {cpu: "2", memory: 8Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "registry.example.com/web:1", resources: {requests: {cpu: "3"}}}]}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: one}
status: {allocatable: {cpu: "4", memory: 8Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "registry.example.com/web:1", resources: {requests: {cpu: "3"}}}]}
```

## Fix
Add a node, or let the rollout give up a pod first (maxUnavailable 1, maxSurge 0) where enough replicas remain.

## Since
0.2. Cores, memory, the number of pods, taints and nodeSelector are looked at; zones and affinities are not, so that it can be
worse. Whether an autoscaler would add a node is not known.

## References
- <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment>
- <https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/>
"""

from collections.abc import Iterable, Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.cluster import Node
from underway.lint.objects.pod import PodSpec
from underway.lint.objects.workload import Deployment
from underway.lint.picture import Picture
from underway.lint.placement import bears, takes_pods
from underway.lint.rollout import waits_for_one_more
from underway.lint.rooms import Room, asked, fits, free, known
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    if not known(picture):
        return
    rooms = picture.derived(free)
    # The roomiest first: where one has not the cores, none behind it has.
    nodes = sorted((node for node in picture.nodes if takes_pods(node)), key=lambda node: rooms[node.name], reverse=True)
    somewhere: dict[tuple[object, ...], bool] = {}
    for subject in picture.subjects():
        deployment, spec = subject.about, subject.spec
        if not isinstance(deployment, Deployment) or not waits_for_one_more(deployment):
            continue
        wanted = asked(spec)
        key = (wanted, spec.tolerations, frozenset(spec.node_selector.items()))
        if key not in somewhere:
            somewhere[key] = _fits_somewhere(spec, wanted, nodes, rooms)
        if not somewhere[key]:
            yield Found(
                about=deployment,
                path="spec.strategy.rollingUpdate.maxSurge",
                message="a rollout begins with one pod more, and no node has room for it: it waits for another node",
                remedy="add a node, or let the rollout give up a pod first (maxSurge 0, maxUnavailable 1)",
                evidence=Evidence.OBSERVED,
                pods=len(subject.pods),
            )


def _fits_somewhere(spec: PodSpec, wanted: Room, nodes: Iterable[Node], rooms: dict[str, Room]) -> bool:
    for node in nodes:
        room = rooms[node.name]
        if room[0] < wanted[0]:
            return False
        selected = spec.node_selector.items() <= node.metadata.labels.items()
        if selected and fits(wanted, room) and bears(spec.tolerations, node.spec.taints):
            return True
    return False


RULE = Rule(
    name="surge-finds-no-room",
    groups=("zero-downtime",),
    severity=Severity.WARNING,
    kinds=("Pod", "Node"),
    run=run,
    page=__doc__,
)
