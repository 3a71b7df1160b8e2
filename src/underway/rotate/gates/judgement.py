"""What a health gate is asked, and what it answers.

A gate is a pure function from Evidence to a reason: "" when all is well. `rotate.gates.GATES` is the list; the driver
decides what a breach means (spec.health[].onBreach) and how long it has to last.
"""

from collections.abc import Callable, Sequence

import msgspec

from underway.model.snapshot import Snapshot


class Probe(msgspec.Struct, frozen=True):
    """One answer of /readyz. code: 0 when there was none; text: the body, which names the failing checks."""

    at_ms: int
    code: int
    elapsed_ms: int
    text: str = ""


class Evidence(msgspec.Struct, frozen=True):
    """What gates judge on.

    leaving: nodes whose end we ask for; arriving: nodes that are still booting for us; already_short and already_unready:
    workloads (by key) that lacked pods, and nodes that were not ready, before we came, and still are; probes: the last
    answers of /readyz, oldest first.
    """

    snapshot: Snapshot
    leaving: frozenset[str] = frozenset()
    arriving: frozenset[str] = frozenset()
    already_short: frozenset[str] = frozenset()
    already_unready: frozenset[str] = frozenset()
    probes: Sequence[Probe] = ()


class Gate(msgspec.Struct, frozen=True):
    """name: as in spec.health; judge: evidence and threshold (None: the gate's own default) to a reason;

    for_s: how long a breach has to last where the specification does not say. probes: whether it needs /readyz asked.
    """

    name: str
    judge: Callable[[Evidence, float | None], str]
    for_s: float
    probes: bool = False
