"""prometheus: a query that you write, asked at your Prometheus.

With a threshold, a sample above it is a breach and an empty answer is unknown; without one, the query is an alert's own: any
sample that it yields is a breach. A Prometheus that cannot be asked is unknown, never healthy.
"""

from underway.rotate.effects import Question
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Finding, Gate, Unknown, latest


def questions(asked: GateSpec) -> tuple[Question, ...]:
    """The query."""
    return (Question("prometheus", url=asked.prometheus, query=asked.query),)


def judge(evidence: Evidence, asked: GateSpec) -> Finding:
    """Whether the worst sample is too high."""
    answer = latest(evidence)
    if isinstance(answer, Unknown):
        return answer
    if asked.threshold is None:
        return f"{asked.query} yields {answer.values[0]:g}" if answer.values else ""
    if not answer.values:
        return Unknown(f"{asked.query} yields nothing at {asked.prometheus}")
    worst = max(answer.values)
    return f"{asked.query} is {worst:g}, limit {asked.threshold:g}" if worst > asked.threshold else ""


GATE = Gate("prometheus", judge, for_s=60, questions=questions)
