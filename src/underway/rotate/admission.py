"""Which outdated node is taken in hand next, and with which slot.

Owns the choice: `rotate.order` sorts, slots and the end of a maintenance window limit, blocked nodes wait outside.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf

import msgspec

from underway.model.node import CONTROL_PLANE_LABEL, Node
from underway.model.snapshot import Snapshot
from underway.policy.evictable import Rules
from underway.rotate.blockers import blockers_of
from underway.rotate.bound import node_cost_s
from underway.rotate.estimates import Estimates
from underway.rotate.forecast import Forecast
from underway.rotate.order import Order
from underway.rotate.quorum import lost_members, too_few
from underway.rotate.record import Owed, Phase, Record, Slot
from underway.rotate.slots import beside_the_slots, in_hand_limit, quarantine_limit, scope_of, slots, zones_of
from underway.rotate.spec import RotationSpec


class Admission(msgspec.Struct, frozen=True):
    """One node to take in hand, and the slot that it takes."""

    node: Node
    slot: Slot


class Hands(msgspec.Struct, frozen=True):
    """What is in hand already.

    records: by node name; owed: machines still to come; zones: how many nodes each zone had at the beginning; limit: how
    many more may be begun, None for as many as there are slots; closes_in_s: until the maintenance window closes; span_s: how
    long it is in all.
    """

    records: Mapping[str, Record] = {}
    owed: tuple[Owed, ...] = ()
    zones: Mapping[str, int] = {}
    limit: int | None = None
    closes_in_s: float = inf
    span_s: float = inf

    def taken(self, spec: RotationSpec, snapshot: Snapshot) -> Counter[tuple[str, Slot]]:
        """How many slots of each scope and sort are taken."""
        pace = spec.pace
        counts: Counter[tuple[str, Slot]] = Counter()
        replaced = {owed.replaces for owed in self.owed}
        beside = beside_the_slots(self.records, quarantine_limit(spec.drain, self.zones))
        for name, record in self.records.items():
            if name not in replaced and name not in beside:
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
    limit = len(outdated) if hands.limit is None else hands.limit
    if not limit:
        return ()
    room = Room(outdated, hands, snapshot, spec)
    if all(room.free(node) is None for node in outdated):
        return ()
    candidates = [node for node in outdated if not blockers_of(node, snapshot, rules)]
    one_at_a_time = _control_plane_is_busy(hands, snapshot)
    candidates = [node for node in candidates if not (one_at_a_time and node.is_control_plane)]
    forecast = _promised(hands, snapshot, rules, estimates)
    forecast.weigh(candidates)
    order = Order(spec.nodes, snapshot, rules)
    admissions: list[Admission] = []
    while len(admissions) < limit:
        open_now = [
            (node, slot)
            for node in candidates
            if (slot := room.free(node)) is not None and not too_few(snapshot, node, successor=slot is Slot.SURGE)
        ]
        if not open_now:
            break
        waits_s = {node.name: forecast.wait_s(node, _drains_in_s(slot, estimates)) for node, slot in open_now}
        open_now = [choice for choice in open_now if _fits(choice[0], waits_s, hands, snapshot, rules, estimates)]
        if not open_now:
            break
        node, slot = min(open_now, key=lambda choice: order.rank(choice[0], waits_s[choice[0].name], forecast.weight(choice[0])))
        forecast.reserve(node, _drains_in_s(slot, estimates))
        room.take(node, slot)
        candidates.remove(node)
        if node.is_control_plane:
            candidates = [other for other in candidates if not other.is_control_plane]
        admissions.append(Admission(node, slot))
    return tuple(admissions)


def is_full(outdated: Sequence[Node], hands: Hands, snapshot: Snapshot, spec: RotationSpec) -> bool:
    """Whether there is no slot for any of the nodes, which are not in hand yet."""
    room = Room(outdated, hands, snapshot, spec)
    return all(room.free(node) is None for node in outdated)


class Room:
    """The slots that there are, and those that are taken."""

    def __init__(self, outdated: Sequence[Node], hands: Hands, snapshot: Snapshot, spec: RotationSpec) -> None:
        self._pace = spec.pace
        zones = zones_of(outdated) | dict(hands.zones)
        self._slots = slots(spec.pace, zones)
        self._taken = hands.taken(spec, snapshot)
        self._limit = in_hand_limit(spec.pace, zones)

    def free(self, node: Node) -> Slot | None:
        """A slot for the node, None where all are taken."""
        if self._taken.total() >= self._limit:
            return None
        scope = scope_of(node.zone, self._pace)
        found = (slot for slot in (Slot.SURGE, Slot.UNAVAILABLE) if self._taken[scope, slot] < self._slots[scope].of(slot))
        return next(found, None)

    def take(self, node: Node, slot: Slot) -> None:
        """The node has it."""
        self._taken[scope_of(node.zone, self._pace), slot] += 1


def _control_plane_is_busy(hands: Hands, snapshot: Snapshot) -> bool:
    """Whether a node of the control plane is in hand or owed, or a member of etcd is lost: they go one at a time."""
    in_hand = any(snapshot.nodes[name].is_control_plane for name in hands.records)
    coming = any(CONTROL_PLANE_LABEL in debt.labels for debt in hands.owed)
    return in_hand or coming or bool(lost_members(snapshot))


def _drains_in_s(slot: Slot, estimates: Estimates) -> float:
    wait_s = estimates.settle_s + estimates.deregister_s
    return wait_s + estimates.boot_s if slot is Slot.SURGE else wait_s


def _promised(hands: Hands, snapshot: Snapshot, rules: Rules, estimates: Estimates) -> Forecast:
    """A forecast in which the nodes in hand have reserved their tokens, those that drain already first, then as admitted."""
    forecast = Forecast(snapshot, rules)
    ordered = sorted(hands.records.items(), key=lambda item: (item[1].phase is Phase.SURGING, item[1].place))
    for name, record in ordered:
        drains_in_s = _drains_in_s(record.slot, estimates) if record.phase is Phase.SURGING else 0.0
        forecast.reserve(snapshot.nodes[name], drains_in_s)
    return forecast


def _fits(node: Node, waits_s: Mapping[str, float], hands: Hands, snapshot: Snapshot, rules: Rules, estimates: Estimates) -> bool:
    """Whether the node would be done before the window closes; where no opening is long enough, it may begin in any."""
    if hands.closes_in_s == inf:
        return True
    takes_s = node_cost_s(node, snapshot, rules, estimates) + waits_s[node.name]
    return takes_s <= hands.closes_in_s or takes_s > hands.span_s
