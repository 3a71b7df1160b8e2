"""The ladder of a stuck drain: how long it has lasted, which rung that is, and when the next is reached.

    Wait -> NotifyOwner -> Quarantine -> Freeze | DeadlineDelete

Owns the two clocks. The owner is told, and the last rung reached, by the time since the node first began to drain, whatever
happened meanwhile; the quarantine by the time of the phase, so that a drain that moves again gets its whole time anew. Both
stand on the node: a driver made anew climbs on from where the last one was. What a rung does is `rotate.work`'s.
"""

from enum import StrEnum

import msgspec

from underway.model import timestamp
from underway.model.duration import human, seconds
from underway.rotate.record import Phase, Record
from underway.rotate.spec import Drain

NOTIFY_SHARE = 3  # the owner is told after a third of the timeout: soon enough to act before the quarantine


class Rung(StrEnum):
    """How far a drain that does not end has come."""

    WAIT = "Wait"
    NOTIFY_OWNER = "NotifyOwner"
    QUARANTINE = "Quarantine"
    FREEZE = "Freeze"
    DEADLINE_DELETE = "DeadlineDelete"


class Ladder(msgspec.Struct, frozen=True):
    """The rungs that a specification names, each with when it is reached, in milliseconds, in the order in which they come."""

    rungs: tuple[tuple[int, Rung], ...] = ()


class Climb(msgspec.Struct, frozen=True):
    """Where a drain stands.

    since_ms: when it began to keep its node; due_ms: when the next rung comes, None for the last; quarantine: whether the node
    is to be quarantined now, which may come again long after a higher rung was reached.
    """

    rung: Rung = Rung.WAIT
    since_ms: int = 0
    due_ms: int | None = None
    quarantine: bool = False

    @property
    def told(self) -> bool:
        """Whether it is high enough for people to be told."""
        return self.rung is not Rung.WAIT


def ladder_of(drain: Drain) -> Ladder:
    """The ladder of a specification whose durations have been checked. No rung comes before the one below it."""
    timeout_ms = _ms(drain.timeout)
    told_ms = _ms(drain.notify_after) if drain.notify_after else timeout_ms // NOTIFY_SHARE
    last_ms = max(_ms(drain.deadline), timeout_ms if Rung.QUARANTINE in drain.ladder else 0)
    times_ms = {Rung.NOTIFY_OWNER: min(told_ms, timeout_ms), Rung.QUARANTINE: timeout_ms}
    return Ladder(tuple((times_ms.get(rung, last_ms), rung) for rung in map(Rung, drain.ladder)))


def climb(ladder: Ladder, record: Record, held_ms: int, now_ms: int) -> Climb:
    """Where the drain of a node in hand stands. held_ms: until when long work was waited for, epoch milliseconds, or 0."""
    since_ms = max(record.draining_ms or record.since_ms, held_ms)
    phase_ms = max(record.since_ms, held_ms)
    times_ms = [(after_ms + (phase_ms if rung is Rung.QUARANTINE else since_ms), rung) for after_ms, rung in ladder.rungs]
    reached = [rung for at_ms, rung in times_ms if now_ms >= at_ms]
    coming_ms = [at_ms for at_ms, _ in times_ms if now_ms < at_ms]
    if record.phase is Phase.QUARANTINED and reached[-1:] in ([], [Rung.NOTIFY_OWNER]):
        reached = [Rung.QUARANTINE]
    highest = reached[-1] if reached else Rung.WAIT
    quarantine = Rung.QUARANTINE in reached and record.phase is not Phase.QUARANTINED
    return Climb(highest, since_ms, min(coming_ms, default=None), quarantine)


def foretold(drain: Drain) -> tuple[str, ...]:
    """What will happen to a node that cannot be drained, one sentence a rung."""
    words = {
        Rung.NOTIFY_OWNER: "the owner of what blocks it is told",
        Rung.QUARANTINE: "the node is quarantined: it stays cordoned and keeps its successor, others go on"
        f" (beside the slots of the pace at most {drain.max_quarantined}: spec.drain.maxQuarantined)",
        Rung.FREEZE: "the rotation freezes",
        Rung.DEADLINE_DELETE: "pods that only a PodDisruptionBudget keeps are deleted, one in 5 min, as far as the rule permits",
    }
    return tuple(
        f"a drain that is stuck for {human(at_ms / timestamp.MILLISECONDS)}: {words[rung]}"
        for at_ms, rung in ladder_of(drain).rungs
    )


def _ms(text: str) -> int:
    return round(seconds(text) * timestamp.MILLISECONDS)
