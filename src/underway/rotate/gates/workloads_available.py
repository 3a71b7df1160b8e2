"""workloads-available: no Deployment, StatefulSet or DaemonSet lacks more pods than evictions may have taken.

A drain makes a workload short of what its PodDisruptionBudgets allow; a breach is a shortage beyond that, or of a
DaemonSet beyond the nodes that come and go. Workloads that were short before we came do not count: their trouble is not
ours, and may be what the rotation cures. threshold: how many such workloads are put up with (default 0).
"""

from math import ceil

from underway.model.selector import matches
from underway.model.workload import Workload
from underway.policy.budget import capacity
from underway.policy.readiness import workload_unavailable
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Gate


def judge(evidence: Evidence, asked: GateSpec) -> str:
    """The workloads that are short, beyond the threshold."""
    short = [
        reason
        for key, workload in evidence.snapshot.workloads.items()
        if key not in evidence.already_short
        and (reason := workload_unavailable(workload))
        and workload.wanted - workload.available > _allowance(workload, evidence)
    ]
    if len(short) <= (asked.threshold or 0):
        return ""
    return min(short) if len(short) == 1 else f"{len(short)} workloads are short of pods: {'; '.join(sorted(short)[:3])}"


def _allowance(workload: Workload, evidence: Evidence) -> int:
    """How many pods a drain may have taken: what the budgets allow at once; without one, a quarter.

    A quarter is what a Deployment itself puts up with in a rollout (apps/v1 defaults, maxUnavailable 25 %).
    """
    if workload.kind == "DaemonSet":
        return len(evidence.arriving) + len(evidence.leaving)
    selector = workload.spec.selector
    budgets = evidence.snapshot.budgets.get(workload.metadata.namespace, ()) if selector else ()
    allowed = [
        capacity(budget)
        for budget in budgets
        if budget.spec.selector is not None and selector is not None and matches(budget.spec.selector, selector.match_labels)
    ]
    return max(1, min(allowed)) if allowed else max(1, ceil(workload.wanted / 4))


GATE = Gate("workloads-available", judge, for_s=30)
