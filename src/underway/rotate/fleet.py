"""Which cluster of a fleet may go now: waves one after the other, each watched for a while, stopped by the first that freezes.

Pure: what the clusters show goes in, what each shall have and how the fleet stands comes out. What has to be remembered (when
a wave began and succeeded) is read back from the Fleet's own status. The rotation of each cluster is that cluster's operator's.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Literal

import msgspec

from underway.model import timestamp
from underway.model.duration import seconds
from underway.model.selector import matches
from underway.rotate.brakes import Mode
from underway.rotate.freezes import Frozen, ordered
from underway.rotate.kinds.conditions import condition, cut
from underway.rotate.kinds.fleet import ClusterStatus, FleetSpec, FleetStatus, Wave, WaveStatus
from underway.rotate.kinds.status import Freezing

Standing = Literal["Absent", "Going", "Finished", "Stopped", "Held", "Unknown"]


class Member(msgspec.Struct, frozen=True):
    """One cluster as it was last seen.

    standing: of its Rotation as this Fleet wants it: Stopped by itself (Frozen, Failed), Held by this Fleet, Unknown when the
    cluster does not answer. total and up_to_date: its nodes.
    """

    name: str
    labels: Mapping[str, str] = {}
    standing: Standing = "Absent"
    state: str = ""
    reason: str = ""
    total: int = 0
    up_to_date: int = 0


class Order(msgspec.Struct, frozen=True):
    """What a cluster shall have: the Rotation of the template, held by this freeze if there is one."""

    cluster: str
    frozen: Frozen | None = None

    @property
    def mode(self) -> Mode:
        """Of its specification."""
        return "Freeze" if self.frozen is not None else "Rotate"


class Decision(msgspec.Struct, frozen=True):
    """What to do and what to show."""

    orders: tuple[Order, ...]
    status: FleetStatus


class _Judged(msgspec.Struct, frozen=True):
    """One wave: its status, its orders, whether the next may begin, and what keeps it from that if it is to be ended by hand."""

    status: WaveStatus
    orders: tuple[Order, ...] = ()
    passed: bool = False
    frozen: Frozen | None = None


def decide(
    fleet: FleetSpec,
    members: Sequence[Member],
    before: FleetStatus,
    generation: int,
    now_ms: int,
    annotations: Mapping[str, str] = {},
) -> Decision:
    """What each cluster shall have now.

    before: the status as it is shown; generation: of the specification; annotations: of the Fleet, for who froze it and why.
    """
    frozen = by_hand = ordered(fleet.mode, annotations)
    known = {wave.name: wave for wave in before.waves} if before.observed_generation == generation else {}
    waves = allotted(fleet, members)
    shown: list[WaveStatus] = []
    orders: list[Order] = []
    open_ = True
    for wave, chosen in waves:
        earlier = known.get(wave.name, WaveStatus(wave.name, "Waiting"))
        if not open_:
            shown.append(WaveStatus(wave.name, "Waiting", "the wave before it has not passed", len(chosen)))
            continue
        judged = _frozen(earlier, chosen, by_hand) if by_hand else _judged(wave, chosen, earlier, now_ms)
        shown.append(judged.status)
        orders += judged.orders
        open_ = judged.passed
        frozen = frozen or judged.frozen
    status = _status(shown, waves, members, before, generation, now_ms)
    return Decision(tuple(orders), msgspec.structs.replace(status, frozen=_freezing(frozen, before.frozen, now_ms)))


def _freezing(frozen: Frozen | None, before: Freezing | None, now_ms: int) -> Freezing | None:
    """What is shown of a freeze; it keeps its time."""
    if frozen is None:
        return None
    since = timestamp.format_ms(frozen.since_ms or now_ms)
    if before is not None and not frozen.since_ms and (before.by, before.level) == (frozen.by, frozen.level):
        since = before.since
    return Freezing(cut(frozen.reason), since, frozen.by, frozen.level)


def allotted(fleet: FleetSpec, members: Sequence[Member]) -> list[tuple[Wave, list[Member]]]:
    """The clusters of each wave, by name; a cluster goes with the first wave that chooses it."""
    left = {member.name: member for member in sorted(members, key=lambda member: member.name)}
    found = []
    for wave in fleet.waves:
        if wave.selector is not None:
            names = [name for name, member in left.items() if matches(wave.selector, member.labels)]
        else:
            names = [name for name in wave.clusters if name in left]
        found.append((wave, [left.pop(name) for name in sorted(set(names))]))
    return found


def _frozen(earlier: WaveStatus, chosen: Sequence[Member], frozen: Frozen) -> _Judged:
    """The fleet is frozen: what has been begun is held, nothing else is."""
    begun = [member for member in chosen if member.standing in ("Going", "Stopped", "Held")]
    finished = sum(1 for member in chosen if member.standing == "Finished")
    status = msgspec.structs.replace(earlier, state="Frozen", reason=frozen.reason, clusters=len(chosen), finished=finished)
    return _Judged(status, tuple(Order(member.name, frozen) for member in begun), passed=True)


def _judged(wave: Wave, chosen: Sequence[Member], earlier: WaveStatus, now_ms: int) -> _Judged:
    started = earlier.started_at or timestamp.format_ms(now_ms)
    finished = [member for member in chosen if member.standing == "Finished"]
    stopped = [member for member in chosen if member.standing == "Stopped"]
    needed = _needed(wave, len(chosen))
    base = WaveStatus(wave.name, "Progressing", "", len(chosen), len(finished), started, earlier.succeeded_at)
    missing = [name for name in wave.clusters if name not in {member.name for member in chosen}]
    if missing or not chosen:
        why = f"cluster {missing[0]} is not known" if missing else "no cluster is chosen"
        return _Judged(msgspec.structs.replace(base, state="Failed", reason=f"{why}; see spec.clusters and spec.waves"))
    if len(stopped) > len(chosen) - needed:
        first = stopped[0]
        reason = cut(f"cluster {first.name} is {first.state}: {first.reason}")
        frozen = Frozen(f"wave {wave.name}: {reason}", f"cluster {first.name}", level="wave")
        return _Judged(msgspec.structs.replace(base, state="Frozen", reason=reason), _held(chosen, frozen), frozen=frozen)
    overdue = _overdue(wave, started, now_ms)
    if overdue and len(finished) < needed:
        status = msgspec.structs.replace(base, state="Failed", reason=f"{len(finished)} of {needed} {overdue}")
        return _Judged(status, _held(chosen, Frozen(f"wave {wave.name} has failed: {status.reason}")))
    orders = _going(wave, chosen)
    if earlier.state == "Succeeded":
        # A node that drifts later is its cluster's own affair: the waves behind need not stop for it.
        return _Judged(msgspec.structs.replace(base, state="Succeeded"), orders, passed=True)
    if len(finished) < needed:
        unknown = next((member for member in chosen if member.standing == "Unknown"), None)
        reason = f"cluster {unknown.name} cannot be seen: {unknown.reason}" if unknown else ""
        return _Judged(msgspec.structs.replace(base, reason=cut(reason), succeeded_at=""), orders)
    succeeded = earlier.succeeded_at or timestamp.format_ms(now_ms)
    soaked_ms = timestamp.parse(succeeded) + round(seconds(wave.soak) * 1_000)
    if now_ms < soaked_ms:
        until = f"until {timestamp.format_ms(soaked_ms)}"
        return _Judged(msgspec.structs.replace(base, state="Soaking", reason=until, succeeded_at=succeeded), orders)
    return _Judged(msgspec.structs.replace(base, state="Succeeded", succeeded_at=succeeded), orders, passed=True)


def _needed(wave: Wave, count: int) -> int:
    """How many clusters must be finished; a percentage rounds up, as nobody means less than they wrote."""
    share = wave.success.finished
    return min(count, share if isinstance(share, int) else ceil(int(share[:-1]) * count / 100))


def _overdue(wave: Wave, started: str, now_ms: int) -> str:
    within = wave.success.within
    if not within or now_ms < timestamp.parse(started) + round(seconds(within) * 1_000):
        return ""
    return f"clusters finished within {within}"


def _held(chosen: Sequence[Member], frozen: Frozen) -> tuple[Order, ...]:
    """Stop those that go; one that has stopped by itself is left as it is, so that its own reason can be seen and ended."""
    held = Frozen(frozen.reason)
    return tuple(Order(member.name, held) for member in chosen if member.standing in ("Going", "Held"))


def _going(wave: Wave, chosen: Sequence[Member]) -> tuple[Order, ...]:
    """Let go what has been begun, and begin others while there is room."""
    begun = [member for member in chosen if member.standing != "Absent"]
    busy = sum(1 for member in begun if member.standing != "Finished")
    room = (wave.max_concurrent or len(chosen)) - busy
    fresh = [member for member in chosen if member.standing == "Absent"][: max(0, room)]
    return tuple(Order(member.name) for member in (*begun, *fresh) if member.standing != "Unknown")


def _status(
    shown: Sequence[WaveStatus],
    waves: Sequence[tuple[Wave, list[Member]]],
    members: Sequence[Member],
    before: FleetStatus,
    generation: int,
    now_ms: int,
) -> FleetStatus:
    wave_of = {member.name: wave.name for wave, chosen in waves for member in chosen}
    at = next((wave for wave in shown if wave.state != "Succeeded"), None)
    state, reason = ("Finished", "") if at is None else (at.state, f"wave {at.name}{': ' if at.reason else ''}{at.reason}")
    clusters = tuple(
        ClusterStatus(one.name, wave_of.get(one.name, ""), one.state, cut(one.reason), one.total, one.up_to_date)
        for one in sorted(members, key=lambda member: member.name)
    )
    done = sum(1 for wave in shown if wave.state == "Succeeded")
    count = f"{done} of {len(shown)} waves have succeeded"
    known = {one.type: one for one in before.conditions}
    facts = {
        "Progressing": state in ("Progressing", "Soaking"),
        "Frozen": state in ("Frozen", "Failed"),
        "Finished": state == "Finished",
    }
    conditions = tuple(
        condition(kind, str(holds), state, reason or count, generation, known.get(kind), now_ms) for kind, holds in facts.items()
    )
    return FleetStatus(generation, state, cut(reason or count), conditions, tuple(shown), clusters)
