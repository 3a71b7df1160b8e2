"""Machines that the cluster still has coming: successors of nodes that went without one beside them (maxUnavailable).

The old Node object is gone by then, so the debt stands on the Lease, written before its predecessor's machine was ended.
"""

import msgspec

from underway.rotate import progress
from underway.rotate.journal import JournalWriter, owed_annotation
from underway.rotate.machine import Event
from underway.rotate.machinery import Machinery
from underway.rotate.progress import Limits
from underway.rotate.record import Owed, machine_key
from underway.rotate.situation import Situation
from underway.rotate.spec import Rotation
from underway.rotate.work import Work


class Debts:
    """The debts of one rotation. Memory: since when this driver has known each."""

    def __init__(self, rotation: Rotation, limits: Limits, work: Work, machinery: Machinery, journal: JournalWriter) -> None:
        self._rotation = rotation
        self._limits = limits
        self._work = work
        self._machinery = machinery
        self._journal = journal
        self._since_ms: dict[str, int] = {}

    @property
    def keys(self) -> set[str]:
        """The keys of machines that are awaited."""
        return set(self._since_ms)

    def bring(self, situation: Situation) -> str:
        """Provision what is owed once its predecessor is gone; why the rotation has to freeze, or ""."""
        owed, left, failure = situation.journal.owed, [], ""
        for debt in owed:
            if debt.replaces in situation.snapshot.nodes:
                left.append(debt)
                continue
            settled, why = self._settle(debt, situation)
            failure = failure or why
            if settled is not None:
                left.append(settled)
        if tuple(left) != owed:
            self._journal.want(owed_annotation(tuple(left)))
        return failure

    def _settle(self, debt: Owed, situation: Situation) -> tuple[Owed | None, str]:
        """The debt as it stands now, None once it is paid; and what has failed, if anything."""
        now_ms = situation.now_ms
        since_ms = max(self._since_ms.setdefault(debt.key, now_ms), situation.journal.resumed_ms)
        self._work.provision(debt)
        machine = self._machinery.shown(debt.key)
        known = {debt.key: machine} if machine else {}
        step = progress.arrival(
            debt.replaces, debt.key, since_ms, known, situation.snapshot, self._rotation.spec, self._limits, now_ms, debt.taints
        )
        if step.event is Event.REPLACEMENT_READY:
            self._since_ms.pop(debt.key)
            return None, ""
        if not step.failure:
            return debt, ""
        # The next attempt is another machine; what is left of this one is a stray.
        self._since_ms.pop(debt.key)
        _, uid, _ = debt.key.rsplit("-", 2)
        return msgspec.structs.replace(debt, key=machine_key(self._rotation.metadata.name, uid, now_ms)), step.failure
