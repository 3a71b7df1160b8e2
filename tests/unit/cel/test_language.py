"""The dialect by table: what holds, what fails and how, what is refused and why. tests/parity asks a server the same."""

import pytest

from expressions import kubernetes, language, standard
from underway.cel.environment import Environment
from underway.cel.issue import Problem
from underway.cel.program import Outcome, compile_expression
from underway.cel.types import BOOL

AREAS = (language, standard, kubernetes)
NOTHING = Environment({})


def run(text: str) -> Outcome:
    program = compile_expression(text, NOTHING)
    assert not isinstance(program, Problem), str(program)
    return program.evaluate({})


@pytest.mark.parametrize("text", [text for area in AREAS for text in area.TRUE])
def test_it_holds(text: str) -> None:
    outcome = run(text)
    assert (outcome.value, outcome.error) == (True, None)


@pytest.mark.parametrize(("text", "why"), [pair for area in AREAS for pair in area.FAILS.items()])
def test_it_fails_with_a_reason(text: str, why: str) -> None:
    outcome = run(text)
    assert outcome.error is not None
    assert why in outcome.error


@pytest.mark.parametrize(("text", "why"), [pair for area in AREAS for pair in area.REFUSED.items()])
def test_it_is_refused_with_a_reason(text: str, why: str) -> None:
    program = compile_expression(text, NOTHING)
    if isinstance(program, Problem):
        assert why in str(program)
    else:
        assert program.type != BOOL
        assert why == "cel expression must evaluate to a bool"
