"""pending-pods: no pod waits for a node that nobody has room for, save those that waited before we came.

threshold: how many such pods are put up with (default 0). A rotation that takes capacity away while pods find no room makes
it worse; with surge the room comes back by itself, so a breach has to last.
"""

from underway.model.pod import Pod
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Gate


def unschedulable(pod: Pod) -> bool:
    """Whether the scheduler has found no node for it. Source: core/v1 PodScheduled, reason Unschedulable."""
    scheduled = next((found for found in pod.status.conditions if found.type == "PodScheduled"), None)
    return scheduled is not None and scheduled.status == "False" and scheduled.reason == "Unschedulable" and not pod.terminating


def judge(evidence: Evidence, asked: GateSpec) -> str:
    """The pods without room beyond the threshold."""
    waiting = [pod for pod in evidence.snapshot.pods_on("") if unschedulable(pod)]
    ours = [pod.key for pod in waiting if pod.metadata.uid not in evidence.already_pending]
    if len(ours) <= (asked.threshold or 0):
        return ""
    return f"pod {ours[0]} finds no node" if len(ours) == 1 else f"{len(ours)} pods find no node, first: {ours[0]}"


# A machine of the surge takes about as long to boot: what is still pending after that will not pass by itself.
GATE = Gate("pending-pods", judge, for_s=120)
