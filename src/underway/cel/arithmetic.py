"""+ - * / % and unary minus, with the limits of 64 bits. Sources: cel-go common/types (Add... of each type, overflow.go)."""

import math
from collections.abc import Callable
from typing import Any

from underway.cel.relation import NO_SUCH_OVERLOAD
from underway.cel.values import Duration, EvalError, Timestamp, Uint

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1
# The years 1 to 9999, in seconds since 1970 (cel-go common/types/timestamp.go: minUnixTime, maxUnixTime).
UNIX_MIN_S, UNIX_MAX_S = -62135596800, 253402300799
SECOND_NS = 10**9


def checked_int(value: int) -> int:
    """The value, if 64 bits hold it."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise EvalError("integer overflow")


def checked_uint(value: int) -> Uint:
    """The value, if it is not negative and 64 bits hold it."""
    if 0 <= value <= UINT_MAX:
        return Uint(value)
    raise EvalError("unsigned integer overflow")


def checked_duration(ns: int) -> Duration:
    """The duration, if 64 bits hold its nanoseconds."""
    if INT_MIN <= ns <= INT_MAX:
        return Duration(ns)
    raise EvalError("duration overflow")


def checked_timestamp(ns: int, offset_s: int = 0) -> Timestamp:
    """The instant, if it lies in the years 1 to 9999."""
    if UNIX_MIN_S <= ns // SECOND_NS <= UNIX_MAX_S:
        return Timestamp(ns, offset_s)
    raise EvalError("timestamp overflow")


def add(one: Any, other: Any) -> Any:
    """one + other."""
    kind, its = type(one), type(other)
    if kind is int and its is int:
        return checked_int(one + other)
    if kind is its and kind in (str, bytes, float):
        return one + other
    if isinstance(one, list) and isinstance(other, list):
        return one + other
    if kind is Uint and its is Uint:
        return checked_uint(int(one) + int(other))
    if kind is Duration and its is Duration:
        return checked_duration(one.ns + other.ns)
    if kind is Duration and its is Timestamp:
        return checked_timestamp(one.ns + other.ns, other.offset_s)
    if kind is Timestamp and its is Duration:
        return checked_timestamp(one.ns + other.ns, one.offset_s)
    raise EvalError(NO_SUCH_OVERLOAD)


def subtract(one: Any, other: Any) -> Any:
    """one - other."""
    kind, its = type(one), type(other)
    if kind is int and its is int:
        return checked_int(one - other)
    if kind is float and its is float:
        return one - other
    if kind is Uint and its is Uint:
        return checked_uint(int(one) - int(other))
    if kind is Duration and its is Duration:
        return checked_duration(one.ns - other.ns)
    if kind is Timestamp and its is Timestamp:
        return Duration(checked_int(one.ns - other.ns))
    if kind is Timestamp and its is Duration:
        return checked_timestamp(one.ns - other.ns, one.offset_s)
    raise EvalError(NO_SUCH_OVERLOAD)


def multiply(one: Any, other: Any) -> Any:
    """one * other."""
    kind = type(one)
    if kind is type(other):
        if kind is int:
            return checked_int(one * other)
        if kind is float:
            return one * other
        if kind is Uint:
            return checked_uint(int(one) * int(other))
    raise EvalError(NO_SUCH_OVERLOAD)


def divide(one: Any, other: Any) -> Any:
    """one / other; integers are cut towards zero."""
    kind = type(one)
    if kind is not type(other) or kind not in (int, Uint, float):
        raise EvalError(NO_SUCH_OVERLOAD)
    if kind is float:
        if other:
            return one / other
        sign = math.copysign(1.0, one) * math.copysign(1.0, other)
        return math.nan if one == 0 or one != one else sign * math.inf
    if other == 0:
        raise EvalError("division by zero")
    cut = abs(int(one)) // abs(int(other))
    return checked_int(cut if (one < 0) is (other < 0) else -cut) if kind is int else Uint(cut)


def remainder(one: Any, other: Any) -> Any:
    """one % other, with the sign of `one`."""
    kind = type(one)
    if kind is not type(other) or kind not in (int, Uint):
        raise EvalError(NO_SUCH_OVERLOAD)
    if other == 0:
        raise EvalError("modulus by zero")
    if kind is Uint:
        return Uint(int(one) % int(other))
    if one == INT_MIN and other == -1:
        raise EvalError("integer overflow")
    rest: int = abs(one) % abs(other)
    return -rest if one < 0 else rest


def negate(one: Any) -> Any:
    """-one."""
    kind = type(one)
    if kind is int:
        return checked_int(-one)
    if kind is float:
        return -one
    if kind is Duration:
        return checked_duration(-one.ns)
    raise EvalError(NO_SUCH_OVERLOAD)


OPERATORS: dict[str, Callable[..., Any]] = {
    "_+_": add,
    "_-_": subtract,
    "_*_": multiply,
    "_/_": divide,
    "_%_": remainder,
    "-_": negate,
}
