"""What Prometheus learns of the operator: read off it at each scrape, so that nothing is counted twice or forgotten.

Owns the names and labels. Nothing here is a secret: names of Rotations, gates and states, and numbers.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from underway.live.crier import Crier
from underway.rotate.operator.operator import Operator

STATES = ("Starting", "Waiting", "Progressing", "Frozen", "Blocked", "Stopped", "Finished", "Failed")


class Measures(Collector):
    """A registry of one operator. fleets: what those of a hub tell people, None where it is none."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self.fleets: Crier | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the operator is asked when Prometheus asks."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The families as of now."""
        operator = self._operator
        leads = GaugeMetricFamily("underway_leader", "Whether this replica acts.")
        leads.add_metric([], float(operator.leading))
        yield leads
        synced = GaugeMetricFamily("underway_synced", "Whether the picture of the cluster is complete.")
        synced.add_metric([], float(operator.synced))
        yield synced
        writes = CounterMetricFamily("underway_operator_writes", "Writes of status, Events, finalizers by this process.")
        writes.add_metric([], operator.writes)
        yield writes
        yield from self._rotations()
        if self.fleets is not None:
            yield _of_fleets(self.fleets)

    def _rotations(self) -> Iterable[Metric]:
        state = GaugeMetricFamily("underway_rotation_state", "1 for the state of a Rotation.", labels=["rotation", "state"])
        nodes = GaugeMetricFamily("underway_rotation_nodes", "Nodes of a Rotation.", labels=["rotation", "where"])
        phases = GaugeMetricFamily("underway_rotation_nodes_in_hand", "Nodes in hand by phase.", labels=["rotation", "phase"])
        blockers = GaugeMetricFamily("underway_rotation_blockers", "What keeps nodes from being emptied.", labels=["rotation"])
        breaches = GaugeMetricFamily("underway_rotation_gate_breach", "1 for a gate in breach.", labels=["rotation", "gate"])
        bound = GaugeMetricFamily("underway_rotation_left_seconds", "The lower bound of what is left.", labels=["rotation"])
        finish = GaugeMetricFamily(
            "underway_rotation_predicted_finish", "When it will be done, epoch seconds.", labels=["rotation"]
        )
        bugs = GaugeMetricFamily("underway_rotation_invariant_violated", "1 where a bug has stopped it.", labels=["rotation"])
        evictions = CounterMetricFamily("underway_evictions", "Evictions accepted.", labels=["rotation"])
        refused = CounterMetricFamily("underway_evictions_refused", "Evictions refused by a budget.", labels=["rotation"])
        requests = CounterMetricFamily("underway_requests", "Acts sent.", labels=["rotation"])
        alerts = CounterMetricFamily(
            "underway_alerts", "Messages to people, and whether they arrived.", labels=["rotation", "result"]
        )
        for name, hand in sorted(self._operator.hands.items()):
            status = hand.status
            bugs.add_metric([name], float(bool(hand.violation)))
            totals = hand.totals
            evictions.add_metric([name], totals.evictions)
            refused.add_metric([name], totals.refused_by_budget)
            requests.add_metric([name], totals.requests)
            alerts.add_metric([name, "delivered"], totals.alerts)
            alerts.add_metric([name, "failed"], totals.alerts_failed)
            if status is None:
                continue
            for one in STATES:
                state.add_metric([name, one], float(status.state == one))
            counts = status.nodes
            for where, number in (
                ("total", counts.total),
                ("up_to_date", counts.up_to_date),
                ("in_hand", counts.in_hand),
                ("outdated", counts.outdated),
            ):
                nodes.add_metric([name, where], number)
            for phase in sorted({node.phase for node in status.in_flight}):
                phases.add_metric([name, phase], sum(1 for node in status.in_flight if node.phase == phase))
            blockers.add_metric([name], len(status.blockers))
            for gate in sorted({breach.gate for breach in status.breaches}):
                breaches.add_metric([name, gate], 1)
            if status.bound is not None:
                bound.add_metric([name], status.bound.seconds)
            if status.predicted_finish_ms is not None:
                finish.add_metric([name], status.predicted_finish_ms / 1_000)
        yield from (state, nodes, phases, blockers, breaches, bound, finish, bugs, evictions, refused, requests, alerts)


def _of_fleets(crier: Crier) -> Metric:
    """The messages of a hub, as those of a Rotation are counted."""
    alerts = CounterMetricFamily(
        "underway_fleet_alerts", "Messages to people about a Fleet, and whether they arrived.", labels=["fleet", "result"]
    )
    for fleet in sorted({*crier.delivered, *crier.failed}):
        alerts.add_metric([fleet, "delivered"], crier.delivered[fleet])
        alerts.add_metric([fleet, "failed"], crier.failed[fleet])
    return alerts
