"""When a cause is said, again, or that it is over: one round of decisions over what was said before.

Owns the times. Once for each cause and destination; again after the reminder's interval, when it climbs a rung, or when it did
not arrive; at the end once more. What is due for a destination at one time is one message, and no destination is used more than
once in GAP_MS: however many causes there are, four messages a minute are the most.
"""

from collections.abc import Iterable, Mapping

import msgspec

from underway.rotate.alerts.cause import Cause, Kind
from underway.rotate.alerts.memory import TEXT_MAX, Memory, Told, Used, bounded, fresh
from underway.rotate.alerts.routes import Route

GAP_MS = 15_000
OVER_MS = 60_000  # a cause that comes back within this was never away: no message for each swing
RETRY_MS = 30_000
TRIES_MAX = 5  # 30 s, 1, 2 and 4 min apart; after that the reminder's interval, and the Events and metrics say why
SETTLE_MS: Mapping[Kind, int] = {"Capacity": 60_000, "Blocked": 5_000}
"""How long a cause has to last before it is said: a provider's first word, or a look at a cluster in motion, is no news."""
DEPENDS_ON_WORK: tuple[Kind, ...] = ("Blocked", "Capacity")
"""What is only seen while the rotation acts: its absence in a freeze, or outside of a window, is no end."""


class Due(msgspec.Struct, frozen=True):
    """One thing to say. cause: as it is now, None when it is over; again: whether it is a reminder."""

    told: Told
    cause: Cause | None
    again: bool = False


class Decision(msgspec.Struct, frozen=True):
    """memory: as it is to be; due: what to say, by destination; due_ms: when time alone may change that."""

    memory: Memory
    due: dict[str, tuple[Due, ...]]
    due_ms: int | None = None


class _Heard(msgspec.Struct, frozen=True):
    """What one cause asks for at one destination: told as it is to stand, when it is due, what there is to say then."""

    told: Told
    at_ms: int | None
    due: Due | None = None


def decide(memory: Memory, routes: Iterable[Route], seen_ms: Mapping[str, int], now_ms: int, *, acting: bool) -> Decision:
    """What to say now. seen_ms: since when this driver sees each cause, by its key; acting: whether the rotation acts."""
    wanted = {(route.destination, _cut_key(route.cause.key)): route for route in routes}
    known = {told.key: told for told in memory.told}
    heard = [_lasting(known.get(key), route, seen_ms.get(route.cause.key, now_ms), now_ms) for key, route in wanted.items()]
    # A cause that lasts, but is no longer to be told there, is dropped without a word: its end would be a lie.
    lasting = {_cut_key(key) for key in seen_ms}
    ended = [told for key, told in known.items() if key not in wanted and key[1] not in lasting]
    heard += [one for told in ended if (one := _gone(told, now_ms, acting=acting))]
    last_ms = {one.destination: one.at_ms for one in memory.used}
    free = {one.told.destination: last_ms.get(one.told.destination, -GAP_MS) + GAP_MS for one in heard}
    due: dict[str, list[Due]] = {}
    times: list[int] = []
    kept = {told.key for told in bounded(one.told for one in heard)}
    after = []
    for one in heard:
        at_ms = None if one.at_ms is None else max(one.at_ms, free[one.told.destination])
        if at_ms is not None and now_ms < at_ms:
            times.append(at_ms)
        if one.told.key not in kept:
            continue
        told = one.told
        if one.due is not None and at_ms is not None and now_ms >= at_ms:
            told = msgspec.structs.replace(told, tried_ms=now_ms, tries=told.tries + 1)
            due.setdefault(told.destination, []).append(msgspec.structs.replace(one.due, told=told))
        after.append(told)
    recent = {name: at_ms for name, at_ms in last_ms.items() if now_ms < at_ms + GAP_MS} | dict.fromkeys(due, now_ms)
    used = tuple(Used(name, at_ms) for name, at_ms in recent.items())
    return Decision(Memory(tuple(after), used), {name: tuple(items) for name, items in due.items()}, min(times, default=None))


def _cut_key(key: str) -> str:
    """The key of a cause as a memory has it, which cuts what it is about."""
    kind, _, about = key.partition("/")
    return f"{kind}/{about[:TEXT_MAX]}"


def _lasting(known: Told | None, route: Route, seen_ms: int, now_ms: int) -> _Heard:
    """A cause that holds."""
    cause = route.cause
    if known is None or known.over:
        told = fresh(route.destination, cause, min(now_ms, seen_ms))
        return _Heard(told, seen_ms + SETTLE_MS.get(cause.kind, 0), Due(told, cause))
    mark = cause.mark[:TEXT_MAX] or known.mark
    other = mark != known.mark
    anew = other or cause.level > known.level
    told = msgspec.structs.replace(
        known,
        text=cause.text[:TEXT_MAX],
        owner=cause.owner or known.owner,
        since_ms=(cause.since_ms or now_ms) if other else known.since_ms,
        mark=mark,
        level=max(cause.level, known.level),
        gone_ms=0,
        told_ms=0 if anew else known.told_ms,
        tries=0 if anew else known.tries,
    )
    again = bool(told.told_ms)
    if told.tries:
        return _Heard(told, _retry_ms(told, route.remind_ms), Due(told, cause, again))
    if again:
        return _Heard(told, told.told_ms + route.remind_ms if route.remind_ms else None, Due(told, cause, again))
    return _Heard(told, max(now_ms if anew else 0, seen_ms + SETTLE_MS.get(cause.kind, 0)), Due(told, cause))


def _retry_ms(told: Told, remind_ms: int) -> int | None:
    """When what did not arrive is sent again; None for never."""
    if told.tries < TRIES_MAX:
        return told.tried_ms + (RETRY_MS << (told.tries - 1))
    return told.tried_ms + remind_ms if remind_ms else None


def _gone(told: Told, now_ms: int, *, acting: bool) -> _Heard | None:
    """A cause that is not seen any more; None once nobody needs to hear of it."""
    if not told.told_ms and not told.over:
        return None  # nobody has heard of it, so nobody waits for its end
    if not acting and told.kind in DEPENDS_ON_WORK and not told.over:
        return _Heard(told, None)
    gone_ms = told.gone_ms or now_ms
    if told.over:
        at_ms = _retry_ms(told, 0) if told.tries else now_ms
        return _Heard(told, at_ms, Due(told, None)) if at_ms is not None else None
    over = now_ms >= gone_ms + OVER_MS
    left = msgspec.structs.replace(told, gone_ms=gone_ms, over=over, tries=0)
    return _Heard(left, gone_ms + OVER_MS, Due(left, None) if over else None)


def arrived(memory: Memory, destination: str, sent_ms: int, now_ms: int) -> Memory:
    """The memory once the message that was sent to a destination at `sent_ms` has arrived."""
    told = []
    for one in memory.told:
        if one.destination != destination or one.tried_ms != sent_ms:
            told.append(one)
        elif not one.over:
            told.append(msgspec.structs.replace(one, told_ms=now_ms, tries=0))
    return msgspec.structs.replace(memory, told=tuple(told))
