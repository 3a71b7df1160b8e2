"""'%s is %d'.format([...]). Source: cel-go ext/formatting.go (before version 4 of the extension, with the locale en_US)."""

import re
from typing import Any

from underway.cel.go_text import format_general, format_time, quote
from underway.cel.library.conversions import to_string
from underway.cel.relation import is_map
from underway.cel.values import Duration, EvalError, Timestamp, TypeValue, Uint, type_name

_CLAUSE = re.compile(r"(?:\.([0-9]*))?(.)", re.DOTALL)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_STRING_KINDS = "strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
_SPECIAL = {"NaN": "NaN", "Infinity": "∞", "-Infinity": "-∞"}
_REFUSALS = {
    "s": f"string clause can only be used on {_STRING_KINDS}, was given",
    "d": "decimal clause can only be used on integers, was given",
    "f": "fixed-point clause can only be used on doubles, was given",
    "e": "scientific clause can only be used on doubles, was given",
    "b": "only integers and bools can be formatted as binary, was given",
    "x": "only integers, byte buffers, and strings can be formatted as hex, was given",
    "o": "octal clause can only be used on integers, was given",
}


def refusal(clause: str, kind: str) -> str:
    """Why a value of that kind cannot stand for a clause ("d")."""
    return f"error during formatting: {_REFUSALS[clause.lower()]} {kind}"


def clauses(text: str) -> list[tuple[str, str, int | None]]:
    """The parts of a format string: ("", text, None) or (clause letter, "", precision). Raises EvalError."""
    parts: list[tuple[str, str, int | None]] = []
    at = 0
    while at < len(text):
        mark = text.find("%", at)
        if mark < 0:
            parts.append(("", text[at:], None))
            break
        if mark > at:
            parts.append(("", text[at:mark], None))
        if text[mark + 1 : mark + 2] == "%":
            parts.append(("", "%", None))
            at = mark + 2
            continue
        match = _CLAUSE.match(text, mark + 1)
        if match is None:
            raise EvalError("unexpected end of string")
        precision, letter = match.groups()
        if precision == "":
            raise EvalError(
                "could not parse formatting clause: error while parsing precision: "
                'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax'
            )
        if letter not in "sdfebxXo":
            raise EvalError(f'could not parse formatting clause: unrecognized formatting clause "{letter}"')
        parts.append((letter, "", None if precision is None else int(precision)))
        at = match.end()
    return parts


def formatted(text: str, args: list[Any]) -> str:
    """The text with each clause replaced by its argument."""
    done: list[str] = []
    index = 0
    for letter, literal, precision in clauses(text):
        if not letter:
            done.append(literal)
            continue
        if index >= len(args):
            raise EvalError(f"index {index} out of range")
        done.append(_one(letter, args[index], 6 if precision is None else min(precision, 100)))
        index += 1
    return "".join(done)


def _one(letter: str, value: Any, precision: int) -> str:
    kind = type(value)
    if letter == "s" and (kind in _PLAIN or value is None or isinstance(value, list) or is_map(value)):
        return _written(value)
    if letter in "dobxX" and kind in (int, Uint):
        return f"{int(value):{letter}}"
    if letter == "b" and kind is bool:
        return "1" if value else "0"
    if letter in "xX" and kind in (str, bytes):
        text: str = (value.encode() if kind is str else value).hex()
        return text.upper() if letter == "X" else text
    if letter in "fe" and kind is str and value in _SPECIAL:
        return _SPECIAL[value]
    if letter in "fe" and kind is float:
        return _real(letter, value, precision)
    raise EvalError(refusal(letter, type_name(value)))


_PLAIN = frozenset((str, bool, int, Uint, float, bytes, Duration, Timestamp, TypeValue))


def _real(letter: str, value: float, precision: int) -> str:
    """%f and %e as the locale en_US has them: thousands are grouped, and an exponent is a power of ten."""
    if value - value != 0:
        return "NaN" if value != value else ("∞" if value > 0 else "-∞")
    if letter == "f":
        return f"{value or 0.0:,.{precision}f}"
    # What is written as the precision of %e is taken for its width.
    mantissa, exponent = f"{value or 0.0:.6e}".split("e")
    return f"{mantissa}×10{exponent.removeprefix('+').translate(_SUPERSCRIPT)}".rjust(precision)


def _written(value: Any) -> str:
    """%s of any value."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(_element(each) for each in value)}]"
    if is_map(value):
        pairs = sorted((_key(key), _element(each)) for key, each in value.items())
        return f"{{{', '.join(f'{key}:{each}' for key, each in pairs)}}}"
    return to_string(value)


def _key(key: Any) -> str:
    if type(key) in (str, bool, int, Uint):
        return quote(key) if type(key) is str else to_string(key)
    raise EvalError(f"error during formatting: no formatting function for map key of type {type_name(key)}")


def _element(value: Any) -> str:
    """A value within a list or a map: as an expression would write it."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is bytes:
        return f"b{quote(to_string(value))}"
    if kind is float:
        return quote(format_general(value)) if value - value != 0 else f"{value:.6f}"
    if kind is Duration:
        return f'duration("{to_string(value)}")'
    if kind is Timestamp:
        return f'timestamp("{format_time(value.ns, value.offset_s)}")'
    if kind in _PLAIN or value is None or isinstance(value, list) or is_map(value):
        return _written(value)
    raise EvalError(f"error during formatting: no formatting function for {type_name(value)}")
