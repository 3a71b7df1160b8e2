"""Strings: contains, startsWith, endsWith, matches of the standard library, and cel-go's extension strings, version 2.

Source: cel-go ext/strings.go. Positions count code points. `format` is in `formatting`.
"""

from collections.abc import Callable
from math import ceil
from typing import Any

from underway.cel.library.formatting import formatted
from underway.cel.library.patterns import pattern, regex_cost
from underway.cel.overload import Cost, Function, free, function, member
from underway.cel.types import BOOL, DYN, INT, STRING, list_of
from underway.cel.values import EvalError, size, type_name

_LIST = list_of(STRING)
# unicode.IsSpace; str.strip() would take the separators U+001C to U+001F as well.
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code + 32: code for code in _LOWER}
_QUOTED = str.maketrans(
    {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"'}
)


def traversal(args: tuple[Any, ...], _: Any) -> int:
    """Going through the target once (runtimecost.go: StringTraversalCostFactor)."""
    return ceil(size(args[0]) * 0.1)


def _twice(args: tuple[Any, ...], _: Any) -> int:
    return ceil(size(args[0]) * 0.2)


def _joined(_: tuple[Any, ...], result: Any) -> int:
    return ceil(size(result) * 0.2)


def _contains_cost(args: tuple[Any, ...], _: Any) -> int:
    return ceil(size(args[0]) * 0.1) * ceil(size(args[1]) * 0.1)


def _out_of_range(position: int) -> EvalError:
    return EvalError(f"index out of range: {position}")


def _char_at(text: str, position: int) -> str:
    if not 0 <= position <= len(text):
        raise _out_of_range(position)
    return text[position : position + 1]


def _index_of(text: str, part: str, offset: int = 0) -> int:
    if not part:
        return offset
    if offset < 0:
        raise _out_of_range(offset)
    return text.find(part, offset)


def _last_index_of(text: str, part: str) -> int:
    return len(text) if not part else text.rfind(part)


def _last_index_of_from(text: str, part: str, offset: int) -> int:
    if not part:
        return offset
    if offset < 0:
        raise _out_of_range(offset)
    return -1 if offset >= len(text) else text.rfind(part, 0, offset + len(part))


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    return text.replace(old, new, max(count, -1))


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if separator:
        return text.split(separator, count - 1 if count > 0 else -1)
    if count < 0 or count >= len(text):
        return list(text)
    return [*text[: count - 1], text[count - 1 :]]


def _substring(text: str, start: int) -> str:
    if not 0 <= start <= len(text):
        raise _out_of_range(start)
    return text[start:]


def _substring_to(text: str, start: int, end: int) -> str:
    if start > end:
        raise EvalError(f"invalid substring range. start: {start}, end: {end}")
    for position in (start, end):
        if not 0 <= position <= len(text):
            raise _out_of_range(position)
    return text[start:end]


def _join(parts: list[Any], separator: str = "") -> str:
    for part in parts:
        if type(part) is not str:
            raise EvalError(f"join: invalid input: {type_name(part)}")
    return separator.join(parts)


def _matches(text: str, expression: str) -> bool:
    return pattern(expression).search(text) is not None


def _test(name: str, overload: str, holds: Callable[[str, str], bool], cost: Cost) -> Function:
    """A test of a string by another, which says no more than "no such overload" of what is none."""

    def run(text: Any, part: Any) -> bool:
        if type(text) is str and type(part) is str:
            return holds(text, part)
        raise EvalError("no such overload")

    return Function(name, (member(overload, (STRING, STRING), BOOL, run, cost),), run)


FUNCTIONS: tuple[Function, ...] = (
    _test("contains", "contains_string", lambda text, part: part in text, _contains_cost),
    _test("endsWith", "ends_with_string", str.endswith, traversal),
    _test("startsWith", "starts_with_string", str.startswith, traversal),
    Function(
        "matches",
        (
            free("matches", (STRING, STRING), BOOL, _matches),
            member("matches_string", (STRING, STRING), BOOL, _matches, regex_cost),
        ),
    ),
    function("charAt", member("string_char_at_int", (STRING, INT), STRING, _char_at)),
    function(
        "indexOf",
        member("string_index_of_string", (STRING, STRING), INT, _index_of, lambda args, _: len(args[0].encode()) // 10),
        member("string_index_of_string_int", (STRING, STRING, INT), INT, _index_of, lambda args, _: len(args[0].encode()) // 10),
    ),
    function(
        "lastIndexOf",
        member("string_last_index_of_string", (STRING, STRING), INT, _last_index_of, lambda args, _: len(args[0].encode()) // 10),
        member(
            "string_last_index_of_string_int",
            (STRING, STRING, INT),
            INT,
            _last_index_of_from,
            lambda args, _: len(args[0].encode()) // 10,
        ),
    ),
    function("lowerAscii", member("string_lower_ascii", (STRING,), STRING, lambda text: text.translate(_LOWER), traversal)),
    function("upperAscii", member("string_upper_ascii", (STRING,), STRING, lambda text: text.translate(_UPPER), traversal)),
    function(
        "replace",
        member("string_replace_string_string", (STRING, STRING, STRING), STRING, _replace, _twice),
        member("string_replace_string_string_int", (STRING, STRING, STRING, INT), STRING, _replace, _twice),
    ),
    function(
        "split",
        member("string_split_string", (STRING, STRING), _LIST, _split, _twice),
        member("string_split_string_int", (STRING, STRING, INT), _LIST, _split, _twice),
    ),
    function(
        "substring",
        member("string_substring_int", (STRING, INT), STRING, _substring, traversal),
        member("string_substring_int_int", (STRING, INT, INT), STRING, _substring_to, traversal),
    ),
    function("trim", member("string_trim", (STRING,), STRING, lambda text: text.strip(_SPACE), traversal)),
    function("format", member("string_format", (STRING, list_of(DYN)), STRING, formatted, traversal)),
    function("strings.quote", free("strings_quote", (STRING,), STRING, lambda text: f'"{text.translate(_QUOTED)}"', traversal)),
    function(
        "join",
        member("list_join", (_LIST,), STRING, _join, _joined),
        member("list_join_string", (_LIST, STRING), STRING, _join, _joined),
    ),
)
