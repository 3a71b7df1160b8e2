"""How a rotation stands, as a value: what a terminal, a report and the Lease show."""

from collections.abc import Iterable

import msgspec

from underway.model.enumeration import some_of
from underway.model.node import Node
from underway.model.snapshot import Snapshot
from underway.policy.evictable import Move, Rules, fate
from underway.rotate.admission import Hands, is_full
from underway.rotate.blockers import Blocker
from underway.rotate.bound import Bound, bound
from underway.rotate.estimates import Estimates
from underway.rotate.freezes import Frozen, Held
from underway.rotate.health import Breach
from underway.rotate.record import Phase, Record
from underway.rotate.situation import Result, Situation
from underway.rotate.slots import beside_the_slots, in_hand_limit, quarantine_limit, zones_of
from underway.rotate.spec import RotationSpec

HELD_SHOWN = 3


class InFlight(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One node in hand.

    since_ms: when its phase began, epoch milliseconds; pods: how many still have to leave; waiting: what for; rung: how far up
    the ladder its drain has come, "" while it has not been stuck for long; stuck_ms: since when it has been, 0 while it is not.
    """

    node: str
    phase: str
    since_ms: int
    zone: str = ""
    replacement: str = ""
    pods: int = 0
    waiting: tuple[str, ...] = ()
    rung: str = ""
    stuck_ms: int = 0


class NodeCounts(msgspec.Struct, frozen=True, rename="camel"):
    """How many of the selected nodes there are, and stand where."""

    total: int = 0
    up_to_date: int = 0
    in_hand: int = 0
    outdated: int = 0


class Quarantine(msgspec.Struct, frozen=True, rename="camel"):
    """The quarantine. nodes: how many are in it; limit: how many of them may stand beside the slots of the pace
    (spec.drain.maxQuarantined); used_up: why no other node can begin for it, "" while one can.
    """

    nodes: int = 0
    limit: int = 0
    used_up: str = ""


class Statistics(msgspec.Struct, frozen=True, rename="camel"):
    """What this driver has done since it started. alerts: messages that have arrived; alertsFailed: those that have not."""

    evictions: int = 0
    refused_by_budget: int = 0
    requests: int = 0
    alerts: int = 0
    alerts_failed: int = 0


def added(one: Statistics, other: Statistics) -> Statistics:
    """What two drivers have done."""
    counts = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    return Statistics(*(mine + its for mine, its in counts))


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """The whole.

    state: Starting, Waiting, Progressing, Frozen, Blocked, Stopped, Finished or Failed; reason: why, "" when it
    progresses; since_ms: of the state; refused: why the provider makes no machine that it was asked for; undelivered: why the
    last alert did not arrive; predicted_finish_ms: when it will be done if all goes well, None when that cannot
    be said; bound: of what is left; frozen: why nothing is begun; breaches: the gates that say so, or that make it wait;
    ignored: what is said of annotations of pods that cannot be read; quarantine: None while no node is in it; held: what keeps a
    part of the nodes back while the others go on.
    """

    rotation: str
    state: str
    reason: str = ""
    since_ms: int = 0
    nodes: NodeCounts = NodeCounts()
    in_flight: tuple[InFlight, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    started_ms: int | None = None
    predicted_finish_ms: int | None = None
    statistics: Statistics = Statistics()
    bound: Bound | None = None
    frozen: Frozen | None = None
    breaches: tuple[Breach, ...] = ()
    ignored: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    undelivered: str = ""
    quarantine: Quarantine | None = None
    held: tuple[Held, ...] = ()


def counted(selected: list[Node], old: list[Node], records: dict[str, Record], successors: frozenset[str]) -> NodeCounts:
    """How many nodes stand where.

    old: the selected ones that are out of date. successors: nodes that stand beside the one they replace; both count as
    one, the one in hand, so that the total does not move.
    """
    in_hand = sum(1 for node in old if node.name in records)
    beside = sum(1 for node in selected if node.name in successors)
    return NodeCounts(len(selected) - beside, len(selected) - len(old) - beside, in_hand, len(old) - in_hand)


def in_flight(situation: Situation, result: Result, rules: Rules) -> tuple[InFlight, ...]:
    """The nodes in hand, those that began first on top."""
    snapshot, climbs = situation.snapshot, result.climbs
    return tuple(
        InFlight(
            node=name,
            phase=record.phase.value,
            since_ms=record.since_ms,
            zone=snapshot.nodes[name].zone,
            replacement=record.replacement,
            pods=_pods_to_move(name, snapshot, rules),
            waiting=(*_kept_back(situation, name), *(wait.reason for wait in result.waiting.get(name, ()))),
            rung=climbs[name].rung.value if name in climbs else "",
            stuck_ms=climbs[name].since_ms if name in climbs else 0,
        )
        for name, record in sorted(situation.records.items(), key=lambda item: (item[1].since_ms, item[0]))
    )


def _kept_back(situation: Situation, node: str) -> tuple[str, ...]:
    held = situation.held.get(node)
    return (f"pool {held.pool} is frozen: {held.reason}" if held.pool else held.reason,) if held is not None else ()


def _pods_to_move(node: str, snapshot: Snapshot, rules: Rules) -> int:
    return sum(1 for pod in snapshot.pods_on(node) if isinstance(fate(pod, snapshot, rules), Move))


def stuck(situation: Situation, result: Result) -> tuple[Blocker, ...]:
    """What keeps nodes whose drain has come to the first rung that people are told of, and pods that nobody else can move."""
    return tuple(
        Blocker(
            node=name,
            reason=wait.reason,
            pod="" if wait.pod == name else wait.pod,
            budget=wait.budget,
            rung=result.climbs[name].rung.value if name in result.climbs else "",
            since_ms=result.climbs[name].since_ms if name in result.climbs else 0,
        )
        for name, waits in sorted(result.waiting.items())
        for wait in waits
        if wait.blocked or name in result.climbs or situation.records[name].phase is Phase.QUARANTINED
    )


def quarantine_of(situation: Situation, old: Iterable[Node], outside: Iterable[Blocker], spec: RotationSpec) -> Quarantine | None:
    """How many nodes are quarantined, and whether they leave no slot to those that could go. outside: what blocks the others."""
    records, journal = situation.records, situation.journal
    names = sorted(name for name, record in records.items() if record.phase is Phase.QUARANTINED)
    if not names:
        return None
    limit = quarantine_limit(spec.drain, journal.zones)
    kept = {blocker.node for blocker in outside} | set(situation.held) | set(records)
    waiting = [node for node in old if node.name not in kept]
    beside = beside_the_slots(records, limit)
    others_go_on = len(names) < len(records) or journal.owed or not waiting
    if others_go_on or not is_full(waiting, Hands(records, journal.owed, journal.zones), situation.snapshot, spec):
        return Quarantine(len(names), limit)
    held = some_of([name for name in names if name not in beside], HELD_SHOWN)
    why = f"no other node can begin: quarantined nodes take every slot ({held}), and spec.drain.maxQuarantined {limit} is used up"
    return Quarantine(len(names), limit, why)


def slots_held(situation: Situation, old: Iterable[Node], outside: Iterable[Blocker], spec: RotationSpec) -> Frozen | None:
    """The freeze of pools, where their nodes in hand leave no slot to those that could go. outside: what blocks the others."""
    names = sorted(name for name in situation.records if name in situation.held)
    if not names or len(names) < len(situation.records) or situation.journal.owed:
        return None
    kept = {blocker.node for blocker in outside} | set(situation.held)
    waiting = [node for node in old if node.name not in kept]
    if not waiting or not is_full(waiting, Hands(situation.records, (), situation.journal.zones), situation.snapshot, spec):
        return None
    first = situation.held[names[0]]
    reason = f"{first.reason} (no other node can begin: nodes of frozen pools take every slot: {some_of(names, HELD_SHOWN)})"
    return Frozen(reason, first.by, first.since_ms, "pool", first.pool)


def is_blocked(
    situation: Situation, old: Iterable[Node], outside: Iterable[Blocker], quarantine: Quarantine | None = None
) -> bool:
    """Whether nothing can go on by itself: what is in hand is quarantined, and what is not is blocked, held or without a slot."""
    waiting = {blocker.node for blocker in outside} | set(situation.held)
    if quarantine is not None and quarantine.used_up:
        return True
    if any(record.phase is not Phase.QUARANTINED for record in situation.records.values()) or situation.journal.owed:
        return False
    return all(node.name in waiting or node.name in situation.records for node in old)


def time_left(
    old: list[Node], situation: Situation, spec: RotationSpec, rules: Rules, estimates: Estimates
) -> tuple[float, Bound]:
    """How long the rest will take at least, in seconds, and the bound that says so.

    It is the lower bound of what is left, less what the nodes in hand have behind them. estimates: as learned so far.
    Infinite while a budget never allows.
    """
    zones = zones_of(old) | situation.journal.zones
    rest = bound(old, situation.snapshot, spec.pace, zones, rules, estimates)
    ages_s = [(situation.now_ms - record.since_ms) / 1_000 for record in situation.records.values()]
    width = in_hand_limit(spec.pace, zones) or 1
    return max(0.0, rest.seconds - min(sum(ages_s) / width, estimates.boot_s)), rest
