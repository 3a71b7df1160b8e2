"""Which outdated node is taken in hand next, and with which slot.

Owns the order: canaries alone first, then the specification's own keys, then the least projected wait for budgets, then
zone and name, so that the choice is the same wherever it is made. Blocked nodes wait outside.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from underway.model.node import Node
from underway.model.snapshot import Snapshot
from underway.policy.evictable import Rules
from underway.rotate.blockers import blockers_of
from underway.rotate.estimates import Estimates
from underway.rotate.forecast import Forecast
from underway.rotate.record import Owed, Phase, Record, Slot
from underway.rotate.slots import Slots, scope_of, slots, zones_of
from underway.rotate.spec import RotationSpec


class Admission(msgspec.Struct, frozen=True):
    """One node to take in hand, and the slot that it takes."""

    node: Node
    slot: Slot


class Hands(msgspec.Struct, frozen=True):
    """What is in hand already.

    records: by node name; owed: machines still to come; done: how many nodes are finished; zones: how many nodes each
    zone had at the beginning.
    """

    records: Mapping[str, Record] = {}
    owed: tuple[Owed, ...] = ()
    done: int = 0
    zones: Mapping[str, int] = {}

    def taken(self, spec: RotationSpec, snapshot: Snapshot) -> Counter[tuple[str, Slot]]:
        """How many slots of each scope and sort are taken."""
        pace = spec.pace
        counts: Counter[tuple[str, Slot]] = Counter()
        replaced = {owed.replaces for owed in self.owed}
        for name, record in self.records.items():
            if name not in replaced:
                counts[scope_of(snapshot.nodes[name].zone, pace), record.slot] += 1
        for owed in self.owed:
            counts[scope_of(owed.zone, pace), Slot.UNAVAILABLE] += 1
        return counts


def admit(
    outdated: Sequence[Node],
    hands: Hands,
    snapshot: Snapshot,
    spec: RotationSpec,
    rules: Rules,
    estimates: Estimates,
) -> tuple[Admission, ...]:
    """The nodes to take in hand now. outdated: those that are not in hand yet."""
    room = slots(spec.pace, zones_of(outdated) | dict(hands.zones))
    taken = hands.taken(spec, snapshot)
    canaries_left = spec.nodes.canary - hands.done
    limit = max(0, canaries_left - len(hands.records)) if canaries_left > 0 else len(outdated)
    if not limit or all(_free_slot(scope_of(node.zone, spec.pace), room, taken) is None for node in outdated):
        return ()
    candidates = [node for node in outdated if not blockers_of(node, snapshot, rules)]
    forecast = _promised(hands, snapshot, rules, estimates)
    admissions: list[Admission] = []
    while len(admissions) < limit:
        open_now = [
            (node, slot) for node in candidates if (slot := _free_slot(scope_of(node.zone, spec.pace), room, taken)) is not None
        ]
        if not open_now:
            break
        node, slot = min(open_now, key=lambda choice: _rank(choice, forecast, spec, estimates))
        forecast.reserve(node, _drains_in_s(slot, estimates))
        taken[scope_of(node.zone, spec.pace), slot] += 1
        candidates.remove(node)
        admissions.append(Admission(node, slot))
    return tuple(admissions)


def _free_slot(scope: str, room: Mapping[str, Slots], taken: Counter[tuple[str, Slot]]) -> Slot | None:
    for slot in (Slot.SURGE, Slot.UNAVAILABLE):
        if taken[scope, slot] < room[scope].of(slot):
            return slot
    return None


def _drains_in_s(slot: Slot, estimates: Estimates) -> float:
    wait_s = estimates.settle_s + estimates.deregister_s
    return wait_s + estimates.boot_s if slot is Slot.SURGE else wait_s


def _promised(hands: Hands, snapshot: Snapshot, rules: Rules, estimates: Estimates) -> Forecast:
    """A forecast in which the nodes in hand have reserved their tokens, those that drain already first."""
    forecast = Forecast(snapshot, rules)
    ordered = sorted(hands.records.items(), key=lambda item: (item[1].phase is Phase.SURGING, item[1].since_ms, item[0]))
    for name, record in ordered:
        drains_in_s = _drains_in_s(record.slot, estimates) if record.phase is Phase.SURGING else 0.0
        forecast.reserve(snapshot.nodes[name], drains_in_s)
    return forecast


def _rank(choice: tuple[Node, Slot], forecast: Forecast, spec: RotationSpec, estimates: Estimates) -> tuple[object, ...]:
    node, slot = choice
    keys = {"zone": node.zone, "age": node.metadata.creation_timestamp, "name": node.name}
    wait_s = forecast.wait_s(node, _drains_in_s(slot, estimates))
    return (*(keys[key.by] for key in spec.nodes.order), round(wait_s, 3), node.zone, node.name)
