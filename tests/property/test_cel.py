"""Random well-typed expressions of base CEL: the same value, or a failure, as the package common-expression-language.

Not generated, since the other differs from cel-go there: text outside of ASCII (it counts bytes), string(bool), the least int (it
negates it), `in []` (false without a look at the left); and int() of a constant, which cel-go folds when it compiles.
"""

from typing import Any

import cel as other
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underway.cel import BOOL, INT, STRING, Environment, Problem, compile_expression, list_of, map_of

VARIABLES = {"i": INT, "b": BOOL, "s": STRING, "l": list_of(INT), "m": map_of(STRING, INT)}
ENVIRONMENT = Environment(VARIABLES)
TEXTS = st.text("ab17 _-.", max_size=4)
INTS = st.one_of(st.integers(-5, 5), st.sampled_from([2**63 - 1, 1 - 2**63, 2**62]))


def quoted(text: str) -> str:
    return f"'{text}'"


def written(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"


def grown(leaves: dict[str, st.SearchStrategy[str]], depth: int) -> dict[str, st.SearchStrategy[str]]:
    """The expressions of each type, one level above these."""
    ints, bools, texts, lists = (leaves[kind] for kind in ("int", "bool", "text", "list"))

    def form(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(*parts).map(lambda made: template.format(*made))

    def of(kind: st.SearchStrategy[str]) -> list[st.SearchStrategy[str]]:
        return [kind, form("({} ? {} : {})", bools, kind, kind)]

    def compared(kind: st.SearchStrategy[str], *signs: str) -> st.SearchStrategy[str]:
        return st.tuples(kind, st.sampled_from(signs), kind).map(lambda made: "({} {} {})".format(*made))

    x, acc = f"x{depth}", f"y{depth}"
    return {
        "int": st.one_of(
            *of(ints),
            compared(ints, "+", "-", "*", "/", "%"),
            form("(-{})", ints),
            form("size({})", texts),
            form("{}.size()", lists),
            form("{}[{}]", lists, ints),
            st.just("int(s)"),
            form("m[{}]", texts),
        ),
        "bool": st.one_of(
            *of(bools),
            compared(bools, "&&", "||", "==", "!="),
            compared(ints, "<", "<=", ">", ">=", "==", "!="),
            compared(texts, "<", "<=", ">", ">=", "==", "!="),
            compared(lists, "==", "!="),
            form("(!{})", bools),
            form("({} in {})", ints, st.sampled_from(["l", "[1, 2]"])),
            form("({} in m)", texts),
            form("{}.startsWith({})", texts, texts),
            form("{}.endsWith({})", texts, texts),
            form("{}.contains({})", texts, texts),
            form(f"{{}}.all({x}, {x} > {{}})", lists, ints),
            form(f"{{}}.exists({x}, {x} == {{}} || {{}})", lists, ints, bools),
            form(f"{{}}.exists_one({x}, {x} < {{}})", lists, ints),
            st.just("has(m.a)"),
        ),
        "text": st.one_of(*of(texts), compared(texts, "+"), form("string({})", ints)),
        "list": st.one_of(
            *of(lists),
            compared(lists, "+"),
            form("[{}, {}]", ints, ints),
            form(f"{{}}.map({x}, {x} + {{}})", lists, ints),
            form(f"{{}}.map({acc}, {acc} > {{}}, {acc})", lists, ints),
            form(f"{{}}.filter({x}, {x} != {{}} && {{}})", lists, ints, bools),
        ),
    }


LEAVES = {
    "int": st.one_of(INTS.map(written), st.just("i")),
    "bool": st.sampled_from(["true", "false", "b"]),
    "text": st.one_of(TEXTS.map(quoted), st.just("s")),
    "list": st.sampled_from(["l", "[]", "[1, 2, 3]"]),
}
LEVELS = grown(grown(LEAVES, 1), 2)
VALUES = st.fixed_dictionaries(
    {
        "i": INTS,
        "b": st.booleans(),
        "s": TEXTS,
        "l": st.lists(INTS, max_size=4),
        "m": st.dictionaries(st.sampled_from("ab"), INTS),
    }
)


def ours(text: str, values: dict[str, Any]) -> Any:
    """The value, or None for a failure."""
    program = compile_expression(text, ENVIRONMENT)
    assert not isinstance(program, Problem), f"{text}\n{program}"
    outcome = program.evaluate(values)
    return None if outcome.error is not None else outcome.value


def theirs(text: str, values: dict[str, Any]) -> Any:
    try:
        return other.compile(text).execute(values)
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError):
        return None


@pytest.mark.parametrize("kind", sorted(LEVELS))
def test_two_evaluators_agree(kind: str) -> None:
    @given(LEVELS[kind], VALUES)
    def agree(text: str, values: dict[str, Any]) -> None:
        assert ours(text, values) == theirs(text, values)

    agree()
