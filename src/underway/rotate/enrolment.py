"""Taking nodes in hand: mark the old ones, choose the next, write the first record, and be sure that it is written.

A first record changes what the budgets count, so a lost answer must not let another node in meanwhile: an admission stays
pending until its reply, or the node itself, tells whether it took place. The record is a compare-and-swap on the node's
resourceVersion; once we see another version, it either is there or can never be.
"""

from functools import partial
from math import inf

import msgspec

from underway.model.duration import seconds
from underway.model.node import Node
from underway.policy.evictable import Rules
from underway.rotate import acts
from underway.rotate.admission import Hands, admit
from underway.rotate.canaries import came, fails_on_new
from underway.rotate.estimates import Estimates
from underway.rotate.ledger import Ledger
from underway.rotate.machine import Event, next_phase
from underway.rotate.order import Canary, canary
from underway.rotate.outbox import Outbox
from underway.rotate.record import Phase, Record, Slot, machine_key, ours_of_hands_off, record_of
from underway.rotate.situation import Situation
from underway.rotate.spec import Rotation
from underway.rotate.windows import FOR_EVER_MS

MARKS_AT_ONCE = 8  # of the 16 writes at once: the taints of 1,000 old nodes must not keep an eviction waiting


class Pending(msgspec.Struct, frozen=True):
    """An admission whose outcome is not known. seen: the node's resourceVersion that it was based on.

    place_ms: its place among all admissions, a time.
    """

    node: str
    slot: Slot
    seen: str
    place_ms: int


class Enrolment:
    """The way into a rotation. Memory of one driver; what matters of it is written on the nodes.

    rules: what a drain may do now.
    """

    def __init__(self, rotation: Rotation, rules: Rules, outbox: Outbox, ledger: Ledger) -> None:
        self._rotation = rotation
        self.rules = rules
        self._outbox = outbox
        self._ledger = ledger
        self._pending: dict[str, Pending] = {}

    def mark(self, old: list[Node]) -> bool:
        """Taint the old nodes; whether all of them are."""
        unmarked = [node for node in old if not acts.is_marked(node)]
        for node in unmarked[: MARKS_AT_ONCE - self._ledger.under_way("mark")]:
            self._outbox.send(("mark", node.metadata.uid), partial(acts.mark_outdated, node=node))
        return not unmarked

    def round(self, old: list[Node], situation: Situation, estimates: Estimates) -> Canary:
        """Take in hand what there is room for. old: all that are out of date; how far the canaries are."""
        self._settle(situation)
        for uid, pending in self._pending.items():
            if pending.node in situation.held:
                continue
            self._begin(situation.snapshot.nodes[pending.node], uid, pending, situation.now_ms)
        canaries = self._canaries(old, situation)
        if self._pending or situation.waiting:
            return canaries
        free = [node for node in old if record_of(node) is None and node.name not in situation.held]
        opening, journal = situation.opening, situation.journal
        hands = Hands(
            situation.records,
            journal.owed,
            journal.zones,
            canaries.limit,
            inf if opening.until_ms >= FOR_EVER_MS else (opening.until_ms - situation.now_ms) / 1_000,
            opening.span_ms / 1_000,
        )
        admissions = admit(free, hands, situation.snapshot, self._rotation.spec, self.rules, estimates)
        for later_ms, admission in enumerate(admissions):
            node, place_ms = admission.node, situation.now_ms + later_ms
            pending = Pending(node.name, admission.slot, node.metadata.resource_version, place_ms)
            self._pending[node.metadata.uid] = pending
            self._begin(node, node.metadata.uid, pending, situation.now_ms)
        return canaries

    def _canaries(self, old: list[Node], situation: Situation) -> Canary:
        """How far the canaries are: what is written of the beginning, less what is left of it.

        New nodes may be out of date as well, made from a wrong template or from one that has changed: none of them is left over.
        """
        nodes, journal, records = self._rotation.spec.nodes, situation.journal, situation.records
        if not nodes.canary:
            return Canary()
        started_ms = journal.started_ms or 0
        new = {node.name for node in old if came(node, started_ms)}
        begun = journal.outdated + len(new & records.keys()) - sum(1 for n in old if n.name not in new and n.name not in records)
        coming = sum(1 for debt in journal.owed if debt.replaces not in situation.snapshot.nodes)
        finished = journal.outdated - (len(old) - len(new)) - coming
        soak_ms = round(seconds(nodes.canary_soak) * 1_000)
        found = canary(nodes.canary, soak_ms, begun, finished, journal.canaried_ms, situation.now_ms)
        if found.limit is not None or found.passed or begun > nodes.canary:
            return found
        failing = fails_on_new(old, situation.snapshot, nodes, started_ms)
        return Canary(0, failing) if failing else found

    def _settle(self, situation: Situation) -> None:
        nodes = situation.snapshot.nodes
        for uid, pending in list(self._pending.items()):
            node = nodes.get(pending.node)
            if node is None or node.metadata.uid != uid or node.metadata.resource_version != pending.seen:
                del self._pending[uid]

    def _begin(self, node: Node, uid: str, pending: Pending, now_ms: int) -> None:
        event = Event.ADMITTED_WITH_SURGE if pending.slot is Slot.SURGE else Event.ADMITTED_WITHOUT_SURGE
        phase = next_phase(Phase.OUTDATED, event)
        closing = phase is Phase.CORDONED
        name = self._rotation.metadata.name
        record = Record(
            rotation=name,
            phase=phase,
            since_ms=now_ms,
            slot=pending.slot,
            replacement=machine_key(name, uid, now_ms),
            cordoned=closing and not node.spec.unschedulable,
            protected=ours_of_hands_off(node),
            admitted_ms=pending.place_ms,
        )
        closed = True if closing else None
        self._outbox.send(("admit", uid), lambda id_: acts.write_record(id_, node, record, closed=closed))
