"""etcd-quorum: every member of etcd is there and votes, and etcd itself says that it is ready.

What it learns from: the checks of /readyz whose name begins with etcd, and the members that run as static pods
(`rotate.quorum`). threshold: how many lost members are put up with (default 0). Independent of this gate, a node of the
control plane is never begun while a member is lost.
"""

from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Gate
from underway.rotate.quorum import lost_members


def judge(evidence: Evidence, asked: GateSpec) -> str:
    """The checks that fail, or the members that are lost."""
    text = evidence.probes[-1].text if evidence.probes else ""
    failing = [line.removeprefix("[-]") for line in text.splitlines() if line.startswith("[-]etcd")]
    if failing:
        return f"the API server says: {'; '.join(failing)}"
    lost = lost_members(evidence.snapshot, evidence.leaving | evidence.arriving)
    return "; ".join(lost) if len(lost) > (asked.threshold or 0) else ""


GATE = Gate("etcd-quorum", judge, for_s=5, probes=True)
