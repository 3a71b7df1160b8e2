"""Equality and order of values. Numbers of different kinds compare by their value; what is of different kinds is never equal.

Sources: cel-go common/types (Equal and Compare of each type, compare.go).
"""

from collections.abc import Callable
from typing import Any

from underway.cel.values import NONE, Duration, EvalError, Option, Timestamp, TypeValue, Uint, View, type_name

_NUMBERS = frozenset((int, Uint, float))
_PLAIN = frozenset((str, int, bytes, bool, float, Uint))
NO_SUCH_OVERLOAD = "no such overload"


def equal(one: Any, other: Any) -> bool:
    """one == other. Raises EvalError where the comparison itself has no value."""
    kind, its = type(one), type(other)
    if kind is its and kind in _PLAIN:
        return bool(one == other)
    if one is None or other is None:
        return one is other
    if kind in _NUMBERS and its in _NUMBERS:
        return _numbers_equal(one, other)
    if kind in _PLAIN:
        return False
    compare = _EQUAL.get(kind)
    if compare is not None:
        return compare(one, other)
    own = getattr(one, "equals", None)
    return bool(own(other)) if own is not None else False


def _numbers_equal(one: Any, other: Any) -> bool:
    if type(one) is not float and type(other) is not float:
        return int(one) == int(other)
    # cel-go compares an integer with a double as doubles, once it is known to be in range.
    return one == one and other == other and _order_numbers(one, other) == 0


def _lists_equal(one: list[Any], other: Any) -> bool:
    if not isinstance(other, list) or len(one) != len(other):
        return False
    if type(other) is not list and type(one) is list:
        return all(equal(mine, its) for mine, its in zip(one, other, strict=True))
    return all(map(equal, one, other))


def _maps_equal(one: dict[Any, Any], other: Any) -> bool:
    if not is_map(other) or len(one) != len(other):
        return False
    for key, value in one.items():
        found, its = find(other, key)
        if not found or not equal(value, its):
            return False
    return True


def is_map(value: object) -> bool:
    """Whether a value is a map or an object of a schema."""
    return isinstance(value, dict | View)


def find(container: Any, key: Any) -> tuple[bool, Any]:
    """Whether a map or an object has a key, and its value."""
    if not isinstance(container, dict):
        found: tuple[bool, Any] = container.find(key)
        return found
    try:
        value = container[key]
    except (KeyError, TypeError):
        return False, None
    # In Python True and 1 are one key; in CEL they are two.
    if (type(key) is bool or key in (0, 1)) and not any(
        each == key and (type(each) is bool) is (type(key) is bool) for each in container
    ):
        return False, None
    return True, value


_EQUAL: dict[type, Callable[[Any, Any], bool]] = {
    list: _lists_equal,
    dict: _maps_equal,
    Duration: lambda one, other: type(other) is Duration and one.ns == other.ns,
    Timestamp: lambda one, other: type(other) is Timestamp and one.ns == other.ns,
    TypeValue: lambda one, other: type(other) is TypeValue and one.name == other.name,
    Option: lambda one, other: (
        type(other) is Option and (one is other or (NONE not in (one, other) and equal(one.value, other.value)))
    ),
}


def order(one: Any, other: Any) -> int:
    """-1, 0 or 1, as one is less than, equal to or greater than the other. Raises EvalError where neither comes first."""
    kind, its = type(one), type(other)
    if kind is its and kind in (int, str, bytes, Uint, bool):
        return int(one > other) - int(one < other)
    if kind in _NUMBERS and its in _NUMBERS:
        if one != one or other != other:
            raise EvalError("NaN values cannot be ordered")
        return _order_numbers(one, other)
    if kind is its and kind in (Duration, Timestamp):
        return int(one.ns > other.ns) - int(one.ns < other.ns)
    raise EvalError(NO_SUCH_OVERLOAD)


def _order_numbers(one: Any, other: Any) -> int:
    if type(one) is float and type(other) is not float:
        return -_order_numbers(other, one)
    if type(other) is float and type(one) is not float:
        low, high = (0.0, 2.0**64) if type(one) is Uint else (-(2.0**63), 2.0**63)
        if other < low:
            return 1
        if other > high:
            return -1
        one = float(one)
    return int(one > other) - int(one < other)


def contains(container: Any, item: Any) -> bool:
    """item in container, which is a list, a map or an object of a schema."""
    if isinstance(container, list):
        return any(equal(each, item) for each in container)
    if is_map(container):
        return find(container, item)[0]
    raise EvalError(f"no such overload: @in({type_name(item)}, {type_name(container)})")
