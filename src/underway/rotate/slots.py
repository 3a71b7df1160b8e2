"""How many nodes may be in hand at once: maxSurge and maxUnavailable, of the selection or of each zone, maxInHand in all.

A node that is quarantined with its successor beside it needs neither: so many as spec.drain.maxQuarantined says stand beside
the slots, that a drain which is stuck may not stop the others.

Source of the rounding: apps/v1 RollingUpdateDeployment (maxSurge rounds up, maxUnavailable down; if both come out as 0,
maxUnavailable is 1).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil, floor

import msgspec

from underway.model.node import Node
from underway.rotate.record import Phase, Record, Slot
from underway.rotate.spec import Drain, Pace


class Slots(msgspec.Struct, frozen=True):
    """The slots of one scope (a zone, or "" for all)."""

    surge: int
    unavailable: int

    def of(self, slot: Slot) -> int:
        """How many of one sort."""
        return self.surge if slot is Slot.SURGE else self.unavailable

    @property
    def total(self) -> int:
        """All of them."""
        return self.surge + self.unavailable


def scope_of(zone: str, pace: Pace) -> str:
    """The scope that a node of a zone counts in."""
    return zone if pace.per_zone else ""


def _resolved(value: int | str, total: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = int(value[:-1]) * total / 100
    return ceil(share) if up else floor(share)


def zones_of(selected: Iterable[Node]) -> dict[str, int]:
    """How many selected nodes each zone has."""
    return dict(sorted(Counter(node.zone for node in selected).items()))


def slots(pace: Pace, zones: Mapping[str, int]) -> dict[str, Slots]:
    """The slots of each scope.

    zones: how many nodes each zone had when the rotation began. The nodes of the moment would not do: the surge itself
    would raise what a percentage allows.
    """
    totals: Counter[str] = Counter()
    for zone, count in zones.items():
        totals[scope_of(zone, pace)] += count
    own = {zone.name: zone for zone in pace.zones}
    resolved = {}
    for scope, total in sorted(totals.items()):
        budget = own.get(scope, pace)
        surge = _resolved(budget.max_surge, total, up=True)
        unavailable = _resolved(budget.max_unavailable, total, up=False)
        resolved[scope] = Slots(surge, unavailable) if surge or unavailable else Slots(0, 1)
    return resolved


def may_surge(node: Node, pace: Pace, zones: Mapping[str, int]) -> bool:
    """Whether a node may have a successor beside it before it goes. zones: as for slots."""
    found = slots(pace, zones).get(scope_of(node.zone, pace))
    return found is not None and found.surge > 0


def in_hand_limit(pace: Pace, zones: Mapping[str, int]) -> int:
    """How many slots may be taken in all scopes together. zones: as for slots."""
    most = sum(slot.total for slot in slots(pace, zones).values())
    return min(most, _resolved(pace.max_in_hand, sum(zones.values()), up=True))


def quarantine_limit(drain: Drain, zones: Mapping[str, int]) -> int:
    """How many quarantined nodes may stand beside the slots. zones: how many nodes each zone had when the rotation began."""
    return _resolved(drain.max_quarantined, sum(zones.values()), up=True)


def beside_the_slots(records: Mapping[str, Record], limit: int) -> frozenset[str]:
    """The quarantined nodes that take no slot, by name: those that came first, as many as the limit allows.

    One that went without a successor keeps its slot: the cluster is short of it for as long as it is closed.
    """
    quarantined = [
        name
        for name, record in sorted(records.items(), key=lambda item: item[1].place)
        if record.phase is Phase.QUARANTINED and record.slot is Slot.SURGE
    ]
    return frozenset(quarantined[:limit])
