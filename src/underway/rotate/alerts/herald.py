"""The alerts of one driver: from the status to messages that are sent once they are written down.

    round: decide -> write down -> (next round: it stands on the Lease) -> send -> answered: write down that it arrived

Owns the memory while the lock is held; without the lock it is forgotten, and read back from the Lease when it is taken again.
A message that cannot be written down is not sent: nobody could know that it was said. Nothing here waits for a delivery.
"""

from collections.abc import Callable, Iterable

import msgspec

from underway.rotate.alerts.causes import causes_of
from underway.rotate.alerts.memory import Memory, annotation_of, fresh, memory_of
from underway.rotate.alerts.message import message
from underway.rotate.alerts.routes import Alert, routed
from underway.rotate.alerts.telling import Due, arrived, decide
from underway.rotate.effects import Delivered, Notice
from underway.rotate.journal import JournalWriter
from underway.rotate.outbox import Outbox
from underway.rotate.status import Status

LAST_WORDS_MS = 10_000  # what an end may take to be told; a rotation never waits longer for it


class Herald:
    """rotation: its name; alerts: of its specification.

    delivered, failed: how many messages; failure: why the last one did not arrive, "" if it did.
    """

    def __init__(self, rotation: str, alerts: Iterable[Alert], journal: JournalWriter, outbox: Outbox) -> None:
        self._rotation = rotation
        self._alerts = tuple(alerts)
        self._journal = journal
        self._outbox = outbox
        self._memory: Memory | None = None
        self._written: dict[str, tuple[int, tuple[Due, ...]]] = {}
        self._under_way: dict[int, int] = {}
        self._seen_ms: dict[str, int] = {}
        self._last_words_ms = 0
        self.delivered = 0
        self.failed = 0
        self.failure = ""

    def forget(self) -> None:
        """The lock is lost: what was said is somebody else's to know."""
        self._memory, self._written = None, {}

    def round(self, status: Status, annotation: str, now_ms: int, *, acting: bool) -> int | None:
        """Say what is due; when to ask again. annotation: the memory as it stands on the Lease."""
        if self._memory is None:
            self._memory = memory_of(annotation)
        if not self._alerts and not self._memory.told:
            return None
        self._send(memory_of(annotation), now_ms)
        causes = causes_of(status)
        self._seen_ms = {cause.key: self._seen_ms.get(cause.key, now_ms) for cause in causes}
        decision = decide(self._memory, routed(self._alerts, causes), self._seen_ms, now_ms, acting=acting)
        self._written |= {destination: (now_ms, due) for destination, due in decision.due.items()}
        self._remember(decision.memory, urgent=bool(decision.due))
        return decision.due_ms

    def last_words(self, status: Status, annotation: str, now_ms: int) -> bool:
        """Say how it ended; whether that still takes time."""
        self._last_words_ms = self._last_words_ms or now_ms
        self.round(status, annotation, now_ms, acting=True)
        return bool(self._written or self._under_way) and now_ms < self._last_words_ms + LAST_WORDS_MS

    def answered(self, answer: Delivered, now_ms: int) -> None:
        """Note whether a message has arrived. One that has not is sent again later; nothing else comes of it."""
        sent_ms = self._under_way.pop(answer.request.id, None)
        if answer.error:
            self.failed += 1
            self.failure = f"alert to {answer.request.destination} did not arrive: {answer.error}"
            return
        self.delivered += 1
        self.failure = ""
        if sent_ms is not None and self._memory is not None:
            self._remember(arrived(self._memory, answer.request.destination, sent_ms, now_ms), urgent=True)

    def _send(self, standing: Memory, now_ms: int) -> None:
        """Send what stands on the Lease as about to be sent."""
        for destination, (written_ms, due) in list(self._written.items()):
            if standing.used_ms(destination) != written_ms:
                continue
            del self._written[destination]
            said = message(self._rotation, due, now_ms, f"underway status {self._rotation}")
            notice = Notice(id=self._outbox.next_id(), destination=destination, **msgspec.structs.asdict(said))
            self._under_way[notice.id] = written_ms
            self._outbox.post(notice)

    def _remember(self, memory: Memory, *, urgent: bool) -> None:
        if self._memory is not None and memory != self._memory:
            self._memory = memory
            self._journal.want(annotation_of(memory), urgent=urgent)


def alarm(status: Status, alerts: Iterable[Alert], next_id: Callable[[], int], now_ms: int) -> list[Notice]:
    """What is said of a driver that a bug of ours has ended. It can write nothing down: whoever leads next says it once more."""
    notices = []
    for route in routed(alerts, causes_of(status)):
        due = Due(fresh(route.destination, route.cause, now_ms), route.cause)
        said = message(status.rotation, (due,), now_ms, f"underway status {status.rotation}")
        notices.append(Notice(id=next_id(), destination=route.destination, **msgspec.structs.asdict(said)))
    return notices
