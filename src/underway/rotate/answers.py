"""What has come back: each answer finds its way to whoever has to know it.

Owns the meaning of a refusal: an act that can never succeed stops the rotation, since trying for ever would hide it.
It decides nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from underway.kube.reply import ObjectList
from underway.rotate import acts
from underway.rotate.effects import ReadQuotas
from underway.rotate.gates.judgement import Probe
from underway.rotate.health import git_version
from underway.rotate.journal import LEASE_KEY
from underway.rotate.record import LEASE_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from underway.kube.reply import Reply
    from underway.model.lease import Lease
    from underway.model.node import Node
    from underway.rotate.brakes import Brakes
    from underway.rotate.effects import MachineReply
    from underway.rotate.eviction import Evictions
    from underway.rotate.health import Health
    from underway.rotate.journal import JournalWriter
    from underway.rotate.ledger import Ledger, Outcome
    from underway.rotate.lock import Lock
    from underway.rotate.machinery import Machinery
    from underway.rotate.observe import Observed
    from underway.rotate.replicas import Replicas

NODE_WRITES = ("admit", "record", "mark", "keep")


class Answers:
    """Where the answers of one driver go. failure: why the driver cannot go on, or ""."""

    def __init__(
        self,
        ledger: Ledger,
        observed: Observed,
        lock: Lock,
        journal: JournalWriter,
        machinery: Machinery,
        evictions: Evictions,
        health: Health,
        brakes: Brakes,
        replicas: Replicas,
    ) -> None:
        self._ledger = ledger
        self._observed = observed
        self._lock = lock
        self._journal = journal
        self._machinery = machinery
        self._evictions = evictions
        self._health = health
        self._brakes = brakes
        self._replicas = replicas
        self.failure = ""

    def reply(self, reply: Reply, now_ms: int, rng: Random) -> None:
        """Take an answer of the API server to an act or a probe."""
        outcome = self._ledger.settle(reply, now_ms, rng)
        if outcome is None:
            return
        verb, uid = outcome.key
        if verb == "probe":
            self._probed(uid, reply, now_ms)
            return
        if verb == "autoscalers" and reply.ok and isinstance(reply.body, ObjectList):
            self._replicas.told_autoscalers(uid, reply.body.items, now_ms)
        elif verb == "scale" and reply.ok:
            self._replicas.told_scale(reply.body)
        elif verb == "minReplicas" and reply.ok:
            self._replicas.told_minimum(reply.body)
        elif verb == "evict":
            self._evictions.answered(uid, reply, self._observed.snapshot())
        elif reply.ok and verb == "lease":
            self._observed.wrote("Lease", reply.body)
            self._journal.written(reply.body)
        elif reply.ok and verb in NODE_WRITES:
            self._observed.wrote("Node", reply.body)
        elif reply.ok and verb == "checkpoint":
            self._observed.wrote("Pod", reply.body)
        self._note_refusal(outcome, now_ms)

    def seen(self, lease: Lease | None, nodes: Mapping[str, Node]) -> None:
        """Take what the watches show of writes under way: an answer that got lost is not waited for. nodes: by name."""
        for key, request in self._ledger.writes():
            if key == LEASE_KEY:
                if lease is not None and request.body is not None and acts.is_written(request, lease):
                    self._ledger.done(key, request)
                    self._journal.written(lease)
            elif key[0] in NODE_WRITES and request.name in nodes and acts.is_written(request, nodes[request.name]):
                self._ledger.done(key, request)

    def machine_reply(self, reply: MachineReply, now_ms: int, rng: Random) -> None:
        """Take an answer of the machine provider."""
        outcome = self._ledger.settle(reply, now_ms, rng)
        nodes = self._observed.snapshot().nodes.values()
        self._machinery.answered(reply, now_ms, {node.spec.provider_id: node.name for node in nodes})
        if not isinstance(reply.request, ReadQuotas):  # what is not known makes the gate wait, it freezes nothing
            self._note_refusal(outcome, now_ms)

    def _probed(self, what: str, reply: Reply, now_ms: int) -> None:
        text = reply.body if isinstance(reply.body, str) else reply.message
        if what == "readyz":
            self._health.probed(Probe(now_ms - reply.elapsed_ms, reply.code, reply.elapsed_ms, text))
        else:
            self._health.told_version(git_version(text), now_ms)

    def _note_refusal(self, outcome: Outcome | None, now_ms: int) -> None:
        if outcome is None or not outcome.refusal:
            return
        verb, what = outcome.key
        if verb == "lease":
            self.failure = f"cannot write Lease {LEASE_NAMESPACE}/{self._lock.name}: {outcome.refusal}"
        else:
            self._brakes.pull(f"{verb} {what} was refused: {outcome.refusal}", "driver", now_ms)
