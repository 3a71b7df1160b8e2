"""nodes-ready: no node is unready, save those that leave or boot on our behalf, and those that were so before we came:
a dead node may be the very reason for the rotation.

threshold: how many unready nodes are put up with (default 0). Wait rather than act: a rotation on top of a node failure
takes capacity away twice.
"""

from underway.policy.readiness import node_unready
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Gate


def judge(evidence: Evidence, asked: GateSpec) -> str:
    """The unready nodes beyond the threshold."""
    ours = evidence.leaving | evidence.arriving | evidence.already_unready
    unready = [reason for node in evidence.snapshot.nodes.values() if node.name not in ours and (reason := node_unready(node))]
    if len(unready) <= (asked.threshold or 0):
        return ""
    return unready[0] if len(unready) == 1 else f"{len(unready)} nodes are not ready, first: {unready[0]}"


# 40 s is how long the node lifecycle controller itself waits before it calls a silent kubelet Unknown
# (--node-monitor-grace-period was 40 s up to 1.31); a shorter blip is not worth a pause.
GATE = Gate("nodes-ready", judge, for_s=10)
