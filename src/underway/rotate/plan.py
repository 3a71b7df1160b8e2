"""What a rotation would do, before it does anything: which nodes, in which order, how long at least, and what forbids it.

The order is that of the admission itself, played forward on the present picture with the same forecast of budgets; the
predicted time is where that play ends. Nothing here is promised: budgets, boots and people move meanwhile.
"""

import heapq
from collections.abc import Callable, Sequence
from math import inf

import msgspec

from underway.model import timestamp
from underway.model.duration import seconds
from underway.model.node import Node
from underway.model.snapshot import Snapshot
from underway.policy.evictable import Move, Rules, Wait, fate
from underway.policy.readiness import node_unready, workload_unavailable
from underway.policy.single import single
from underway.rotate.blockers import Blocker, blockers_of
from underway.rotate.bound import Bound, bound, node_cost_s
from underway.rotate.estimates import Estimates
from underway.rotate.forecast import Forecast
from underway.rotate.ladder import foretold
from underway.rotate.long_work import ignored
from underway.rotate.order import Order
from underway.rotate.owners import with_owners
from underway.rotate.quorum import lost_members, too_few
from underway.rotate.slots import in_hand_limit, may_surge, scope_of, slots, zones_of
from underway.rotate.spec import Rotation, RotationSpec
from underway.rotate.target import outdated, selected_nodes
from underway.rotate.windows import FOR_EVER_MS, Windows

WINDOWS_SHOWN = 3
SCORED_MIN = 100  # kube-scheduler looks at so many nodes in any case; the three are those of pkg/scheduler/schedule_one.go
SCORED_PERCENT, SCORED_PERCENT_MIN = 50, 5


class PlannedNode(msgspec.Struct, frozen=True, rename="camel"):
    """One node. starts_s and ends_s: from the beginning; wait_s: how long of that it waits for budgets; place: why it is
    where it is in the order.
    """

    node: str
    zone: str
    reason: str
    pods: int
    starts_s: float
    ends_s: float
    wait_s: float
    place: str = ""


class PlannedWindow(msgspec.Struct, frozen=True, rename="camel"):
    """One opening of the maintenance windows, as timestamps."""

    opens: str
    closes: str


class Plan(msgspec.Struct, frozen=True, rename="camel"):
    """The whole.

    bound: no scheduler could be faster; predicted_s: how long it will take if nothing goes wrong; ladder: what happens to a
    node that cannot be drained, one sentence a rung. refused: what the API server does not let us do that it takes.
    """

    rotation: str
    total: int
    up_to_date: int
    order: tuple[PlannedNode, ...]
    bound: Bound
    predicted_s: float
    slots: dict[str, int]
    blockers: tuple[Blocker, ...] = ()
    warnings: tuple[str, ...] = ()
    windows: tuple[PlannedWindow, ...] = ()
    ladder: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def rules_of(spec: RotationSpec, namespaces: frozenset[str] | None = None) -> Rules:
    """What the specification allows a drain to do. namespaces: the only ones in which pods may be evicted, None for all."""
    drain = spec.drain
    return Rules(
        evict_local_data=drain.empty_dir == "Evict",
        evict_unmanaged=drain.unmanaged == "Evict",
        namespaces=namespaces,
        honour_do_not_disrupt=drain.do_not_disrupt == "Honour",
        waits=tuple(
            Wait(wait.selector, round(seconds(wait.limit) * timestamp.MILLISECONDS), wait.until == "Checkpointed")
            for wait in drain.wait
        ),
        past_deadline="DeadlineDelete" in drain.ladder,
        surge_single=drain.single_replica == "Surge",
    )


