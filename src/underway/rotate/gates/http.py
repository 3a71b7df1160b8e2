"""http: a URL answers as expected.

expect: the status that is well (default 200). threshold: milliseconds that an answer may take (default: only its timeout). No
answer at all is unknown.
"""

from underway.rotate.effects import Question
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Finding, Gate, Unknown, latest


def questions(asked: GateSpec) -> tuple[Question, ...]:
    """The URL."""
    return (Question("http", url=asked.url),)


def judge(evidence: Evidence, asked: GateSpec) -> Finding:
    """Whether status and time are as they should be."""
    answer = latest(evidence)
    if isinstance(answer, Unknown):
        return answer
    if answer.code != asked.expect:
        return f"{asked.url} answers HTTP {answer.code}, expected {asked.expect}"
    if asked.threshold is not None and answer.elapsed_ms > asked.threshold:
        return f"{asked.url} answers in {answer.elapsed_ms} ms, limit {asked.threshold:g} ms"
    return ""


GATE = Gate("http", judge, for_s=30, questions=questions)
