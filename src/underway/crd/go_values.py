"""JSON values as Go holds and writes them: numbers are int64 or float64, keys are in order.

Sources: apimachinery pkg/util/json (numbers), Go encoding/json encode.go and fmt format.go (texts).
"""

import json
from decimal import Decimal
from typing import Any

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
# From which size on, and below which, Go writes an exponent. encoding/json floatEncoder; strconv ftoa.go, %g.
JSON_EXPONENTS, PRINTED_EXPONENTS = (-6, 21), (-4, 6)
_NAMED = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", "\\": r"\\", '"': r"\""}
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def held(value: Any) -> Any:
    """A value read from JSON or YAML as the server holds it: whole numbers beyond int64 become float64."""
    if type(value) is int and not INT64_MIN <= value <= INT64_MAX:
        return float(value)
    if type(value) is dict:
        return {key: held(child) for key, child in value.items()}
    return [held(child) for child in value] if type(value) is list else value


def written(value: Any) -> Any:
    """A value that the server has held, after it has written and read it again: whole floats have become integers."""
    if type(value) is float:
        return held(json.loads(compact(value)))
    if type(value) is dict:
        return {key: written(child) for key, child in value.items()}
    return [written(child) for child in value] if type(value) is list else value


def quoted(text: str) -> str:
    """A text as %q writes it."""
    return '"' + "".join(one if one.isprintable() and one not in _NAMED else _escaped(one) for one in text) + '"'


def _escaped(one: str) -> str:
    code = ord(one)
    return _NAMED.get(one) or (f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def printed(value: float) -> str:
    """A float64 as %v writes it."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
    mantissa, exponent = _digits(value, PRINTED_EXPONENTS)
    return mantissa if exponent is None else f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def compact(value: Any) -> str:
    """JSON as Go's encoder writes it: keys in order, no spaces, <, > and & escaped."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{compact(key)}:{compact(value[key])}" for key in sorted(value, key=str.encode)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    if isinstance(value, float):
        mantissa, exponent = _digits(value, JSON_EXPONENTS)
        return mantissa if exponent is None else f"{mantissa}e{exponent:+d}"
    text = json.dumps(value, ensure_ascii=False)
    return "".join(_ESCAPES.get(character, character) for character in text) if isinstance(value, str) else text


def _digits(value: float, exponents: tuple[int, int]) -> tuple[str, int | None]:
    """The shortest digits that are this float, and the exponent to write behind them, if any."""
    shortest = Decimal(repr(value))
    power = shortest.adjusted()
    if not value or exponents[0] <= power < exponents[1]:
        return f"{shortest:f}".removesuffix(".0"), None
    sign, digits, _ = shortest.normalize().as_tuple()
    first, *rest = map(str, digits)
    return f"{'-' if sign else ''}{first}{'.' if rest else ''}{''.join(rest)}", power
