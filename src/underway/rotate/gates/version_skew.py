"""version-skew: what the rotation brings goes with the API server, and no node changes its minor version in place.

threshold is not used. A kubelet that was upgraded under its pods, without a drain, is a mismatch that only replacing the node
cures; it is named, and nothing new is begun beside it. Source of the rules: `policy.skew`.
"""

from underway.policy.skew import kubelet_skew, upgraded_in_place
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Finding, Gate, Unknown


def judge(evidence: Evidence, _asked: GateSpec) -> Finding:
    """The first kubelet that does not fit."""
    if not evidence.server:
        return Unknown("the API server has not told its version", yet=True)
    for node in evidence.snapshot.nodes.values():
        kubelet = node.status.node_info.kubelet_version
        first = evidence.first_seen.get(node.metadata.uid, kubelet)
        try:
            skew = kubelet_skew(kubelet, evidence.server) if kubelet else ""
            if not skew and first and kubelet and upgraded_in_place(first, kubelet):
                skew = f"it was upgraded in place from {first} to {kubelet}: a minor upgrade needs a new node"
        except ValueError as error:
            return Unknown(f"node {node.name}: {error}")
        if skew:
            return f"node {node.name}: {skew}"
    return ""


GATE = Gate("version-skew", judge, for_s=0, versions=True)