def plan(
    rotation: Rotation, snapshot: Snapshot, estimates: Estimates, now_ms: int, namespaces: frozenset[str] | None = None
) -> Plan:
    """The plan for a cluster as it is now. namespaces: the only ones in which pods may be evicted, None for all."""
    spec, rules = rotation.spec, rules_of(rotation.spec, namespaces)
    selected = selected_nodes(snapshot, spec)
    zones = zones_of(selected)
    reasons = {node.name: outdated(node, spec.target, now_ms, snapshot.drift) for node in selected}
    old = [node for node in selected if reasons[node.name]]
    strict = msgspec.structs.replace(rules, past_deadline=False)
    kept = [blocker for node in old for blocker in blockers_of(node, snapshot, strict)]
    kept += _staying(old, snapshot, spec, zones)
    last = [blocker for blocker in kept if blocker.budget and rules.past_deadline]
    blocked = {blocker.node for blocker in kept}
    room = slots(spec.pace, zones)
    free = [node for node in old if node.name not in blocked]
    windows = Windows(spec.pace.windows)
    order = _played(
        free, reasons, snapshot, rotation, zones, rules, estimates, lambda at_s, work_s: _begin_s(windows, now_ms, at_s, work_s)
    )
    return Plan(
        rotation=rotation.metadata.name,
        total=len(selected),
        up_to_date=len(selected) - len(old),
        order=tuple(order),
        bound=bound(free, snapshot, spec.pace, zones, rules, estimates),
        predicted_s=max((node.ends_s for node in order), default=0.0),
        slots={scope or "all": slot.total for scope, slot in room.items()},
        blockers=with_owners((blocker for blocker in kept if blocker not in last), snapshot, spec.owners),
        warnings=(
            *_chosen(selected, spec),
            *_warnings(snapshot),
            *(_unscored(len(snapshot.nodes)) if len(old) > 1 else ()),
            *_ignored(old, snapshot, rules),
            *_singles(free, snapshot, rules),
            *_overdue(last),
        ),
        windows=tuple(
            PlannedWindow(timestamp.format_ms(opens_ms), timestamp.format_ms(closes_ms))
            for opens_ms, closes_ms in windows.next_openings(now_ms, WINDOWS_SHOWN)
        ),
        ladder=foretold(spec.drain),
    )


def _staying(old: Sequence[Node], snapshot: Snapshot, spec: RotationSpec, zones: dict[str, int]) -> list[Blocker]:
    """Nodes of the control plane that it could not do without, whenever they went."""
    reasons = [(node.name, too_few(snapshot, node, successor=may_surge(node, spec.pace, zones))) for node in old]
    return [Blocker(name, reason) for name, reason in reasons if reason]


def _begin_s(windows: Windows, now_ms: int, at_s: float, work_s: float) -> float:
    """When work of that length that could begin at a time may begin, for the windows."""
    at_ms = now_ms + round(at_s * timestamp.MILLISECONDS)
    begin_ms = windows.earliest_ms(at_ms, round(work_s * timestamp.MILLISECONDS))
    return inf if begin_ms >= FOR_EVER_MS else at_s + (begin_ms - at_ms) / timestamp.MILLISECONDS


def _played(
    old: Sequence[Node],
    reasons: dict[str, str],
    snapshot: Snapshot,
    rotation: Rotation,
    zones: dict[str, int],
    rules: Rules,
    estimates: Estimates,
    begin_s: Callable[[float, float], float],
) -> list[PlannedNode]:
    """List scheduling: whenever a slot is free, the node that comes first in the order takes it, once a window lets it."""
    pace = rotation.spec.pace
    room = slots(pace, zones)
    free_at = {scope: [0.0] * slot.total for scope, slot in room.items()}
    hands = [0.0] * in_hand_limit(pace, zones)
    waiting = {scope: [node for node in old if scope_of(node.zone, pace) == scope] for scope in room}
    forecast = Forecast(snapshot, rules)
    forecast.weigh(old)
    order: list[PlannedNode] = []
    ranking = Order(rotation.spec.nodes, snapshot, rules)
    while open_now := [scope for scope in room if waiting[scope]]:
        starts_s = max(hands[0], min(free_at[scope][0] for scope in open_now))
        drains_s = starts_s + estimates.boot_s + estimates.settle_s + estimates.deregister_s

        def rank(node: Node, drains_s: float = drains_s) -> tuple[object, ...]:
            return ranking.rank(node, forecast.wait_s(node, drains_s), forecast.weight(node))

        node = min((node for scope in open_now if free_at[scope][0] <= starts_s for node in waiting[scope]), key=rank)
        scope = scope_of(node.zone, pace)
        waiting[scope].remove(node)
        wait_s = forecast.wait_s(node, drains_s)
        cost_s = node_cost_s(node, snapshot, rules, estimates)
        later_s = begin_s(starts_s, cost_s + wait_s) - starts_s
        starts_s, drains_s = starts_s + later_s, drains_s + later_s
        if later_s:
            wait_s = forecast.wait_s(node, drains_s)
        forecast.reserve(node, drains_s)
        ends_s = starts_s + cost_s + wait_s
        pods = sum(1 for pod in snapshot.pods_on(node.name) if isinstance(fate(pod, snapshot, rules), Move))
        times = (round(starts_s, 1), round(ends_s, 1), round(wait_s, 1))
        order.append(PlannedNode(node.name, node.zone, reasons[node.name], pods, *times, ranking.reason(node, wait_s)))
        heapq.heapreplace(free_at[scope], ends_s)
        heapq.heapreplace(hands, ends_s)
    return order


