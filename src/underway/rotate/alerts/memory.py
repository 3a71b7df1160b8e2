"""What has been said, as it stands on the rotation's Lease, so that the next driver says nothing twice.

A message is written down before it is sent, and again when it has arrived: what a killed driver had sent but not confirmed is
sent once more, nothing else is. Bounded: an annotation holds 256 KiB (ObjectMeta validation), and it is not ours alone.
"""

from collections.abc import Iterable

import msgspec

from underway.rotate.alerts.cause import Cause, Kind
from underway.rotate.record import ALERTED

TOLD_MAX = 100
TEXT_MAX = 240


class Told(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One cause at one destination. Times are epoch milliseconds, 0 for never.

    tried_ms: when it was last sent; tries: how often without success; told_ms: when it last arrived; gone_ms: since when the
    cause is not seen any more; over: whether that is what is to be said now.
    """

    destination: str
    kind: Kind
    about: str
    text: str = ""
    owner: str = ""
    since_ms: int = 0
    mark: str = ""
    level: int = 0
    tried_ms: int = 0
    tries: int = 0
    told_ms: int = 0
    gone_ms: int = 0
    over: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The destination and the cause."""
        return self.destination, f"{self.kind}/{self.about}"


class Used(msgspec.Struct, frozen=True, rename="camel"):
    """When a destination was last sent anything."""

    destination: str
    at_ms: int


class Memory(msgspec.Struct, frozen=True, rename="camel"):
    """All of it, in lists that a merge patch replaces as a whole. used: of the destinations that were used of late."""

    told: tuple[Told, ...] = ()
    used: tuple[Used, ...] = ()

    def used_ms(self, destination: str) -> int | None:
        """When a destination was last sent anything, None if that is long ago."""
        return next((one.at_ms for one in self.used if one.destination == destination), None)


def memory_of(text: str) -> Memory:
    """The memory in an annotation; one that cannot be read is none: what lasts is said again."""
    try:
        return msgspec.json.decode(text, type=Memory) if text else Memory()
    except msgspec.DecodeError:
        return Memory()


def annotation_of(memory: Memory) -> dict[str, str | None]:
    """The annotation that holds it."""
    return {ALERTED: msgspec.json.encode(memory).decode() if memory != Memory() else None}


def bounded(told: Iterable[Told]) -> tuple[Told, ...]:
    """As many as an annotation may hold, those that were said before those that were not."""
    return tuple(sorted(told, key=lambda one: not (one.told_ms or one.tries))[:TOLD_MAX])


def fresh(destination: str, cause: Cause, now_ms: int) -> Told:
    """A cause that a destination has not heard of."""
    since_ms = cause.since_ms or now_ms
    about, text, mark = cause.about[:TEXT_MAX], cause.text[:TEXT_MAX], cause.mark[:TEXT_MAX]
    return Told(destination, cause.kind, about, text, cause.owner, since_ms, mark, cause.level)
