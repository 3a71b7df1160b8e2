"""quantity('1.5Gi') and its arithmetic. Sources: apiserver pkg/cel/library/quantity.go, apimachinery pkg/api/resource.

A quantity remembers how it is held, because asInteger and isInteger look at that: a 64-bit integer with a decimal scale,
or (`big`) a decimal of any length, which never counts as an integer.
"""

import re
from fractions import Fraction
from typing import ClassVar

from underway.cel.library.strings import traversal
from underway.cel.overload import Function, free, function, member
from underway.cel.types import BOOL, DOUBLE, INT, QUANTITY, STRING
from underway.cel.values import EvalError

_NUMBER = re.compile(r"([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)", re.ASCII)
_DECIMAL = {"": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_DIGITS_MAX = 18  # maxInt64Factors
_NANO = -9
_INT_MAX = 2**63 - 1
# An exponent is 32 bits wide in Go; beyond some thousand digits nothing sensible is meant, and memory has an end.
_EXPONENT_MAX = 5000


class Quantity:
    """value * 10^scale, or a big decimal."""

    __slots__ = ("amount", "big", "scale", "value")
    cel_name: ClassVar[str] = "kubernetes.Quantity"

    def __init__(self, value: int, scale: int, *, big: bool = False) -> None:
        self.value = value
        self.scale = scale
        self.big = big
        self.amount = Fraction(value) * (Fraction(10) ** scale)

    def equals(self, other: object) -> bool:
        """Whether the other is the same amount. Raises EvalError for what is no quantity."""
        if type(other) is not Quantity:
            raise EvalError("no such overload")
        return self.amount == other.amount

    def integer(self) -> int | None:
        """AsInt64: None unless it is held as an integer that 64 bits hold."""
        if self.big or self.scale < 0:
            return None
        whole = int(self.value * 10**self.scale)
        return whole if abs(whole) <= _INT_MAX else None

    def __add__(self, other: "Quantity") -> "Quantity":
        if not self.big and not other.big:
            if other.value == 0:
                return self
            if self.value == 0:
                return other
            scale = min(self.scale, other.scale)
            total = self.value * 10 ** (self.scale - scale) + other.value * 10 ** (other.scale - scale)
            if abs(total) <= _INT_MAX:
                return Quantity(total, scale)
        scale = min(self.scale, other.scale)
        return Quantity(self.value * 10 ** (self.scale - scale) + other.value * 10 ** (other.scale - scale), scale, big=True)

    def __neg__(self) -> "Quantity":
        return Quantity(-self.value, self.scale, big=self.big)


def parse(text: str) -> Quantity | str:
    """The quantity, or why it is none in apimachinery's words."""
    match = _NUMBER.fullmatch(text)
    if not text or match is None:
        return _WRONG
    sign, whole, fraction, suffix = match.group(1), match.group(2) or "0", match.group(3) or "", match.group(4)
    negative = sign == "-"
    if suffix in _BINARY:
        return _binary(negative, whole, fraction, _BINARY[suffix])
    exponent = _DECIMAL.get(suffix)
    if exponent is None:
        written = _EXPONENT.fullmatch(suffix)
        if written is None:
            return "unable to parse quantity's suffix"
        exponent = int(written.group(1))
        if abs(exponent) > _EXPONENT_MAX:
            return "unable to parse quantity's suffix"
    scale = exponent - len(fraction)
    value = int(whole + fraction)
    value = -value if negative else value
    if len(whole) + len(fraction) <= _DIGITS_MAX and scale >= _NANO:
        return Quantity(value, scale)
    return _big(Fraction(value) * Fraction(10) ** scale)


def _binary(negative: bool, whole: str, fraction: str, exponent: int) -> Quantity:
    if not fraction and 15 - len(whole) - int(exponent * 3 / 10) - 1 >= 0:
        value = int(whole) << exponent
        return Quantity(-value if negative else value, 0)
    amount = min(Fraction(int(whole + fraction), 10 ** len(fraction)) * 2**exponent, Fraction(_INT_MAX))
    return _big(-amount if negative else amount)


def _big(amount: Fraction) -> Quantity:
    """A big decimal, rounded away from zero to a billionth."""
    scaled = abs(amount) * 10**9
    value = -(-scaled.numerator // scaled.denominator)
    return Quantity(-value if amount < 0 else value, _NANO, big=True)


def _quantity(text: str) -> Quantity:
    found = parse(text)
    if isinstance(found, str):
        raise EvalError(found)
    return found


def _as_integer(value: Quantity) -> int:
    whole = value.integer()
    if whole is None:
        raise EvalError("cannot convert value to integer")
    return whole


def _compare(one: Quantity, other: Quantity) -> int:
    return (one.amount > other.amount) - (one.amount < other.amount)


FUNCTIONS: tuple[Function, ...] = (
    function("quantity", free("string_to_quantity", (STRING,), QUANTITY, _quantity, traversal)),
    function(
        "isQuantity", free("is_quantity_string", (STRING,), BOOL, lambda text: isinstance(parse(text), Quantity), traversal)
    ),
    function("sign", free("quantity_sign", (QUANTITY,), INT, lambda value: (value.value > 0) - (value.value < 0))),
    function(
        "isGreaterThan",
        member("quantity_is_greater_than", (QUANTITY, QUANTITY), BOOL, lambda one, other: _compare(one, other) == 1),
    ),
    function(
        "isLessThan", member("quantity_is_less_than", (QUANTITY, QUANTITY), BOOL, lambda one, other: _compare(one, other) == -1)
    ),
    function("compareTo", member("quantity_compare_to", (QUANTITY, QUANTITY), INT, _compare)),
    function(
        "asApproximateFloat",
        member("quantity_get_float", (QUANTITY,), DOUBLE, lambda value: float(value.value) * 10.0**value.scale),
    ),
    function("asInteger", member("quantity_get_int", (QUANTITY,), INT, _as_integer)),
    function("isInteger", member("quantity_is_integer", (QUANTITY,), BOOL, lambda value: value.integer() is not None)),
    function(
        "add",
        member("quantity_add", (QUANTITY, QUANTITY), QUANTITY, lambda one, other: one + other),
        member("quantity_add_int", (QUANTITY, INT), QUANTITY, lambda one, other: one + Quantity(other, 0)),
    ),
    function(
        "sub",
        member("quantity_sub", (QUANTITY, QUANTITY), QUANTITY, lambda one, other: one + -other),
        member("quantity_sub_int", (QUANTITY, INT), QUANTITY, lambda one, other: one + Quantity(-other, 0)),
    ),
)
