"""The pace is kept: never more nodes in hand than slots, nor than maxInHand, nor fewer usable than maxUnavailable allows.

Nodes that were quarantined with a successor beside them may be more, as many as maxQuarantined says; and no node is begun while
the others take every slot.
"""

import json
from math import ceil, floor

from underway.kube import resource as r
from underway.sim.checkers.evidence import ANNOTATION, PICTURE_MS, Checker, phase_of, ready
from underway.sim.store import Change, Object


class BudgetExceeded(Checker):
    """Counts the records on the nodes and the machines that are still owed, zone by zone where the pace says so."""

    name = "budget-exceeded"

    def begin(self) -> None:
        """Nothing was quarantined yet."""
        self._quarantined: dict[str, int] = {}  # when each node was last seen in it
        self._ended: set[str] = set()
        self._awaited: set[str] = set()  # made by somebody else in the place of a node that was ours to replace

    def on_terminate(self, node: str) -> None:
        """From here on it is we by whom the node fails, closed or not."""
        self._ended.add(node)

    def on_replace(self, node: str, successor: str) -> None:
        """Until the new one is Ready, the old one fails by itself."""
        if node in self.claim.nodes and node not in self._ended:
            self._awaited.add(successor)

    def on_change(self, change: Change) -> None:
        """A node or the Lease changed: count again."""
        if change.object.get("kind") not in ("Node", "Lease"):
            return
        if change.object["kind"] == "Node":
            if not _matters(change):
                return
            if ready(change.object):
                self._awaited.discard(change.object["metadata"]["name"])
            for node in filter(None, (change.previous, change.object)):
                if phase_of(node) == "Quarantined" and _has_successor(node):
                    self._quarantined[node["metadata"]["name"]] = self.now_ms()
        pace, begun = self.claim.spec.get("pace", {}), _begins(change)
        most = _resolved(pace.get("maxInHand", "100%"), len(self.claim.nodes), up=True)
        self._count_in_hand(None, most, begun=begun)
        per_zone = pace.get("perZone", False)
        for scope in sorted(set(self.claim.nodes.values())) if per_zone else [None]:
            at_start = [name for name, zone in self.claim.nodes.items() if scope in (None, zone)]
            own = next((one for one in pace.get("zones", ()) if one["name"] == scope), pace)
            surge = _resolved(own.get("maxSurge", 1), len(at_start), up=True)
            unavailable = _resolved(own.get("maxUnavailable", 0), len(at_start), up=False)
            self._count(scope, len(at_start), surge, unavailable, begun=begun)

    def _is_quarantined(self, name: str) -> bool:
        """Whether a node that begins may meet this one beside the slots: later it may drain again."""
        node = self.store.get(r.NODES, "", name)
        quarantined = node is not None and phase_of(node) == "Quarantined"
        return quarantined or self.now_ms() < self._quarantined[name] + PICTURE_MS

    def _beside(self) -> int:
        """How many nodes may stand beside the slots."""
        return _resolved(self.claim.spec.get("drain", {}).get("maxQuarantined", 1), len(self.claim.nodes), up=True)

    def _count(self, scope: str | None, total: int, surge: int, unavailable: int, *, begun: bool) -> None:
        self._count_in_hand(scope, max(surge + unavailable, 1), begun=begun)
        nodes = self._nodes(scope)
        if len(nodes) > total + surge + unavailable + min(len(self._quarantined), self._beside()):
            self.fail(f"{len(nodes)} nodes exist where {total} began and maxSurge is {surge}")
        usable = sum(1 for n in nodes if not _closed(n) and (ready(n) or self._failed_by_itself(n)))
        usable += len(self._awaited)
        floor_ = total - (unavailable if surge or unavailable else 1)
        if usable < floor_:
            self.fail(f"only {usable} nodes are usable, {floor_} have to be")

    def _nodes(self, scope: str | None) -> list[Object]:
        return [node for node in self.store.values(r.NODES) if scope in (None, _zone(node))]

    def _count_in_hand(self, scope: str | None, limit: int, *, begun: bool) -> None:
        in_hand = {node["metadata"]["name"] for node in self._nodes(scope) if phase_of(node)}
        in_hand |= {debt["replaces"] for debt in self._owed() if scope in (None, debt.get("zone", ""))}
        beside = min(sum(not begun or self._is_quarantined(name) for name in self._quarantined), self._beside())
        if len(in_hand) > limit + beside:
            self.fail(f"{len(in_hand)} nodes are in hand, limit {limit + beside}: {', '.join(sorted(in_hand))}")

    def _failed_by_itself(self, node: Object) -> bool:
        """Whether a node that is not Ready is nobody's pace: it was there before, it is open, and its machine was not ended.

        Gate nodes-ready is what heeds it, where it is asked; once the node is closed it counts like any other.
        """
        name = node["metadata"]["name"]
        return name in self.claim.nodes and name not in self._ended

    def _owed(self) -> list[Object]:
        leases = self.store.values(r.LEASES)
        texts = [(lease["metadata"].get("annotations") or {}).get(f"{ANNOTATION}owed") for lease in leases]
        return [debt for text in texts if text for debt in json.loads(text)]


def _closed(node: Object) -> bool:
    return bool(node["spec"].get("unschedulable"))


def _matters(change: Change) -> bool:
    """Whether a node appeared, went, or changed its record or its usability."""
    before, after = change.previous, change.object
    if before is None or change.type == "DELETED":
        return True
    return (phase_of(before), ready(before), before["spec"]) != (phase_of(after), ready(after), after["spec"])


def _begins(change: Change) -> bool:
    """Whether a node has just been taken in hand."""
    before, after = change.previous, change.object
    return after["kind"] == "Node" and bool(phase_of(after)) and before is not None and not phase_of(before)


def _has_successor(node: Object) -> bool:
    return (node["metadata"].get("annotations") or {}).get(f"{ANNOTATION}slot") == "Surge"


def _zone(node: Object) -> str:
    return str(node["metadata"].get("labels", {}).get("topology.kubernetes.io/zone", ""))


def _resolved(value: int | str, total: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = int(value[:-1]) * total / 100
    return ceil(share) if up else floor(share)
