"""Lists on the Lease are made from what it says: what was made from an older one is made anew, not written."""

import msgspec

from underway.kube.request import Request
from underway.model.lease import Lease, LeaseSpec
from underway.model.meta import ObjectMeta
from underway.rotate.journal import JournalWriter, owed_annotation
from underway.rotate.ledger import Ledger
from underway.rotate.lock import Lock
from underway.rotate.record import OWED, STARTED, Owed

NOW_MS = 1_000_000
FIRST, SECOND = (Owed(f"pool-{name}-1", name, "zone-a", {}, "") for name in ("first", "second"))


def lease(version: str, *owed: Owed) -> Lease:
    kept = {key: value for key, value in owed_annotation(owed).items() if value is not None}
    return Lease(ObjectMeta(name="underway-pool", resource_version=version, annotations=kept), LeaseSpec(holder_identity="us"))


def poll(journal: JournalWriter, seen: Lease) -> Request | None:
    return journal.poll(1, seen, Ledger(), NOW_MS)


def written(request: Request | None) -> dict[str, str | None]:
    assert request is not None
    found: dict[str, str | None] = request.body["metadata"].get("annotations", {})
    return found


def held() -> JournalWriter:
    """Of a driver that has the lock, and has looked at the first Lease."""
    lock = Lock("us", "underway-pool")
    journal = JournalWriter(lock)
    poll(journal, lease("1", FIRST))
    journal.written(lease("1", FIRST))
    return journal


def test_what_is_wanted_is_written_on_the_lease_that_it_was_made_from() -> None:
    journal = held()
    journal.want(owed_annotation(()))
    assert written(poll(journal, lease("1", FIRST))) == {OWED: None}


def test_a_list_that_lacks_what_came_meanwhile_takes_nothing_back() -> None:
    """The first machine has come, while the second one was being put on record: its node ended, and nothing took its place."""
    journal = held()
    journal.want({**owed_annotation(()), STARTED: "now"})
    assert written(poll(journal, lease("2", FIRST, SECOND))) == {STARTED: "now"}
    journal.want(owed_annotation((SECOND,)))
    debts = written(poll(journal, lease("2", FIRST, SECOND)))[OWED]
    assert msgspec.json.decode(debts or "", type=tuple[Owed, ...]) == (SECOND,)
