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
0.2. The pods are put largest first where there is room; zones, taints and affinities are not looked at, so that it can
be worse.

## References
- <https://kubernetes.io/docs/concepts/cluster-administration/node-autoscaling/>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.pod import Pod
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.model.quantity import milli

Room = list[int]  # thousandths of a core, of a byte


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    rooms = {
        node.name: [milli(node.status.allocatable.get("cpu", "0")), milli(node.status.allocatable.get("memory", "0"))]
        for node in picture.nodes
    }
    moving: dict[str, list[Room]] = {name: [] for name in rooms}
    for pod in picture.of(Pod):
        if pod.spec.node_name in rooms and not pod.finished:
            demand = _demand(pod)
            rooms[pod.spec.node_name] = [have - want for have, want in zip(rooms[pod.spec.node_name], demand, strict=True)]
            controller = pod.metadata.controller
            if controller is None or controller.kind != "DaemonSet":
                moving[pod.spec.node_name].append(demand)
    if len(rooms) < 2:
        return
    largest = max(sorted(moving), key=lambda name: sum(demand[0] for demand in moving[name]))
    left = _unplaced(moving[largest], [room for name, room in rooms.items() if name != largest])
    if left:
        yield Found(
            about=next(node for node in picture.nodes if node.name == largest),
            path="status.allocatable",
            message=f"{left} of the {len(moving[largest])} pods of node {largest} would find no room on the others",
            remedy="rotate with maxSurge 1 or more, or add a node first",
            evidence=Evidence.OBSERVED,
            pods=left,
        )


def _demand(pod: Pod) -> Room:
    requests = [container.resources.requests for container in pod.spec.containers]
    return [sum(milli(str(request.get(name, "0"))) for request in requests) for name in ("cpu", "memory")]


def _unplaced(demands: list[Room], rooms: list[Room]) -> int:
    """How many find no room, the largest first, each where most is left."""
    left = 0
    for demand in sorted(demands, reverse=True):
        room = max((room for room in rooms if room[0] >= demand[0] and room[1] >= demand[1]), default=None)
        if room is None:
            left += 1
        else:
            room[0] -= demand[0]
            room[1] -= demand[1]
    return left


RULE = Rule(
    name="no-room-to-repack",
    groups=("upgrade",),
    severity=Severity.WARNING,
    kinds=("Node", "Pod"),
    run=run,
    page=__doc__,
)
