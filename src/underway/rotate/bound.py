"""The least time that any scheduler could need for a rotation, and what makes it so.

Four bounds, each true by itself, the largest of which holds: slots (machine-seconds of work over the slots there are),
budgets (an application's pods over the disruptions it allows), chain (the slowest single node) and API (evictions over
the request rate). Notation: N nodes, b boot, h settling and deregistration, D drain, t terminate; an application has m
pods on old nodes, k disruptions at once, rho from eviction to a Ready replacement.
"""

from collections.abc import Mapping, Sequence
from math import ceil, inf

import msgspec

from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.policy.budget import capacity
from underway.policy.evictable import Move, Rules, bypasses_budget, fate
from underway.rotate.estimates import Estimates, leaving_s_min, restart
from underway.rotate.slots import in_hand_limit, scope_of, slots
from underway.rotate.spec import Pace


class Bound(msgspec.Struct, frozen=True, rename="camel"):
    """seconds: the lower bound, infinite when a budget never allows; limit: which bound it is; explanation: one sentence."""

    seconds: float
    limit: str
    explanation: str


def node_cost_s(node: Node, snapshot: Snapshot, rules: Rules, estimates: Estimates) -> float:
    """The least time that one node keeps a slot: boot, settle, deregister, drain, terminate."""
    return _cost_s(_moved(node, snapshot, rules), estimates)


def _moved(node: Node, snapshot: Snapshot, rules: Rules) -> list[Pod]:
    """The pods that a drain of the node moves."""
    return [pod for pod in snapshot.pods_on(node.name) if isinstance(fate(pod, snapshot, rules), Move)]


def _cost_s(moved: Sequence[Pod], estimates: Estimates) -> float:
    drain_s = max((leaving_s_min(pod) for pod in moved), default=0.0)
    return estimates.boot_s + estimates.settle_s + estimates.deregister_s + drain_s + estimates.terminate_s


def _least_s(times: Sequence[float], at_once: int) -> float:
    """The least time for work of such lengths, so much at once."""
    # Some slot serves at least ceil(N / slots) nodes, one after the other: true where the plain quotient is weaker.
    cheapest_first = sorted(times)[: ceil(len(times) / at_once)]
    return max(sum(times) / at_once, sum(cheapest_first))


def _slot_bound(costs: dict[str, list[float]], pace: Pace, zones: Mapping[str, int]) -> Bound:
    room = slots(pace, zones)
    least_s = {scope: _least_s(times, room[scope].total) for scope, times in costs.items()}
    where = max(least_s, key=least_s.__getitem__)
    everything = [time for times in costs.values() for time in times]
    limit = in_hand_limit(pace, zones)
    together_s = _least_s(everything, limit)
    if together_s > least_s[where]:
        return Bound(together_s, "slots", f"{len(everything)} nodes, of which maxInHand lets {limit} go at once")
    zone = f" in zone {where}" if where else ""
    return Bound(least_s[where], "slots", f"{len(everything)} nodes over the slots of maxSurge and maxUnavailable{zone}")


def _budget_bound(moved: Sequence[Pod], snapshot: Snapshot, rules: Rules, estimates: Estimates) -> Bound:
    demand: dict[str, int] = {}
    budgets = {}
    for pod in moved:
        for budget in snapshot.budgets_of(pod):
            if not bypasses_budget(pod, budget):
                budgets[budget.key] = budget
                demand[budget.key] = demand.get(budget.key, 0) + 1
    worst = Bound(0.0, "budgets", "no budget binds")
    for key, pods in sorted(demand.items()):
        k = capacity(budgets[key], surged=rules.surge_single)
        if k == 0:
            return Bound(inf, "budgets", f"PodDisruptionBudget {key} never allows a disruption")
        rounds = ceil(pods / k) - 1
        # The first eviction needs no booted machine where there is room already, so b is left out: the bound stays true.
        seconds = rounds * restart(budgets[key], snapshot).min_s + estimates.terminate_s
        if seconds > worst.seconds:
            worst = Bound(seconds, "budgets", f"{pods} pods of PodDisruptionBudget {key}, {k} at a time")
    return worst


def bound(
    nodes: Sequence[Node],
    snapshot: Snapshot,
    pace: Pace,
    zones: Mapping[str, int],
    rules: Rules,
    estimates: Estimates,
    evictions_per_s: float = 20.0,
) -> Bound:
    """The largest of the bounds for rotating `nodes`; 0 s for none.

    zones: how many nodes each had when the rotation began. estimates: the least, not the typical, times, or the bound would
    not be one. evictions_per_s: the client-side rate limit of `underway.live`.
    """
    if not nodes:
        return Bound(0.0, "nothing", "every selected node is up to date")
    costs: dict[str, list[float]] = {}
    moved: list[Pod] = []
    for node in nodes:
        leaving = _moved(node, snapshot, rules)
        costs.setdefault(scope_of(node.zone, pace), []).append(_cost_s(leaving, estimates))
        moved += leaving
    chain_s = max(time for times in costs.values() for time in times)
    return max(
        _slot_bound(costs, pace, zones),
        _budget_bound(moved, snapshot, rules, estimates),
        Bound(chain_s, "chain", "the slowest single node"),
        Bound(len(moved) / evictions_per_s, "api", f"{len(moved)} evictions at {evictions_per_s:g} requests a second"),
        key=lambda candidate: candidate.seconds,
    )
