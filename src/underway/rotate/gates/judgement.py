"""What a health gate is asked, and what it answers.

A gate is a pure function from Evidence to a finding: "" when all is well, a sentence when not, Unknown when it cannot tell,
which never counts as well. What lies outside of the cluster it names as Questions; a shell asks them, and the answers come back
as evidence. `rotate.gates.GATES` is the list; `rotate.health` decides what a breach means and how long it has to last.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from underway.model.snapshot import Snapshot
from underway.rotate.effects import Answer, Question, Quota
from underway.rotate.gate_spec import GateSpec

STALE_INTERVALS = 3  # so many answers may be missed before the last one says nothing any more


class Probe(msgspec.Struct, frozen=True):
    """One answer of /readyz. asked_ms: when it was asked for; code: 0 when there was none; text: the body, which names the
    failing checks.
    """

    asked_ms: int
    code: int
    elapsed_ms: int
    text: str = ""


class Unknown(msgspec.Struct, frozen=True):
    """It cannot be told. reason: why not; yet: whether only the first answer is still to come."""

    reason: str
    yet: bool = False


class Evidence(msgspec.Struct, frozen=True):
    """What gates judge on.

    leaving: nodes whose end we ask for; arriving: nodes that are still booting for us; already_short, already_unready and
    already_pending: workloads (by key) that lacked pods, nodes that were not ready and pods (by UID) that no node had room for
    before we came, and still are; probes: the last answers of /readyz, oldest first; answers: to each of this gate's questions,
    oldest first; baseline: the first answer to each, from before the rotation; refused: why the provider made no machine yet;
    quotas: what it has left; extra: how many machines of ours stand beside those that they replace, whose place comes free again;
    surges: whether machines come before their predecessors go;
    server: the API server's version, "" while unknown; first_seen: the kubelet version that each node (by UID) had at first.
    """

    snapshot: Snapshot
    leaving: frozenset[str] = frozenset()
    arriving: frozenset[str] = frozenset()
    already_short: frozenset[str] = frozenset()
    already_unready: frozenset[str] = frozenset()
    already_pending: frozenset[str] = frozenset()
    probes: Sequence[Probe] = ()
    answers: Sequence[Sequence[Answer]] = ()
    baseline: Sequence[float] = ()
    refused: Sequence[str] = ()
    quotas: Sequence[Quota] | Unknown = ()
    extra: int = 0
    surges: bool = True
    server: str = ""
    first_seen: Mapping[str, str] = {}


Finding = str | Unknown


class Gate(msgspec.Struct, frozen=True):
    """name: as in spec.health; judge: what it finds, with the gate as it was specified (threshold None: its own default);

    for_s: how long a breach has to last where the specification does not say. probes: whether it needs /readyz asked;
    versions: whether it needs the API server's version; quotas: whether it needs those of the machine provider; questions: what
    it needs asked outside of the cluster, each interval_s by default; baseline: whether the first answers are kept to compare
    with; paced: whether it judges only once in an interval, because judging takes time.
    """

    name: str
    judge: Callable[[Evidence, GateSpec], Finding]
    for_s: float
    probes: bool = False
    versions: bool = False
    quotas: bool = False
    questions: Callable[[GateSpec], tuple[Question, ...]] | None = None
    interval_s: float = 15.0
    baseline: bool = False
    paced: bool = False


def latest(evidence: Evidence, index: int = 0) -> Answer | Unknown:
    """The last answer to a question of the gate, or why there is none to rely on."""
    answers = evidence.answers[index] if index < len(evidence.answers) else ()
    if not answers:
        return Unknown("no answer yet", yet=True)
    last = answers[-1]
    return Unknown(last.error) if last.error else last
