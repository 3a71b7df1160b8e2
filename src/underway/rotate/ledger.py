"""Which acts are under way, and when a failed one may be tried again.

An act has a key (what it is done to), so that the same act is never under way twice. The ledger is memory, not state: a
new driver begins with an empty one, which is safe because every act is safe to repeat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from underway.kube.reply import Reply
from underway.kube.retry import DELAY_MS_MIN, Again, retry
from underway.rotate.effects import MachineReply, MachineRequest

if TYPE_CHECKING:
    from random import Random

    from underway.kube.request import Request

Key = tuple[str, str]
"""(verb, UID or name), such as ("evict", "5e1c...")."""

NOT_FOUND, CONFLICT, UNPROCESSABLE = 404, 409, 422
MACHINE_RETRY_MS = 5_000  # providers throttle: Amazon EC2 refills its request buckets within seconds


class Outcome(msgspec.Struct, frozen=True):
    """How an act ended. refusal: a sentence when trying again cannot help."""

    key: Key
    reply: Reply | MachineReply
    ok: bool
    refusal: str = ""


class Ledger:
    """The acts of one driver."""

    def __init__(self) -> None:
        self._under_way: dict[int, tuple[Key, Request | MachineRequest]] = {}
        self._keys: set[Key] = set()
        self._attempts: dict[Key, int] = {}
        self._not_before_ms: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def free(self, key: Key, now_ms: int) -> bool:
        """Whether the act is neither under way nor waiting out a delay."""
        return key not in self._keys and now_ms >= self._not_before_ms.get(key, 0)

    def awaits(self, key: Key) -> bool:
        """Whether the act is under way."""
        return key in self._keys

    def under_way(self, verb: str) -> int:
        """How many acts of a verb are under way."""
        return sum(1 for key in self._keys if key[0] == verb)

    def begin(self, key: Key, request: Request | MachineRequest) -> None:
        """Note that an act was sent."""
        self._under_way[request.id] = (key, request)
        self._keys.add(key)

    def writes(self) -> list[tuple[Key, Request]]:
        """The writes to the API server that are under way."""
        return [(key, request) for key, request in self._under_way.values() if not isinstance(request, MachineRequest)]

    def done(self, key: Key, request: Request) -> None:
        """Note that an act was seen to be done; its answer, if one comes, says nothing new."""
        del self._under_way[request.id]
        self._keys.discard(key)
        self._attempts.pop(key, None)

    def hasten(self, key: Key) -> None:
        """Forget the delay of an act: what it waited for has happened."""
        self._not_before_ms.pop(key, None)

    def next_ms(self) -> int | None:
        """When the next delay ends."""
        return min(self._not_before_ms.values(), default=None)

    def settle(self, reply: Reply | MachineReply, now_ms: int, rng: Random) -> Outcome | None:
        """Note an answer; None if the act is not known."""
        key, _ = self._under_way.pop(reply.request.id, (None, None))
        if key is None:
            return None
        self._keys.discard(key)
        ok = reply.ok if isinstance(reply, Reply) else not reply.error
        if ok:
            self._attempts.pop(key, None)
            self._not_before_ms.pop(key, None)
            return Outcome(key, reply, ok=True)
        attempt = self._attempts[key] = self._attempts.get(key, 0) + 1
        if isinstance(reply, MachineReply):
            self._not_before_ms[key] = now_ms + MACHINE_RETRY_MS
            return Outcome(key, reply, ok=False, refusal="" if reply.retryable else reply.error)
        decision = retry(reply, attempt, rng)
        if isinstance(decision, Again):
            self._not_before_ms[key] = now_ms + decision.delay_ms
            return Outcome(key, reply, ok=False)
        # What we knew was out of date: a watch will say how, then the act is decided anew.
        self._not_before_ms[key] = now_ms + DELAY_MS_MIN
        stale = reply.code in (NOT_FOUND, CONFLICT)
        return Outcome(key, reply, ok=False, refusal="" if stale else decision.reason)

    def tidy(self, now_ms: int) -> None:
        """Drop the delays that are over, so that the ledger does not grow with the cluster."""
        for key in [key for key, at_ms in self._not_before_ms.items() if at_ms <= now_ms]:
            del self._not_before_ms[key]
