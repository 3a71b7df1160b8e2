"""The operator: every Rotation of a cluster, reconciled by one driver each, while we are the leader.

    observe -> lead? -> each Rotation: finalizer, driver, status, Events -> (deleted: part from it)

It is fed and emptied like a driver (`step`), so that the terminal, the operator and the simulator pump the same code. It
lists and watches once for all drivers. Nothing is remembered that cannot be read back: a replica that takes over finds the
Rotations, their nodes and Leases as the last one left them. Only the leader acts; each driver holds its own Lease besides.
"""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from underway.errors import InvariantViolated
from underway.kube import request as q
from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.watch import WatchEvent
from underway.rotate import acts
from underway.rotate.alerts.herald import alarm
from underway.rotate.driver import IDLE_MS
from underway.rotate.effects import Answer, Delivered, MachineReply
from underway.rotate.freezes import Freeze
from underway.rotate.journal import LEASE_KEY, JournalWriter
from underway.rotate.kinds.conditions import essence, published
from underway.rotate.kinds.definitions import ROTATIONS
from underway.rotate.kinds.status import RotationStatus
from underway.rotate.ledger import Ledger
from underway.rotate.lock import Lock
from underway.rotate.observe import Observed
from underway.rotate.operator.hand import Hand
from underway.rotate.operator.happenings import event_request, happenings
from underway.rotate.operator.permits import VERB
from underway.rotate.operator.roster import FINALIZER, Roster, Wanted
from underway.rotate.outbox import Effect, Outbox
from underway.rotate.record import record_of, succession_of
from underway.rotate.signals import DriverEvent, Retire, Stop, Tick
from underway.rotate.target import selected, selected_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

LEADER_LEASE = "underway.operator"
STATUS_EVERY_MS = 10_000
STATUS_GAP_MS = 1_000
RELEASE_MS = 5_000


