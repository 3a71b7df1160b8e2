"""What can go wrong between a driver and its API server: one class a fault, all of them in FAULTS.

A fault decides, for each request, whether to interfere and how. All dice come from one Random, so that a seed repeats
them. Faults act within a window of virtual time; after it the world is healthy again, and liveness is judged.
"""

from random import Random
from typing import Protocol

import msgspec

from underway.kube.request import Request


class Interference(msgspec.Struct, frozen=True):
    """What happens to one request.

    refuse: answer with this code instead of acting (0 for none); lose_reply: act, then let the answer get lost; delay_ms:
    extra time before the answer; queued_ms: extra time before the server acts; stale_ms: answer a list with the state of so
    long ago; late_events_ms: tell a watch's events that much late; cut_ms: end a watch after so long (0: never), with
    `cut_code`.
    """

    refuse: int = 0
    lose_reply: bool = False
    delay_ms: int = 0
    queued_ms: int = 0
    stale_ms: int = 0
    late_events_ms: int = 0
    cut_ms: int = 0
    cut_code: int = 0


NONE = Interference()


class Fault(Protocol):
    """One way to go wrong."""

    def on_request(self, request: Request, rng: Random) -> Interference | None:
        """What happens to the request, None for nothing."""


class Rate(msgspec.Struct, frozen=True):
    """The base of faults that strike with a probability."""

    rate: float


class Refused(Rate, frozen=True):
    """409, 429, 500 or 503 instead of an act: conflicts, throttling, a leaderless etcd."""

    codes: tuple[int, ...] = (409, 429, 500, 503)

    def on_request(self, request: Request, rng: Random) -> Interference | None:
        """Refuse a write, or (never with 409) a read."""
        if request.resource is None or request.verb == "watch" or rng.random() >= self.rate:
            return None
        code = rng.choice(self.codes)
        return Interference(refuse=code) if code != 409 or request.verb in ("patch", "update") else None


class LostReply(Rate, frozen=True):
    """The server acts, the answer gets lost: the client cannot know."""

    def on_request(self, request: Request, rng: Random) -> Interference | None:
        """Lose the answer of a write."""
        if request.verb in ("get", "list", "watch") or rng.random() >= self.rate:
            return None
        return Interference(lose_reply=True)


class Slow(Rate, frozen=True):
    """Answers that take seconds."""

    delay_ms_max: int = 8_000

    def on_request(self, request: Request, rng: Random) -> Interference | None:
        """Delay the answer."""
        if request.verb == "watch" or rng.random() >= self.rate:
            return None
        return Interference(delay_ms=rng.randint(100, self.delay_ms_max))


class Queued(Rate, frozen=True):
    """A write that waits in the server's queue (API Priority and Fairness) before it acts: the world moves on meanwhile."""

    queued_ms_max: int = 8_000

    def on_request(self, request: Request, rng: Random) -> Interference | None:
        """Let a write wait."""
        if request.verb in ("get", "list", "watch") or rng.random() >= self.rate:
            return None
        return Interference(queued_ms=rng.randint(100, self.queued_ms_max))


class StaleRead(Rate, frozen=True):
    """A list from a replica that lags behind: what it shows is true, but of some seconds ago."""

    stale_ms_max: int = 5_000

    def on_request(self, request: Request, rng: Random) -> Interference | None:
        """Answer from the past."""
        if request.verb != "list" or rng.random() >= self.rate:
            return None
        return Interference(stale_ms=rng.randint(200, self.stale_ms_max))


class LateWatch(Rate, frozen=True):
    """A watch whose events lag behind, as a busy watch cache's do: every decision is made on a stale picture."""

    late_ms_max: int = 5_000

    def on_request(self, request: Request, rng: Random) -> Interference | None:
        """Delay all events of a watch."""
        if request.verb != "watch" or rng.random() >= self.rate:
            return None
        return Interference(late_events_ms=rng.randint(200, self.late_ms_max))


class CutWatch(Rate, frozen=True):
    """A watch that breaks, ends or finds its history compacted."""

    def on_request(self, request: Request, rng: Random) -> Interference | None:
        """End a watch early."""
        if request.verb != "watch" or rng.random() >= self.rate:
            return None
        return Interference(cut_ms=rng.randint(1_000, 60_000), cut_code=rng.choice((0, 200, 410)))


FAULTS = (Refused, LostReply, Slow, Queued, StaleRead, LateWatch, CutWatch)
