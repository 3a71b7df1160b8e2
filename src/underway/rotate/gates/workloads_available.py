"""workloads-available: no Deployment, StatefulSet or DaemonSet is short of pods for long.

An eviction makes a workload short for as long as its replacement needs to start; a breach is a shortage that outlasts
that. Workloads that were short before we came do not count: their trouble is not ours, and may be what the rotation cures.
threshold: how many such workloads are put up with (default 0).
"""

from underway.policy.readiness import workload_unavailable
from underway.rotate.gates.judgement import Evidence, Gate


def judge(evidence: Evidence, threshold: float | None) -> str:
    """The workloads that are short, beyond the threshold."""
    short = [
        reason
        for key, workload in evidence.snapshot.workloads.items()
        if key not in evidence.already_short and (reason := workload_unavailable(workload))
    ]
    if len(short) <= (threshold or 0):
        return ""
    return min(short) if len(short) == 1 else f"{len(short)} workloads are short of pods, first: {min(short)}"


# Longer than one eviction's shortage with a slow start; progressDeadlineSeconds (600) would be too late for a pager.
GATE = Gate("workloads-available", judge, for_s=180)
