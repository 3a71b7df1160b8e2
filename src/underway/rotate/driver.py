"""The driver: events in, requests out. It owns the order of one decision round; the decisions are its neighbours'.

    observe -> lock -> health -> freeze? -> machines -> nodes in hand -> admission -> status

`live.loop` and `sim.pump` feed the same object. Events only update what is known; a Tick decides. Nothing is remembered
that cannot be read back (`rotate.record`): a driver made anew goes on where the last one was killed. Acts that cannot be
undone pass `rotate.guard`, which raises InvariantViolated.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import msgspec

from underway.kube.reply import Reply
from underway.model import timestamp
from underway.rotate import progress, status
from underway.rotate.alerts.herald import Herald
from underway.rotate.answers import Answers
from underway.rotate.brakes import Brakes
from underway.rotate.debts import Debts
from underway.rotate.effects import Answer, Delivered, MachineReply
from underway.rotate.ending import Ending
from underway.rotate.enrolment import Enrolment
from underway.rotate.estimates import Estimates, estimates_of, learned
from underway.rotate.eviction import Evictions
from underway.rotate.examination import Examination
from underway.rotate.fields import is_nothing
from underway.rotate.freezes import FREEZE_LEASE, Freeze, Frozen, freezes_of, held_nodes, holding, ordered, resumed_ms
from underway.rotate.health import Health
from underway.rotate.journal import LEASE_KEY, JournalWriter
from underway.rotate.ledger import Ledger
from underway.rotate.lock import Lock
from underway.rotate.machinery import DRIFT_EVERY_MS, POLL_MS, Machinery
from underway.rotate.observe import Observed
from underway.rotate.order import Canary
from underway.rotate.outbox import Effect, Outbox
from underway.rotate.outlook import Outlook
from underway.rotate.plan import rules_of
from underway.rotate.record import (
    ALERTED,
    BASELINES,
    CANARIED,
    OUTDATED,
    STARTED,
    STATUS,
    ZONES,
    Phase,
    Record,
    journal_of,
    lease_name,
    record_of,
)
from underway.rotate.signals import DriverEvent, Retire, Stop, Tick
from underway.rotate.situation import Result, Situation
from underway.rotate.slots import zones_of
from underway.rotate.status import NodeCounts, Statistics, Status
from underway.rotate.successors import Successors
from underway.rotate.target import asks_first, outdated, selected_nodes
from underway.rotate.windows import Windows
from underway.rotate.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random

    from underway.model.node import Node
    from underway.model.snapshot import Snapshot
    from underway.rotate.spec import Rotation

IDLE_MS = 1_000  # the longest that a decision waits when nothing happens
STATUS_EVERY_MS = 5_000


class Driver:
    """One rotation.

    identity: who we are on the Lease, unique to this process; estimates: until better is known. picture and ids: what
    several drivers of one process share; then somebody else lists and watches.
    lock: what is known of the Lease already. evict_in: the only namespaces to evict in, None for all. unheard: whether it has
    failed without a Lease to note on that people were told.
    """

    def __init__(
        self,
        rotation: Rotation,
        identity: str,
        estimates: Estimates | None = None,
        *,
        picture: Observed | None = None,
        ids: Iterator[int] | None = None,
        lock: Lock | None = None,
        evict_in: frozenset[str] | None = None,
    ) -> None:
        self.rotation = rotation
        self.wakeup_ms: int | None = 0
        self._spec = rotation.spec
        self._ids = ids or count(1)
        self._ledger = Ledger()
        self._outbox = Outbox(self._ids, self._ledger)
        self._lock = lock or Lock(identity, lease_name(rotation.metadata.name))
        self._own_picture = picture is None
        self.unheard = False
        self.reserved: Mapping[str, Freeze] = {}
        self._observed = picture or Observed(self._ids)
        self._journal = JournalWriter(self._lock)
        self._health = Health(self._spec.health)
        self._machinery = Machinery()
        self._asks = asks_first(self._spec)
        self._evictions = Evictions()
        self._limits = progress.limits_of(self._spec)
        self._rules = rules_of(self._spec, evict_in)
        self._work = Work(rotation, self._limits, self._rules, self._outbox, self._machinery, self._evictions, self._journal)
        self._enrolment = Enrolment(rotation, self._rules, self._outbox, self._ledger)
        self._successors = Successors(rotation.metadata.name, self._machinery, self._outbox)
        self._estimates = estimates or estimates_of(self._spec)
        self.brakes = Brakes(self._journal, ordered(self._spec.mode, rotation.metadata.annotations))
        self._herald = Herald(rotation.metadata.name, self._spec.alerts, self._journal, self._outbox)
        self._debts = Debts(rotation, self._limits, self._work, self._machinery, self._journal)
        self._status_ms, self._status_state = 0, ""
        self._windows = Windows(self._spec.pace.windows)
        self._canary = Canary()
        self._outlook = Outlook(rotation, self._rules, self._windows)
        self._ending = Ending(self._outlook, self._outbox, self._ledger, self._observed, self._lock, self._journal)
        self._examination = Examination(
            self._health, self._machinery, self._outbox, self._ids, surges=not is_nothing(self._spec.pace.max_surge)
        )
        self._answers = Answers(
            self._ledger,
            self._observed,
            self._lock,
            self._journal,
            self._machinery,
            self._evictions,
            self._health,
            self.brakes,
            self._work.replicas,
        )

    @property
    def status(self) -> Status:
        """How it stands."""
        return self._outlook.status

    @property
    def snapshot(self) -> Snapshot:
        """The cluster as it sees it."""
        return self._observed.snapshot()

    def permit(self, namespaces: frozenset[str] | None) -> None:
        """From here on, evict in these namespaces only, None for all."""
        if namespaces != self._rules.namespaces:
            self._rules = rules_of(self._spec, namespaces)
            self._work.rules = self._enrolment.rules = self._outlook.rules = self._rules

    @property
    def finished(self) -> bool:
        """Whether it has ended and sends nothing more."""
        return self._ending.finished

    def step(self, event: DriverEvent, now_ms: int, rng: Random) -> list[Effect]:
        """Take one event; what to send. now_ms: epoch milliseconds; rng: for jitter."""
        self._outbox.now_ms = now_ms
        match event:
            case Tick():
                if not self.finished:
                    self._decide(now_ms, rng)
            case Stop():
                self.brakes.stopping, self._ending.for_good = True, event.for_good
            case Retire():
                self._ending.retiring = True
            case MachineReply():
                self._answers.machine_reply(event, now_ms, rng)
            case Answer():
                self._health.answered(event, now_ms)
            case Delivered():
                self._herald.answered(event, now_ms)
            case _ if not self._observed.receive(event, now_ms, rng) and isinstance(event, Reply):
                self._answers.reply(event, now_ms, rng)
        return self._outbox.empty()

    # What to do

    def _decide(self, now_ms: int, rng: Random) -> None:
        self.wakeup_ms = now_ms + IDLE_MS
        self._ledger.tidy(now_ms)
        if self._own_picture:
            self._outbox.post(*self._observed.poll(now_ms, rng))
        failure = self._answers.failure or self._observed.failure
        if failure:
            self._ending.begin("Failed", failure, now_ms)
        if self._ending.begun and self._last_words(now_ms):
            return
        if not self._ending.go_on(now_ms) or not self._observed.synced:
            return
        lease, snapshot = self._observed.lease(self._lock.name), self._observed.snapshot()
        self._answers.seen(lease, snapshot.nodes)
        holder = self._lock.others(lease, now_ms)
        if holder:
            elsewhere = f"rotation {self.rotation.metadata.name} is in the hands of {holder}"
            if self.brakes.stopping and not self._ending.for_good:
                self._ending.begin("Stopped", elsewhere, now_ms)  # what is in hand is not ours to tidy
            else:
                self._outlook.show("Waiting", elsewhere, now_ms)
            return
        # Health is judged without the lock as well: an API server that cannot renew it is what a gate has to notice.
        records = {node.name: record for node in snapshot.nodes.values() if (record := self._record(node)) is not None}
        snapshot = self._with_machines(snapshot, records)
        journal = journal_of(lease)
        self._health.restore(journal.baselines)
        verdict = self._examination.verdict(snapshot, records, self._debts.keys, now_ms)
        orders = self._observed.lease(FREEZE_LEASE)
        freezes = freezes_of(orders)
        journal = msgspec.structs.replace(journal, resumed_ms=max(journal.resumed_ms, resumed_ms(orders)))
        frozen = self.brakes.frozen(journal, freezes, verdict, now_ms)
        self._outlook.change(frozen=frozen, breaches=(*verdict.freeze, *verdict.wait))
        self._write_journal(now_ms)
        if self._lock.held(now_ms):
            held = {**held_nodes(freezes, snapshot.nodes.values()), **self.reserved}
            waiting = "; ".join(f"gate {breach.gate}: {breach.reason}" for breach in verdict.wait)
            opening = self._windows.at(now_ms)
            situation = Situation(snapshot, records, journal, now_ms, frozen is not None, waiting, held, opening)
            self._rotate(situation, frozen, verdict.due_ms)
            return
        self._herald.forget()
        state, reason = ("Frozen", frozen.reason) if frozen else ("Starting", "taking the lock")
        self._outlook.show(state, reason, now_ms)

    def _last_words(self, now_ms: int) -> bool:
        """Whether how it ended has still to be told; the lock is kept for as long."""
        lease, state = self._observed.lease(self._lock.name), self.status.state
        nothing_done = state == "Finished" and not journal_of(lease).outdated
        self.unheard = state == "Failed" and (lease is None or not self._lock.held(now_ms))
        if lease is None or self._ending.retiring or not self._lock.held(now_ms) or state == "Stopped" or nothing_done:
            return False
        waits = self._herald.last_words(self.status, lease.metadata.annotations.get(ALERTED, ""), now_ms)
        if waits:
            self._write_journal(now_ms)
        return waits

    def _write_journal(self, now_ms: int) -> None:
        lease = self._observed.lease(self._lock.name)
        request = self._journal.poll(self._outbox.next_id(), lease, self._ledger, now_ms)
        if request is not None:
            self._ledger.begin(LEASE_KEY, request)
            self._outbox.post(request)

    def _rotate(self, situation: Situation, frozen: Frozen | None, due_ms: int | None) -> None:
        """One round with the cluster in view and the lock in hand. frozen: why nothing may be begun; due_ms: of the gates."""
        snapshot, journal, now_ms = situation.snapshot, situation.journal, situation.now_ms
        if self._waits_for_provider(situation, frozen):
            return
        selected = selected_nodes(snapshot, self._spec)
        old = [node for node in selected if outdated(node, self._spec.target, now_ms, snapshot.drift)]
        if journal.started_ms is None:
            zones = msgspec.json.encode(zones_of(selected)).decode()
            began = timestamp.format_micro(now_ms)
            self._journal.want({STARTED: began, ZONES: zones, OUTDATED: str(len(old)), CANARIED: None})
            return
        if self._health.baselines != journal.baselines:
            self._journal.want({BASELINES: msgspec.json.encode(self._health.baselines).decode()})
        self._evictions.wake(snapshot, self._ledger)
        result = self._work.round(situation)
        self._estimates, self._work.boots_ms = learned(self._estimates, self._work.boots_ms), []
        if result.failure and frozen is None:
            self.brakes.pull(result.failure, result.by, now_ms)
        if situation.acting:
            self._advance(situation, old)
        elif self._ending.for_good or not situation.frozen:
            self._debts.bring(situation)  # a cluster short of a machine does not wait for the next window
        listing_ms = self._poll_machines(situation)
        self._successors.round(situation)
        if not self._ended(situation, selected, old):
            self._report(situation, selected, old, frozen or holding(situation.held, old), result)
        times = (result.due_ms, due_ms, listing_ms, self._canary.due_ms, situation.opening.until_ms)
        self._wake_at(*times, self._tell(situation), self._ledger.next_ms(), self._lock.due_ms(), self._observed.wakeup_ms())

    def _tell(self, situation: Situation) -> int | None:
        """Let people know what holds now; when there may be more to say."""
        lease = self._observed.lease(self._lock.name)
        if lease is None or self._ending.begun or self.brakes.stopping:
            return None
        written = lease.metadata.annotations.get(ALERTED, "")
        return self._herald.round(self.status, written, situation.now_ms, acting=situation.acting)

    def _with_machines(self, snapshot: Snapshot, records: Mapping[str, Record]) -> Snapshot:
        """The picture with what the provider says of machines, where it has something to say."""
        if not self._asks:
            return snapshot
        in_hand = records if self._spec.target.drifted else ()
        return self._machinery.seen_on(snapshot, in_hand, honour=self._rules.honour_do_not_disrupt)

    def _waits_for_provider(self, situation: Situation, frozen: Frozen | None) -> bool:
        """Whether nothing can be said before the provider has told of its machines. A freeze undoes all the same."""
        in_hand = bool(situation.records or situation.journal.owed)
        if not self._asks or self._machinery.listed or (frozen is not None and in_hand):
            return False
        self._poll_machines(situation)
        error = self._machinery.list_error
        if self.brakes.stopping:
            self._ending.begin("Stopped", "stopped by the user", situation.now_ms)
        elif frozen:
            self._outlook.show("Frozen", frozen.reason, situation.now_ms)
        else:
            what = "what has drifted" if self._spec.target.drifted else "the rules of its machines"
            reason = f"not known {what}: {error}" if error else f"asking the machine provider for {what}"
            self._outlook.show("Waiting" if error else "Starting", reason, situation.now_ms)
        return True

    def _advance(self, situation: Situation, old: list[Node]) -> None:
        """What is done only while rotating: mark the old nodes, bring what is owed, clear strays away, begin new nodes."""
        failure = self._debts.bring(situation)
        if failure:
            self.brakes.pull(failure, "driver", situation.now_ms)
        self._end_strays(situation)
        if self._enrolment.mark(old):
            self._canary = self._enrolment.round(old, situation, self._estimates)
            if self._canary.passed:
                self._journal.want({CANARIED: timestamp.format_micro(situation.now_ms)})

    def _ended(self, situation: Situation, selected: list[Node], old: list[Node]) -> bool:
        """Whether nothing is left to do, or, when stopping, nothing is left untidy."""
        if (
            not situation.frozen
            and not old
            and not situation.records
            and not (situation.journal.owed or situation.journal.raised or self._successors.left)
        ):
            total = NodeCounts(len(selected), len(selected))
            self._outlook.change(nodes=total, in_flight=(), blockers=(), predicted_finish_ms=situation.now_ms)
            self._ending.begin("Finished", "", situation.now_ms)
        elif self.brakes.stopping and self._ending.is_tidy(situation):
            self._ending.begin("Stopped", "stopped by the user", situation.now_ms)
        return self._ending.begun

    def _record(self, node: Node) -> Record | None:
        record = record_of(node)
        return record if record is not None and record.rotation == self.rotation.metadata.name else None

    def _end_strays(self, situation: Situation) -> None:
        """End what a failed boot has left behind: a machine of ours that nobody waits for and that is no node."""
        wanted = {record.replacement for record in situation.records.values()} | {debt.key for debt in situation.journal.owed}
        prefix = f"{self.rotation.metadata.name}-"
        self._machinery.end_strays(self._outbox, prefix, frozenset(wanted), frozenset(situation.snapshot.nodes))

    def _poll_machines(self, situation: Situation) -> int | None:
        """Ask for the machines, if it is time; when it is time again."""
        phases = {record.phase for record in situation.records.values()}
        awaited = phases & {Phase.SURGING, Phase.TERMINATING} or situation.journal.owed
        if not awaited and not self._asks:
            return None
        every_ms = POLL_MS if awaited or not self._machinery.listed else DRIFT_EVERY_MS
        self._machinery.poll(self._outbox, situation.now_ms, every_ms=every_ms, drift=self._spec.target.drifted)
        return self._machinery.due_ms(situation.now_ms, every_ms)

    # How it stands

    def _report(self, situation: Situation, selected: list[Node], old: list[Node], frozen: Frozen | None, result: Result) -> None:
        """Show how the rotation stands, and have it written on the Lease with a coming renewal."""
        keys = {record.replacement for record in situation.records.values()}
        successors = frozenset(machine.node for key, machine in self._machinery.by_key.items() if key in keys and machine.node)
        self._outlook.report(
            situation,
            old,
            frozen,
            result,
            self._estimates,
            counts=status.counted(selected, old, situation.records, successors),
            statistics=self._statistics(),
            canary=self._canary.waiting if situation.acting else "",
        )
        self._outlook.change(refused=self._machinery.refused(), undelivered=self._herald.failure)
        turned = self.status.state != self._status_state  # who looks at once must not read that it still goes on
        if turned or situation.now_ms >= self._status_ms + STATUS_EVERY_MS:
            self._status_ms, self._status_state = situation.now_ms, self.status.state
            self._journal.want({STATUS: msgspec.json.encode(self.status).decode()}, urgent=turned)

    def _statistics(self) -> Statistics:
        return Statistics(
            evictions=self._evictions.accepted,
            refused_by_budget=self._evictions.refused_by_budget,
            requests=self._outbox.sent,
            alerts=self._herald.delivered,
            alerts_failed=self._herald.failed,
        )

    def _wake_at(self, *times_ms: int | None) -> None:
        known = [at_ms for at_ms in times_ms if at_ms is not None]
        self.wakeup_ms = min([*known, self.wakeup_ms or 0]) if known else self.wakeup_ms
