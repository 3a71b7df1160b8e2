"""expression: CEL over the whole picture; true says that all is well.

It sees `nodes`, `pods`, `budgets`, `workloads`, and the names of the nodes that are `leaving` and `arriving` on our behalf. One
that fails is unknown, never healthy. threshold is not used.
"""

from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Finding, Gate, Unknown


def judge(evidence: Evidence, asked: GateSpec) -> Finding:
    """Whether the expression holds."""
    from underway.rotate.expressions import held  # late: most Rotations have none, and the engine is large

    outcome = held(asked.expression, evidence.snapshot, evidence.leaving, evidence.arriving)
    if outcome.error is not None:
        return Unknown(f"{asked.expression} fails: {outcome.error}")
    return "" if outcome.value is True else f"not {asked.expression}"


# A look over 10,000 pods takes some 70 ms: often enough for a freeze within 5 s, too often for every round.
GATE = Gate("expression", judge, for_s=30, interval_s=1.0, paced=True)
