"""How many nodes may be in hand at once: maxSurge and maxUnavailable, of the whole selection or of each zone.

Source of the rounding: apps/v1 RollingUpdateDeployment (maxSurge rounds up, maxUnavailable down; if both come out as 0,
maxUnavailable is 1).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil, floor

import msgspec

from underway.model.node import Node
from underway.rotate.record import Slot
from underway.rotate.spec import Pace


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
    resolved = {}
    for scope, total in sorted(totals.items()):
        surge = _resolved(pace.max_surge, total, up=True)
        unavailable = _resolved(pace.max_unavailable, total, up=False)
        resolved[scope] = Slots(surge, unavailable) if surge or unavailable else Slots(0, 1)
    return resolved