def _chosen(selected: Sequence[Node], spec: RotationSpec) -> list[str]:
    """What a specification says of nodes that the cluster does not have: no contradiction, they may come."""
    if not selected:
        return ["no node is selected (spec.nodes): there is nothing to rotate"]
    zones = zones_of(selected)
    there = ", ".join(name or "nodes of no zone" for name in zones)
    said = [
        f"no selected node is in zone {zone.name} (spec.pace.zones); there are {there}"
        for zone in spec.pace.zones
        if zone.name not in zones
    ]
    if spec.nodes.canary >= len(selected):
        said.append(f"spec.nodes.canary is {spec.nodes.canary}, of {len(selected)} nodes: no node would be left to come after")
    return said


def _warnings(snapshot: Snapshot) -> list[str]:
    """What does not forbid the rotation but should be known."""
    unready = [reason for node in snapshot.nodes.values() if (reason := node_unready(node))]
    short = [reason for workload in snapshot.workloads.values() if (reason := workload_unavailable(workload))]
    return [*unready, *short, *lost_members(snapshot)]


def scored(nodes: int) -> int:
    """How many of so many nodes kube-scheduler finds room on and compares for a pod, where percentageOfNodesToScore is not set.

    Source: numFeasibleNodesToFind in pkg/scheduler/schedule_one.go.
    """
    percent = max(SCORED_PERCENT_MIN, SCORED_PERCENT - nodes // 125)
    return min(nodes, max(SCORED_MIN, nodes * percent // 100))


def _unscored(nodes: int) -> list[str]:
    """That pods may move twice, where the scheduler need not see any of the new nodes."""
    if scored(nodes) == nodes:
        return []
    looks = (
        f"the cluster has {nodes} nodes, and unless told otherwise kube-scheduler compares only {scored(nodes)} of them for a pod"
    )
    cure = "percentageOfNodesToScore: 100 in its configuration, for as long as the rotation lasts, has it look at all"
    return [f"{looks}: some pods will land on another old node and move twice (of 200 nodes it was one in ten); {cure}"]


def _ignored(nodes: Sequence[Node], snapshot: Snapshot, rules: Rules) -> list[str]:
    """Annotations that ask for something nobody can read."""
    pods = (pod for node in nodes if rules.honour_do_not_disrupt for pod in snapshot.pods_on(node.name))
    return [said for pod in pods if (said := ignored(pod))]


def _singles(nodes: Sequence[Node], snapshot: Snapshot, rules: Rules) -> list[str]:
    """What is said of Deployments of one replica where a second one is asked for."""
    said: list[str] = []
    for pod in (pod for node in nodes if rules.surge_single for pod in snapshot.pods_on(node.name)):
        found = single(pod, snapshot)
        if found is not None and isinstance(fate(pod, snapshot, rules), Move):
            what = f"Deployment {found.deployment.metadata.key} has one replica"
            by = f" from HorizontalPodAutoscaler {found.autoscaler} (minReplicas: 2)" if found.autoscaler else ""
            second = f"gets a second one{by} before it is evicted"
            then = f"is evicted without a second: {found.obstacle}" if found.obstacle else second
            said.append(f"{what}, which {then}")
    return said


def _overdue(last: Sequence[Blocker]) -> list[str]:
    """What is said of nodes that only a deletion past the deadline can empty."""
    nodes = ", ".join(sorted({found.node for found in last}))
    reasons = dict.fromkeys(found.reason for found in last)
    return [f"{reason}; until then its pods go by DeadlineDelete, last of all (nodes {nodes})" for reason in reasons]
