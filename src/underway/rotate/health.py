"""The gates of one rotation over time: since when each is in breach, and what that means now.

Owns hysteresis (a breach has to last `for`) and the probes of /readyz. A gate's judgement itself is in `rotate.gates`.
"""

from collections import deque

import msgspec

from underway.model.duration import seconds
from underway.policy.readiness import node_unready, workload_unavailable
from underway.rotate.gates import GATES
from underway.rotate.gates.judgement import Evidence, Gate, Probe
from underway.rotate.spec import Gate as GateSpec

PROBE_EVERY_MS = 5_000
PROBES_KEPT = 20


class Breach(msgspec.Struct, frozen=True):
    """A gate in breach for long enough."""

    gate: str
    reason: str
    since_ms: int


class Verdict(msgspec.Struct, frozen=True):
    """What the gates say: wait (no new node), freeze, or, with neither, go on. due_ms: when time alone may change that."""

    wait: tuple[Breach, ...] = ()
    freeze: tuple[Breach, ...] = ()
    due_ms: int | None = None


class Health:
    """The gates that a specification names, in its order."""

    def __init__(self, specs: tuple[GateSpec, ...]) -> None:
        by_name = {gate.name: gate for gate in GATES}
        self._gates: list[tuple[GateSpec, Gate]] = [(spec, by_name[spec.gate]) for spec in specs]
        self._since_ms: dict[int, int] = {}
        self._probes: deque[Probe] = deque(maxlen=PROBES_KEPT)
        self._already_short: frozenset[str] | None = None
        self._already_unready: frozenset[str] | None = None
        self._next_probe_ms = 0

    def probe_due(self, now_ms: int) -> bool:
        """Whether /readyz should be asked now."""
        return any(gate.probes for _, gate in self._gates) and now_ms >= self._next_probe_ms

    def probed(self, probe: Probe) -> None:
        """Take an answer of /readyz."""
        self._probes.append(probe)
        self._next_probe_ms = probe.at_ms + PROBE_EVERY_MS

    def judge(self, evidence: Evidence, now_ms: int) -> Verdict:
        """What the gates say now. The first call notes which workloads are short and which nodes unready already."""
        workloads, nodes = evidence.snapshot.workloads, evidence.snapshot.nodes
        short = frozenset(key for key, workload in workloads.items() if workload_unavailable(workload))
        unready = frozenset(name for name, node in nodes.items() if node_unready(node))
        self._already_short = short if self._already_short is None else self._already_short & short
        self._already_unready = unready if self._already_unready is None else self._already_unready & unready
        evidence = msgspec.structs.replace(
            evidence, already_short=self._already_short, already_unready=self._already_unready, probes=tuple(self._probes)
        )
        wait: list[Breach] = []
        freeze: list[Breach] = []
        due: list[int] = []
        for index, (spec, gate) in enumerate(self._gates):
            reason = gate.judge(evidence, spec.threshold)
            if not reason:
                self._since_ms.pop(index, None)
                continue
            since_ms = self._since_ms.setdefault(index, now_ms)
            lasts_ms = since_ms + round((seconds(spec.for_) if spec.for_ else gate.for_s) * 1_000)
            if now_ms < lasts_ms:
                due.append(lasts_ms)
            else:
                (freeze if spec.on_breach == "Freeze" else wait).append(Breach(gate.name, reason, since_ms))
        return Verdict(tuple(wait), tuple(freeze), min(due, default=None))