class Operator:
    """One replica.

    identity: unique to this process; gates, providers: the names that a Rotation may use; evict_in: the only namespaces in
    which pods may be evicted, empty for all.
    """

    def __init__(self, identity: str, gates: Iterable[str], providers: Iterable[str], evict_in: Iterable[str] = ()) -> None:
        self._evict_in = frozenset(evict_in) or None
        self.identity = identity
        self.finished = False
        self.failure = ""
        self.wakeup_ms: int | None = 0
        self.hands: dict[str, Hand] = {}
        self._ids = count(1)
        self._ledger = Ledger()
        self._outbox = Outbox(self._ids, self._ledger)
        self._picture = Observed(self._ids)
        self._roster = Roster(self._ids, gates, providers)
        self._leader = Lock(identity, LEADER_LEASE)
        self._journal = JournalWriter(self._leader)
        self._owner: dict[int, Hand] = {}
        self._watching: dict[int, Hand] = {}
        self._stopping = False
        self._end_ms = 0
        self._told = count(1)
        self._now_ms = 0

    # What others may know

    @property
    def synced(self) -> bool:
        """Whether the whole picture is in."""
        return self._picture.synced and self._roster.synced

    @property
    def leading(self) -> bool:
        """Whether this replica may act, as of its last event."""
        return self.leads(self._now_ms)

    @property
    def writes(self) -> int:
        """How many writes of its own it has sent: status, Events, finalizers."""
        return self._outbox.sent

    def leads(self, now_ms: int) -> bool:
        """Whether this replica may act at an instant."""
        return self._leader.held(now_ms)

    @property
    def wanted(self) -> dict[str, Wanted]:
        """The Rotations that there are."""
        return self._roster.wanted

    def hand_of(self, request_id: int) -> Hand | None:
        """Whose request it is: a machine request has to reach the provider of its Rotation."""
        return self._owner.get(request_id) or self._watching.get(request_id)

    def step(self, event: DriverEvent, now_ms: int, rng: Random) -> list[Effect]:
        """Take one event; what to send. now_ms: epoch milliseconds; rng: for jitter."""
        self._outbox.now_ms = self._now_ms = now_ms
        match event:
            case Tick():
                if not self.finished:
                    self._decide(now_ms, rng)
            case Stop() | Retire():
                self._stopping = True
            case WatchEvent():
                self._observe(event, now_ms, rng)
            case Reply() if event.request.verb in ("list", "watch") and event.request.id not in self._owner:
                self._observe(event, now_ms, rng)
            case Reply() | MachineReply() | Answer() | Delivered():
                self._answered(event, now_ms, rng)
        return self._outbox.empty()

    # What has happened

    def _observe(self, event: Reply | WatchEvent, now_ms: int, rng: Random) -> None:
        if not self._roster.receive(event, now_ms, rng):
            self._picture.receive(event, now_ms, rng)

    def _answered(self, event: Reply | MachineReply | Answer | Delivered, now_ms: int, rng: Random) -> None:
        watching = self._watching.pop(event.request.id, None)
        if watching is not None and isinstance(event, MachineReply):
            self._ledger.settle(event, now_ms, rng)
            nodes = self._picture.snapshot().nodes.values()
            watching.heard(event, {node.spec.provider_id: node.name for node in nodes}, now_ms)
            return
        hand = self._owner.pop(event.request.id, None)
        if hand is not None:
            self._feed(hand, event, now_ms, rng)
        if hand is not None or isinstance(event, Answer | Delivered):
            return
        outcome = self._ledger.settle(event, now_ms, rng)
        if outcome is None or not isinstance(event, Reply):
            return
        verb, name = outcome.key
        if verb == "lease" and event.ok:
            self._picture.wrote("Lease", event.body)
            self._journal.written(event.body)
        elif verb == "lease" and outcome.refusal:
            self.failure = f"cannot write Lease {LEADER_LEASE}: {outcome.refusal}"
        elif verb == VERB and (asking := self.hands.get(name.partition(":")[0])) is not None:
            asking.permits.answered(name, event, now_ms)
        elif verb == "finalizer" and outcome.refusal and name in self.hands:
            self.hands[name].refuse(f"cannot write Rotation {name}: {outcome.refusal}", now_ms)
        elif verb == "finalizer" and event.ok:
            self._roster.wrote(event.body)
        elif verb == "status" and not event.ok and name in self.hands:
            self.hands[name].written = None

    # What to do

    def _decide(self, now_ms: int, rng: Random) -> None:
        self._ledger.tidy(now_ms)
        self._outbox.post(*self._picture.poll(now_ms, rng), *self._roster.poll(now_ms, rng))
        self.failure = self.failure or self._picture.failure or self._roster.failure
        if self.failure:
            self.finished = True
            return
        self.wakeup_ms = now_ms + IDLE_MS
        if not self.synced:
            return
        if not self._stopping:
            self._write_lease(now_ms)
        leading = self.leading and not self._stopping
        for name in [name for name in self.hands if name not in self.wanted]:
            self._reconcile(self.hands[name], None, now_ms, rng)
            if self.hands[name].driver is None:
                del self.hands[name]
        for name, wanted in sorted(self.wanted.items()):
            hand = self._hand(name, wanted)
            self._reconcile(hand, wanted if leading and hand.uid == wanted.uid else None, now_ms, rng)
            if leading and hand.uid == wanted.uid:
                asked = hand.watch(wanted, self._outbox, now_ms)
                if asked is not None:
                    self._watching[asked.id] = hand
                self._tell(hand, wanted, now_ms)
                if wanted.deleting and hand.parted(self._picture):
                    self._part(hand, wanted)
        if self._stopping:
            self._end(now_ms)
        drivers = [hand.driver for hand in self.hands.values() if hand.driver is not None]
        due = [at_ms for at_ms in (self._picture.wakeup_ms(), self._roster.due_ms(), self._ledger.next_ms()) if at_ms is not None]
        self.wakeup_ms = min([self.wakeup_ms, *due, *(driver.wakeup_ms or now_ms for driver in drivers)])

    def _reserved(self, wanted: Wanted) -> dict[str, Freeze]:
        """The nodes that an older Rotation chooses too: they are its own, or the two would replace them by turns for ever."""
        if wanted.rotation is None:
            return {}
        older = [
            other
            for other in self.wanted.values()
            if other.rotation is not None and not other.deleting and (other.created, other.name) < (wanted.created, wanted.name)
        ]
        held = {}
        for node in selected_nodes(self._picture.snapshot(), wanted.rotation.spec) if older else ():
            owner = next((one for one in older if one.rotation and selected(node, one.rotation.spec.nodes)), None)
            if owner is not None:
                held[node.name] = Freeze(f"chosen by the older Rotation {owner.name} too", "underway", 0)
        return held

    def _hand(self, name: str, wanted: Wanted) -> Hand:
        hand = self.hands.get(name)
        if hand is None or (hand.uid != wanted.uid and hand.driver is None):
            hand = self.hands[name] = Hand(name, wanted.uid, self.identity, self._evict_in)
        # A standby watches the clock of every Lease, so that it need not begin to wait when it takes over.
        hand.lock.others(self._picture.lease(hand.lock.name), self._now_ms)
        return hand

    def _reconcile(self, hand: Hand, wanted: Wanted | None, now_ms: int, rng: Random) -> None:
        """Have a driver where there is work, and let it decide. wanted: None when nothing may be begun."""
        if wanted is not None and not wanted.deleting and FINALIZER not in wanted.finalizers and hand.may_try(now_ms):
            self._set_finalizers(wanted, (*wanted.finalizers, FINALIZER))
            return
        for order in hand.orders(wanted, self._picture, self._ids, now_ms):
            self._feed(hand, order, now_ms, rng)
        if wanted is not None:
            hand.ask(self._outbox, self._picture, now_ms)
        if hand.driver is not None and wanted is not None:
            hand.driver.reserved = self._reserved(wanted)
        self._feed(hand, Tick(), now_ms, rng)

    def _feed(self, hand: Hand, event: DriverEvent, now_ms: int, rng: Random) -> None:
        """Hand an event to a driver and take what it sends. A bug in one must not stop the others."""
        if hand.driver is None:
            return
        try:
            effects = hand.driver.step(event, now_ms, rng)
        except InvariantViolated as error:
            hand.break_off(str(error))
            if hand.status is not None:
                self._outbox.post(*alarm(hand.status, hand.alerts, self._outbox.next_id, now_ms))
            return
        hand.status = hand.driver.status
        self._owner.update({effect.id: hand for effect in effects})
        self._outbox.post(*effects)

    def _write_lease(self, now_ms: int) -> None:
        request = self._journal.poll(self._outbox.next_id(), self._picture.lease(LEADER_LEASE), self._ledger, now_ms)
        if request is not None:
            self._ledger.begin(LEASE_KEY, request)
            self._outbox.post(request)

    def _end(self, now_ms: int) -> None:
        """Every driver has handed over: give the lead back, within RELEASE_MS; after that it expires by itself."""
        if any(hand.driver is not None for hand in self.hands.values()):
            return
        self._end_ms = self._end_ms or now_ms
        lease = self._picture.lease(LEADER_LEASE)
        if lease is None or lease.spec.holder_identity != self.identity or now_ms >= self._end_ms + RELEASE_MS:
            self.finished = True
            return
        request = self._journal.release(self._outbox.next_id(), lease, self._ledger, now_ms)
        if request is not None:
            self._ledger.begin(LEASE_KEY, request)
            self._outbox.post(request)

    # What is written on the Rotation

    def _set_finalizers(self, wanted: Wanted, finalizers: tuple[str, ...]) -> None:
        metadata = {"uid": wanted.uid, "resourceVersion": wanted.resource_version, "finalizers": list(finalizers)}
        self._outbox.send(("finalizer", wanted.name), lambda id_: self._patch(id_, wanted.name, {"metadata": metadata}))

    def _patch(self, request_id: int, name: str, body: Any, subresource: str = "") -> Request:
        return Request(
            id=request_id,
            verb="patch",
            resource=ROTATIONS,
            name=name,
            subresource=subresource,
            body=body,
            content_type=q.MERGE_PATCH,
            query=acts.FIELD_MANAGER,
        )

    def _tell(self, hand: Hand, wanted: Wanted, now_ms: int) -> None:
        """Write the status when it has changed, and Events of what has happened."""
        status = hand.status
        if status is None:
            return
        if hand.cries() and wanted.rotation is not None:
            self._outbox.post(*alarm(status, wanted.rotation.spec.alerts, self._outbox.next_id, now_ms))
        about = {"name": wanted.name, "uid": wanted.uid}
        for happening in happenings(hand.told, status):
            number = next(self._told)
            build = partial(
                event_request, happening=happening, rotation=about, identity=self.identity, now_ms=now_ms, number=number
            )
            self._outbox.send(("event", str(number)), build)
        hand.told = status
        before = hand.written or wanted.shown
        after = published(status, hand.generation, before, now_ms)
        if after == before or now_ms < hand.written_ms + STATUS_GAP_MS:
            return
        if essence(after) == essence(before) and now_ms < hand.written_ms + STATUS_EVERY_MS:
            return
        sent = self._outbox.send(
            ("status", wanted.name), lambda id_: self._patch(id_, wanted.name, _body(wanted, after), "status")
        )
        if sent is not None:
            hand.written, hand.written_ms = after, now_ms

    def _part(self, hand: Hand, wanted: Wanted) -> None:
        """Take every trace of a deleted Rotation out of the cluster, then let it go."""
        others = [
            other.rotation.spec.nodes
            for other in self.wanted.values()
            if other.rotation is not None and not other.deleting and other.name != wanted.name
        ]
        left = False
        for node in self._picture.snapshot().nodes.values():
            record = record_of(node)
            if record is not None and record.rotation == hand.name:
                left = True
                self._outbox.send(("record", node.metadata.uid), partial(acts.erase_record, node=node, record=record))
            elif (succession := succession_of(node)) is not None and succession.rotation == hand.name:
                left = True
                self._outbox.send(("record", node.metadata.uid), partial(acts.let_go_of_successor, node=node))
            elif acts.is_marked(node) and not any(selected(node, nodes) for nodes in others):
                left = True
                self._outbox.send(("record", node.metadata.uid), partial(acts.unmark_outdated, node=node))
        lease = self._picture.lease(hand.lock.name)
        if left:
            return
        if lease is not None:
            self._outbox.send(("lease-end", hand.name), partial(acts.delete_lease, lease=lease))
        elif FINALIZER in wanted.finalizers:
            self._set_finalizers(wanted, tuple(one for one in wanted.finalizers if one != FINALIZER))


def _body(wanted: Wanted, status: RotationStatus) -> dict[str, Any]:
    """The merge patch that makes the status what it is to be: what is not there any more is null (RFC 7396)."""
    fields: dict[str, Any] = dict.fromkeys(field.encode_name for field in msgspec.structs.fields(RotationStatus))
    plain = msgspec.json.decode(msgspec.json.encode(status))  # lists, where to_builtins keeps tuples
    return {"metadata": {"uid": wanted.uid}, "status": {**fields, **plain}}
