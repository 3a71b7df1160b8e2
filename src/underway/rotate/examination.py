"""Asking after the cluster's health: the probes and questions that are due, the evidence at hand, the gates' verdict.

Owns what the rotation itself accounts for, which no gate may hold against it: nodes whose machines end, successors that
boot. The gates over time are `rotate.health`'s.
"""

from collections.abc import Collection, Iterator, Mapping

from underway.model.snapshot import Snapshot
from underway.rotate import acts
from underway.rotate.gates.judgement import Evidence
from underway.rotate.health import Health, Verdict
from underway.rotate.machinery import Machinery
from underway.rotate.outbox import Outbox
from underway.rotate.record import Phase, Record

ENDING = (Phase.TERMINATING, Phase.DELETED)


class Examination:
    """The examinations of one driver. surges: whether machines come before their predecessors go."""

    def __init__(self, health: Health, machinery: Machinery, outbox: Outbox, ids: Iterator[int], *, surges: bool) -> None:
        self._surges = surges
        self._health = health
        self._machinery = machinery
        self._outbox = outbox
        self._ids = ids

    def verdict(self, snapshot: Snapshot, records: Mapping[str, Record], owed: Collection[str], now_ms: int) -> Verdict:
        """Ask what is due, and judge what is known. owed: the keys of machines that the cluster still has coming."""
        if self._health.probe_due(now_ms):
            self._outbox.send(("probe", "readyz"), acts.probe_readyz)
        if self._health.version_due(now_ms):
            self._outbox.send(("probe", "version"), acts.probe_version)
        self._outbox.post(*self._health.asks(self._ids, now_ms))
        every_ms = self._health.quotas_every_ms
        if every_ms is not None:
            self._machinery.poll_quotas(self._outbox, now_ms, every_ms)
        evidence = Evidence(
            snapshot,
            leaving=frozenset(name for name, record in records.items() if record.phase in ENDING),
            arriving=self._arriving(records, owed),
            refused=self._machinery.refused(),
            quotas=self._machinery.quotas(now_ms, every_ms) if every_ms is not None else (),
            extra=sum(1 for record in records.values() if record.replacement in self._machinery.by_key),
            surges=self._surges,
        )
        return self._health.judge(evidence, now_ms)

    def _arriving(self, records: Mapping[str, Record], owed: Collection[str]) -> frozenset[str]:
        """The successors of nodes that are still Surging: they may not be Ready yet."""
        keys = {record.replacement for record in records.values() if record.phase is Phase.SURGING}.union(owed)
        return frozenset(machine.node for key, machine in self._machinery.by_key.items() if key in keys and machine.node)
