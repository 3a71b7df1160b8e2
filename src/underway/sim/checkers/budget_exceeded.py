"""The pace is kept: never more nodes in hand than slots, never fewer usable nodes than maxUnavailable allows."""

import json
from math import ceil, floor

from underway.kube import resource as r
from underway.sim.checkers.evidence import ANNOTATION, Checker, phase_of, ready
from underway.sim.store import Change, Object


class BudgetExceeded(Checker):
    """Counts the records on the nodes and the machines that are still owed, zone by zone where the pace says so."""

    name = "budget-exceeded"

    def on_change(self, change: Change) -> None:
        """A node or the Lease changed: count again."""
        if change.object.get("kind") not in ("Node", "Lease"):
            return
        if change.object["kind"] == "Node" and not _matters(change):
            return
        pace = self.claim.spec.get("pace", {})
        per_zone = pace.get("perZone", False)
        for scope in sorted(set(self.claim.nodes.values())) if per_zone else [None]:
            at_start = [name for name, zone in self.claim.nodes.items() if scope in (None, zone)]
            surge = _resolved(pace.get("maxSurge", 1), len(at_start), up=True)
            unavailable = _resolved(pace.get("maxUnavailable", 0), len(at_start), up=False)
            self._count(scope, len(at_start), surge, unavailable)

    def _count(self, scope: str | None, total: int, surge: int, unavailable: int) -> None:
        nodes = [n for n in self.store.values(r.NODES) if scope in (None, _zone(n))]
        in_hand = {n["metadata"]["name"] for n in nodes if phase_of(n)}
        owed = {debt["replaces"] for debt in self._owed() if scope in (None, debt.get("zone", ""))}
        limit = max(surge + unavailable, 1)
        if len(in_hand | owed) > limit:
            self.fail(f"{len(in_hand | owed)} nodes are in hand, limit {limit}: {', '.join(sorted(in_hand | owed))}")
        if len(nodes) > total + surge + unavailable:
            self.fail(f"{len(nodes)} nodes exist where {total} began and maxSurge is {surge}")
        usable = sum(1 for n in nodes if ready(n) and not n["spec"].get("unschedulable"))
        floor_ = total - (unavailable if surge or unavailable else 1)
        if usable < floor_:
            self.fail(f"only {usable} nodes are usable, {floor_} have to be")

    def _owed(self) -> list[Object]:
        leases = self.store.values(r.LEASES)
        texts = [(lease["metadata"].get("annotations") or {}).get(f"{ANNOTATION}owed") for lease in leases]
        return [debt for text in texts if text for debt in json.loads(text)]


def _matters(change: Change) -> bool:
    """Whether a node appeared, went, or changed its record or its usability."""
    before, after = change.previous, change.object
    if before is None or change.type == "DELETED":
        return True
    return (phase_of(before), ready(before), before["spec"]) != (phase_of(after), ready(after), after["spec"])


def _zone(node: Object) -> str:
    return str(node["metadata"].get("labels", {}).get("topology.kubernetes.io/zone", ""))


def _resolved(value: int | str, total: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = int(value[:-1]) * total / 100
    return ceil(share) if up else floor(share)
