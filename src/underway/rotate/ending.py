"""How a driver ends: finished, stopped, failed or retired; and what has to be in order before it may.

Owns when a cluster is tidy enough to be left, and that the lock is given back before anybody is told of the end.
"""

import msgspec

from underway.rotate.journal import LEASE_KEY, JournalWriter
from underway.rotate.ledger import Ledger
from underway.rotate.lock import Lock
from underway.rotate.machine import TIDY
from underway.rotate.observe import Observed
from underway.rotate.outbox import Outbox
from underway.rotate.outlook import Outlook
from underway.rotate.record import BEGINNING, STATUS, Phase
from underway.rotate.situation import Situation

RELEASE_MS = 5_000  # so long the lock is tried to be given back; after that it expires by itself


class Ending:
    """The end of one driver.

    begun: whether it is decided; retiring: whether another driver goes on; for_good: whether nobody will; finished: all is
    done, the lock is given back.
    """

    def __init__(
        self, outlook: Outlook, outbox: Outbox, ledger: Ledger, observed: Observed, lock: Lock, journal: JournalWriter
    ) -> None:
        self._outlook = outlook
        self._outbox = outbox
        self._ledger = ledger
        self._observed = observed
        self._lock = lock
        self._journal = journal
        self._since_ms = 0
        self.begun = False
        self.retiring = False
        self.for_good = False
        self.finished = False

    def begin(self, state: str, reason: str, now_ms: int) -> None:
        """Note that it is over, and how."""
        self._outlook.show(state, reason, now_ms)
        self.begun = True

    def go_on(self, now_ms: int) -> bool:
        """Whether there is anything but the end to see to; sees to the end where it has come."""
        if self.begun or (self.retiring and not len(self._ledger)):
            self._release(now_ms)
        return not (self.begun or self.retiring)

    def _release(self, now_ms: int) -> None:
        """Give the lock back, within RELEASE_MS."""
        self._since_ms = self._since_ms or now_ms
        lease = self._observed.lease(self._lock.name)
        ours = lease is not None and lease.spec.holder_identity == self._lock.identity
        if lease is None or not ours or now_ms >= self._since_ms + RELEASE_MS:
            self.finished = True
            return
        status = self._outlook.status
        over: dict[str, str | None] = dict.fromkeys(BEGINNING) if status.state == "Finished" else {}
        self._journal.want({STATUS: msgspec.json.encode(status).decode(), **over})
        request = self._journal.release(self._outbox.next_id(), lease, self._ledger, now_ms)
        if request is not None:
            self._ledger.begin(LEASE_KEY, request)
            self._outbox.post(request)

    def is_tidy(self, situation: Situation) -> bool:
        """Whether it may be left as it is now. A machine whose end was asked for cannot be kept: its node goes first."""
        if (
            len(self._ledger)
            or situation.journal.raised
            or any(record.phase not in TIDY for record in situation.records.values())
        ):
            return False
        if any(record.phase is Phase.TERMINATING for record in situation.records.values()):
            return False
        return not (self.for_good and situation.journal.owed)
