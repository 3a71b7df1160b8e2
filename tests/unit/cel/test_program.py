"""A program from outside: what it returns, how errors look, what bounds it."""

from typing import Any

import pytest

from underway.cel import DYN, Environment, Outcome, Problem, Program, compile_expression
from underway.cel.estimate import estimate
from underway.cel.ranges import UNBOUNDED, Range
from underway.cel.types import BOOL, INT
from underway.cel.values import Duration, Option, Timestamp, Uint, type_name

ANY = Environment({"self": DYN, "n": INT})


def compiled(text: str, environment: Environment = ANY) -> Program:
    program = compile_expression(text, environment)
    assert isinstance(program, Program), str(program)
    return program


def refused(text: str, environment: Environment = ANY) -> str:
    problem = compile_expression(text, environment)
    assert isinstance(problem, Problem)
    return str(problem)


def test_plain_data_is_evaluated_where_it_lies() -> None:
    outcome = compiled("self.replicas <= self.max").evaluate({"self": {"replicas": 3, "max": 5}})
    assert outcome == Outcome(value=True, error=None, cost=5)


def test_a_program_knows_its_type_and_the_variables_it_reads() -> None:
    program = compiled("self.all(x, x > n)")
    assert program.type == BOOL
    assert program.reads == {"self", "n"}
    assert compiled("n + 1").type == INT


def test_a_variable_that_was_not_given_is_named() -> None:
    assert compiled("n > 1").evaluate({}).error == "no such attribute(s): n"


def test_an_error_is_a_value() -> None:
    assert compiled("self.a.b == 1").evaluate({"self": {"a": {}}}) == Outcome(None, "no such key: b", 2)


def test_a_bad_expression_shows_its_line_and_a_caret() -> None:
    assert refused("true &&\n  foo.bar > 1").splitlines() == [
        "ERROR: <input>:2:3: undeclared reference to 'foo' (in container '')",
        " |   foo.bar > 1",
        " | ..^",
    ]


def test_a_caret_stands_below_wide_characters_too() -> None:
    assert refused("'ä' + 1 == ''").splitlines()[2] == " | .\uff0e..^"


def test_several_errors_come_in_the_order_of_the_text() -> None:
    lines = [line for line in refused("foo + bar == baz").splitlines() if line.startswith("ERROR")]
    assert [line.split("'")[1] for line in lines] == ["foo", "bar", "baz"]


def test_an_expression_of_too_many_characters_is_refused() -> None:
    assert refused("1" * 100_001) == "ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000"


@pytest.mark.parametrize(
    "text", ["(" * 300 + "1" + ")" * 300, "1" + " + 1" * 300, "self" + ".a" * 300, "!(" * 300 + "true" + ")" * 300]
)
def test_an_expression_nested_too_deep_is_refused(text: str) -> None:
    assert "expression recursion limit exceeded: 250" in refused(text)


def test_an_expression_that_goes_on_too_long_is_stopped() -> None:
    outcome = compiled("self.all(x, self.all(y, self.all(z, x + y + z >= 0)))").evaluate({"self": list(range(1000))})
    assert outcome.error == "operation cancelled: actual cost limit exceeded"
    assert 1_000_000 < outcome.cost < 1_001_000
    assert compiled("self.all(x, x > 0)").evaluate({"self": [1, 2, 3]}, cost_limit=5).error == outcome.error


def test_a_list_that_would_not_fit_in_memory_is_never_made() -> None:
    assert (
        compiled("lists.range(n).size() > 1").evaluate({"n": 10**15}).error == "operation cancelled: actual cost limit exceeded"
    )


def test_a_recursion_of_data_does_not_end_the_program() -> None:
    deep: dict[str, Any] = {}
    at = deep
    for _ in range(2000):
        at["a"] = {}
        at = at["a"]
    assert compiled("self == self").evaluate({"self": deep}).error == "expression recursion limit exceeded: 250"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null_type"),
        (True, "bool"),
        (1, "int"),
        (Uint(1), "uint"),
        (1.0, "double"),
        ("", "string"),
        (b"", "bytes"),
        ([], "list"),
        ({}, "map"),
        (Duration(1), "google.protobuf.Duration"),
        (Timestamp(1), "google.protobuf.Timestamp"),
        (Option(1), "optional_type"),
    ],
)
def test_values_have_the_names_of_their_types(value: object, name: str) -> None:
    assert type_name(value) == name


def test_variables_of_a_loop_hide_those_outside_and_only_within() -> None:
    assert compiled("[1].all(n, n == 1) && n == 7").evaluate({"n": 7}).value is True


def test_the_cost_is_bounded_by_literals_and_unbounded_without_a_schema() -> None:
    assert estimate(compiled("n + 1 == 2").node, ANY) == Range(3, 3)
    assert estimate(compiled("self.all(x, x > n)").node, ANY).high == UNBOUNDED
    assert estimate(compiled("[1, 2, 3].all(x, x > n)").node, ANY).high < 40
