"""Writing on the rotation's Lease: the lock's renewals, and with them what the rotation has to remember.

One write at a time, each a compare-and-swap on the Lease's resourceVersion, so that a freeze written by somebody else is
never lost.
"""

from collections.abc import Mapping

import msgspec

from underway.kube.request import Request
from underway.model.lease import Lease
from underway.rotate.ledger import Key, Ledger
from underway.rotate.lock import Lock
from underway.rotate.record import OWED, RAISED, Owed, Raised

LEASE_KEY: Key = ("lease", "")
RECKONED = (OWED, RAISED)  # lists that are made from what the Lease says: entries come and go


def owed_annotation(owed: tuple[Owed, ...]) -> dict[str, str | None]:
    """The annotation that holds the machines still to come."""
    return {OWED: msgspec.json.encode(owed).decode() if owed else None}


def raised_annotation(raised: tuple[Raised, ...]) -> dict[str, str | None]:
    """The annotation that holds the Deployments with a replica too many."""
    return {RAISED: msgspec.json.encode(raised).decode() if raised else None}


class JournalWriter:
    """The wanted annotations of the Lease, until they are there."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._wanted: dict[str, str | None] = {}
        self._sent_ms = 0
        self._urgent = False
        self._reckoned_on = ""

    def want(self, annotations: Mapping[str, str | None], *, urgent: bool = True) -> None:
        """Have these annotations written; not urgent: with the next renewal is soon enough."""
        self._wanted.update(annotations)
        self._urgent = self._urgent or urgent

    def _forget_reckoned(self, lease: Lease | None) -> None:
        """Drop lists that were made from another Lease: one that lacks what was added meanwhile would take it back.

        Who wanted them wants them in every round, until they are there.
        """
        version = lease.metadata.resource_version if lease is not None else ""
        if version != self._reckoned_on:
            self._reckoned_on = version
            for key in RECKONED:
                self._wanted.pop(key, None)

    def _missing(self, lease: Lease | None) -> dict[str, str | None]:
        present = lease.metadata.annotations if lease else {}
        return {key: value for key, value in self._wanted.items() if present.get(key) != value}

    def poll(self, request_id: int, lease: Lease | None, ledger: Ledger, now_ms: int) -> Request | None:
        """The write that is due now, if any."""
        self._forget_reckoned(lease)
        # What is there is not wanted any more: were it kept, a freeze would come back after somebody has ended it.
        self._wanted = missing = self._missing(lease)
        if not ledger.free(LEASE_KEY, now_ms) or self._lock.others(lease, now_ms):
            return None
        due_ms = self._lock.due_ms()
        if due_ms is not None and now_ms < due_ms and not (missing and self._urgent):
            return None
        self._sent_ms = now_ms
        return self._lock.write(request_id, lease, missing, now_ms)

    def release(self, request_id: int, lease: Lease, ledger: Ledger, now_ms: int) -> Request | None:
        """The write that gives the lock back, with what is still wanted."""
        if not ledger.free(LEASE_KEY, now_ms):
            return None
        self._forget_reckoned(lease)
        return self._lock.release(request_id, lease, self._missing(lease))

    def written(self, lease: Lease) -> None:
        """Note that our last write was accepted, and what the Lease now says."""
        self._lock.confirmed(lease, self._sent_ms)
        self._wanted = dict(self._missing(lease))
        self._urgent = bool(self._wanted) and self._urgent
