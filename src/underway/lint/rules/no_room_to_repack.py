"""Clusters in which the pods of the largest node would find no room.

## What it finds
Clusters whose other nodes together, or one by one, cannot take the pods of the node with the largest requests.

## Why it matters
A rotation without surge takes a node away before its successor is there: its pods stay Pending.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: one}
status: {allocatable: {cpu: "4", memory: 8Gi}}
---
apiVersion: v1
kind: Node
metadata: {name: two}
status: {allocatable: {cpu: "4", memory: 8Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec: {nodeName: one, containers: [{name: app, image: "registry.example/a:1", resources: {requests: {cpu: "3"}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop}
spec: {nodeName: two, containers: [{name: app, image: "registry.example/a:1", resources: {requests: {cpu: "3"}}}]}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: one}
status: {allocatable: {cpu: "4", memory: 8Gi}}
---
apiVersion: v1
kind: Node
metadata: {name: two}
status: {allocatable: {cpu: "4", memory: 8Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec: {nodeName: one, containers: [{name: app, image: "registry.example/a:1", resources: {requests: {cpu: "3"}}}]}
```

## Fix
Rotate with maxSurge of one or more, so that the successor comes first; or add a node.

## Since
0.2. The pods are put largest first where there is room, on nodes that are ready, not cordoned, and whose taints they bear;
DaemonSets and static pods stay. Cores, memory and the number of pods are counted; zones and affinities are not looked at,
so that it can be worse.

## References
- <https://kubernetes.io/docs/concepts/cluster-administration/node-autoscaling/>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.cluster import Node
from underway.lint.objects.pod import Pod
from underway.lint.picture import Picture
from underway.lint.placement import STAYING, bears, takes_pods
from underway.lint.rooms import Room, asked, fits, free, known, less
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    if not known(picture):
        return
    rooms = picture.derived(free)
    moving: dict[str, list[tuple[Room, Pod]]] = {name: [] for name in rooms}
    for pod in picture.of(Pod):
        controller = pod.metadata.controller
        if pod.spec.node_name in rooms and not pod.finished and (controller is None or controller.kind not in STAYING):
            moving[pod.spec.node_name].append((asked(pod.spec), pod))
    if len(rooms) < 2:
        return
    largest = max(sorted(moving), key=lambda name: sum(wanted[0] for wanted, _ in moving[name]))
    others = [node for node in picture.nodes if node.name != largest and takes_pods(node)]
    left = _unplaced(moving[largest], others, [rooms[node.name] for node in others])
    if left:
        yield Found(
            about=next(node for node in picture.nodes if node.name == largest),
            path="status.allocatable",
            message=f"{left} of the {len(moving[largest])} pods of node {largest} would find no room on the others",
            remedy="rotate with maxSurge 1 or more, or add a node first",
            evidence=Evidence.OBSERVED,
            pods=left,
        )


def _unplaced(moving: list[tuple[Room, Pod]], nodes: list[Node], rooms: list[Room]) -> int:
    """How many find no room, the largest first, each where most is left."""
    left = 0
    for wanted, pod in sorted(moving, key=lambda one: one[0], reverse=True):
        fitting = (
            index
            for index, node in enumerate(nodes)
            if fits(wanted, rooms[index]) and bears(pod.spec.tolerations, node.spec.taints)
        )
        index = max(fitting, key=rooms.__getitem__, default=None)
        if index is None:
            left += 1
        else:
            rooms[index] = less(rooms[index], wanted)
    return left


RULE = Rule(
    name="no-room-to-repack",
    groups=("upgrade",),
    severity=Severity.WARNING,
    kinds=("Node", "Pod"),
    run=run,
    page=__doc__,
)
