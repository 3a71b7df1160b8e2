"""find and findAll. Source: apiserver pkg/cel/library/regex.go."""

from typing import Any

from underway.cel.library.patterns import pattern, regex_cost
from underway.cel.overload import Function, function, member
from underway.cel.types import INT, STRING, list_of
from underway.cel.values import EvalError


def _legal(expression: str) -> Any:
    try:
        return pattern(expression)
    except EvalError as refused:
        raise EvalError(f"Illegal regex: {refused}") from None


def _find(text: str, expression: str) -> str:
    match = _legal(expression).search(text)
    return "" if match is None else match.group()


def _find_all(text: str, expression: str, count: int = -1) -> list[str]:
    found: list[str] = []
    previous_end = -1
    for match in _legal(expression).finditer(text):
        if 0 <= count <= len(found):
            break
        # Go takes no empty match that touches the one before it.
        if match.start() == match.end() == previous_end:
            continue
        previous_end = match.end()
        found.append(match.group())
    return found


FUNCTIONS: tuple[Function, ...] = (
    function("find", member("string_find_string", (STRING, STRING), STRING, _find, regex_cost)),
    function(
        "findAll",
        member("string_find_all_string", (STRING, STRING), list_of(STRING), _find_all, regex_cost),
        member("string_find_all_string_int", (STRING, STRING, INT), list_of(STRING), _find_all, regex_cost),
    ),
)
