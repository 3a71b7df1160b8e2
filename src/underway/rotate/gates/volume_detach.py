"""volume-detach: no volume stays attached to a machine that is gone.

threshold: how many such attachments are put up with (default 0). The attach-detach controller forces a detach after six
minutes (kube-controller-manager, maxWaitForUnmountDuration); until then the pods that wait for the volume stand still.
"""

from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Gate


def judge(evidence: Evidence, asked: GateSpec) -> str:
    """The attachments whose node is not there any more, beyond the threshold."""
    snapshot = evidence.snapshot
    left = sorted(
        (attachment.metadata.name, node)
        for node, attachments in snapshot.attachments.items()
        if node not in snapshot.nodes
        for attachment in attachments
    )
    if len(left) <= (asked.threshold or 0):
        return ""
    name, node = left[0]
    more = f", and {len(left) - 1} more" if len(left) > 1 else ""
    return f"VolumeAttachment {name} still names node {node}, which is gone{more}"


GATE = Gate("volume-detach", judge, for_s=60)
