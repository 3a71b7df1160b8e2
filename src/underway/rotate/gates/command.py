"""command: an executable of yours says that all is well by exit code 0; what it prints first says why not.

threshold is not used. The operator runs only what it was started with (--allow-command). A command that cannot be run, or
does not end in time, is unknown.
"""

from underway.rotate.effects import Question
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Finding, Gate, Unknown, latest

TIMEOUT_S = 30.0


def questions(asked: GateSpec) -> tuple[Question, ...]:
    """The command."""
    return (Question("command", command=asked.command, timeout_s=TIMEOUT_S),)


def judge(evidence: Evidence, asked: GateSpec) -> Finding:
    """The exit code, with the first line of the output."""
    answer = latest(evidence)
    if isinstance(answer, Unknown):
        return answer
    said = f": {answer.text}" if answer.text else ""
    return f"{asked.command[0]} ended with exit code {answer.code}{said}" if answer.code else ""


GATE = Gate("command", judge, for_s=0, questions=questions, interval_s=30.0)
