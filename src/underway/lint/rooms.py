"""How much is free on each node, as the scheduler counts: what the node can give, less what its pods ask for.

Owns the arithmetic of cores, memory and the number of pods; which nodes a pod may run on is `placement`'s.
"""

from underway.lint.objects.cluster import Node
from underway.lint.objects.pod import Pod, PodSpec
from underway.lint.picture import Picture
from underway.lint.placement import demand
from underway.model.quantity import milli

Room = tuple[int, int, int]  # thousandths of a core, of a byte, of a pod
PODS_ANY = "1000000"  # where a node does not say how many pods it takes


def asked(spec: PodSpec) -> Room:
    """What one pod takes."""
    return demand(spec, "cpu"), demand(spec, "memory"), 1000


def fits(wanted: Room, room: Room) -> bool:
    """Whether a pod that takes so much finds so much."""
    return all(have >= want for have, want in zip(room, wanted, strict=True))


def less(room: Room, taken: Room) -> Room:
    """What is left of a room."""
    return room[0] - taken[0], room[1] - taken[1], room[2] - taken[2]


def known(picture: Picture) -> bool:
    """Whether every node says what it can give; nodes in manifests seldom do."""
    return bool(picture.nodes) and all(node.status.allocatable for node in picture.nodes)


def free(picture: Picture) -> dict[str, Room]:
    """What is left on each node, by name."""
    rooms = {node.name: _whole(node) for node in picture.nodes}
    for pod in picture.of(Pod):
        if pod.spec.node_name in rooms and not pod.finished:
            rooms[pod.spec.node_name] = less(rooms[pod.spec.node_name], asked(pod.spec))
    return rooms


def _whole(node: Node) -> Room:
    given = node.status.allocatable
    return milli(given.get("cpu", "0")), milli(given.get("memory", "0")), milli(given.get("pods", PODS_ANY))
