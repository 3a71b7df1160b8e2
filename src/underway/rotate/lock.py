"""One driver at a time: the rotation's Lease, taken, renewed and given back.

Sources: client-go tools/leaderelection (expiry counted from when we saw the renewal, never from the other's clock);
coordination/v1. A driver whose renewal is not confirmed in time stops acting before another may begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from underway.kube.request import Request
from underway.model.lease import Lease
from underway.rotate import acts

DURATION_S = 15  # client-go's default lease duration
RENEW_MS = 5_000  # a third of it: two renewals may be lost
MARGIN_MS = 3_000  # an act sent in the last moments could land after the lease has passed on


class Lock:
    """Who may act. identity: unique to this driver; name: of the Lease."""

    def __init__(self, identity: str, name: str) -> None:
        self.identity = identity
        self.name = name
        self._seen: tuple[str, str] = ("", "")
        self._seen_ms = 0
        self._confirmed_ms: int | None = None

    def held(self, now_ms: int) -> bool:
        """Whether acting is safe: our last confirmed renewal is young enough."""
        return self._confirmed_ms is not None and now_ms < self._confirmed_ms + DURATION_S * 1_000 - MARGIN_MS

    def due_ms(self) -> int | None:
        """When the next renewal is due; None while the lock is not held."""
        return None if self._confirmed_ms is None else self._confirmed_ms + RENEW_MS

    def others(self, lease: Lease | None, now_ms: int) -> str:
        """Who else holds the lock, "" if nobody does any more."""
        if lease is None or lease.spec.holder_identity in ("", self.identity):
            return ""
        seen = (lease.spec.holder_identity, lease.spec.renew_time)
        if seen != self._seen:
            self._seen, self._seen_ms = seen, now_ms
        duration_s = lease.spec.lease_duration_seconds or DURATION_S
        return lease.spec.holder_identity if now_ms < self._seen_ms + duration_s * 1_000 else ""

    def write(self, request_id: int, lease: Lease | None, annotations: Mapping[str, str | None], now_ms: int) -> Request:
        """Take or renew the lock, and write annotations with it."""
        if lease is None:
            spec = acts.holding(self.identity, now_ms, DURATION_S, acquired=True, transitions=0)
            return acts.create_lease(request_id, self.name, spec, annotations)
        ours = lease.spec.holder_identity == self.identity
        transitions = lease.spec.lease_transitions + 1
        spec = acts.holding(self.identity, now_ms, DURATION_S, acquired=not ours, transitions=transitions)
        return acts.patch_lease(request_id, lease, spec, annotations)

    def release(self, request_id: int, lease: Lease, annotations: Mapping[str, str | None]) -> Request:
        """Give the lock back."""
        released: dict[str, Any] = {"holderIdentity": ""}
        return acts.patch_lease(request_id, lease, released, annotations)

    def confirmed(self, lease: Lease, sent_ms: int) -> None:
        """Note that a write of ours, sent at `sent_ms`, was accepted."""
        self._confirmed_ms = sent_ms if lease.spec.holder_identity == self.identity else None
