"""What an operator adds to a node: the time of its phases, less what pods, machines and waits of the specification take.

Only phases count that no leader's death and no freeze fell into. Of Draining it is what follows the last pod's end: when a pod
may go is for budgets to say.
"""

from collections.abc import Iterable
from statistics import mean
from typing import NamedTuple

from bench.watching import Machines, Nodes, Pods, Replicas

Span = tuple[float, float]
PHASES = ("Surging", "Cordoned", "Draining", "Detaching", "Terminating")
NODE = "{}-node"  # as the hands name the node of a machine


class Seen(NamedTuple):
    """Who watches. replicas: None where each machine is asked for by its own object."""

    pods: Pods
    nodes: Nodes
    machines: Machines
    replicas: Replicas | None = None


def overhead_s(seen: Seen, count: int, deregistration_s: float, disturbances: Iterable[Span]) -> dict[str, float]:
    """What was added to a node in each phase, on the average. count: of the nodes at the beginning."""
    disturbed = tuple(disturbances)
    added: dict[str, list[float]] = {phase: [] for phase in PHASES}
    asked = _asked_s(seen, count)
    for node, phase, begin_s, end_s in seen.nodes.spent:
        if phase not in added or any(begin_s < end and begin < end_s for begin, end in disturbed):
            continue
        known_s = _known_s(seen, node, phase, (begin_s, end_s), asked)
        if known_s is not None:
            added[phase].append(end_s - begin_s - (deregistration_s if phase == "Cordoned" else known_s))
    return {phase: mean(times) if times else 0.0 for phase, times in added.items()}


def _asked_s(seen: Seen, count: int) -> dict[str, float]:
    """When each new machine was asked for, by its name: replicas are met in the order in which they were asked for."""
    came = list(seen.machines.came_s.items())[count:]
    return dict(came) if seen.replicas is None else dict(zip((name for name, _ in came), seen.replicas.asked_s, strict=False))


def _known_s(seen: Seen, node: str, phase: str, span: Span, asked_s: dict[str, float]) -> float | None:
    """How much of a phase is not the operator's; None where that cannot be told."""
    if phase == "Surging":
        machine = seen.machines.of_key.get(seen.nodes.successors.get(node, ""), "")
        ready_s = seen.nodes.ready_s.get(NODE.format(machine))
        if ready_s is None or not span[0] <= asked_s.get(machine, 0.0) <= ready_s <= span[1]:
            return None
        return ready_s - asked_s[machine]
    if phase == "Draining":
        left = [at_s for at_s in seen.pods.left_s.get(node, ()) if span[0] <= at_s <= span[1]]
        return max(left) - span[0] if left else 0.0
    if phase == "Terminating":
        ended = next((times for machine, times in seen.machines.ends.items() if NODE.format(machine) == node), None)
        return ended[1] - ended[0] if ended is not None else None
    return 0.0
