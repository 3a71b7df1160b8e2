"""Kubernetes' own functions of lists: isSorted, sum, min, max, indexOf... Source: apiserver pkg/cel/library/lists.go."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from underway.cel.arithmetic import add
from underway.cel.library.comparable import COMPARABLE
from underway.cel.overload import Function, function, member
from underway.cel.relation import equal, is_map, order
from underway.cel.types import BOOL, DOUBLE, DURATION, INT, UINT, list_of, param
from underway.cel.values import Duration, EvalError, Uint

_A = param("A")
_SUMMABLE: tuple[tuple[str, Any, Callable[[], Any]], ...] = (
    ("int", INT, int),
    ("uint", UINT, Uint),
    ("double", DOUBLE, float),
    ("duration", DURATION, lambda: Duration(0)),
)


def traversed(value: Any) -> int:
    """The cost of going through a value as a tree (traversalCost)."""
    kind = type(value)
    if kind is str:
        return len(value) // 10 if value.isascii() else len(value.encode()) // 10
    if kind is bytes:
        return len(value) // 10
    if isinstance(value, list):
        return sum(map(traversed, value))
    if is_map(value):
        return sum(traversed(key) + traversed(each) for key, each in value.items())
    return 1


def _cost(args: tuple[Any, ...], _: Any) -> int:
    return traversed(args[0])


def _before(one: Any, other: Any) -> int:
    """order(), where what has no order is as good as equal."""
    try:
        return order(one, other)
    except EvalError:
        return 0


def _is_sorted(items: list[Any]) -> bool:
    return all(_before(one, other) != 1 for one, other in pairwise(items))


def _best(name: str, worse: int) -> Callable[[list[Any]], Any]:
    def best(items: list[Any]) -> Any:
        if not items:
            raise EvalError(f"{name} called on empty list")
        found = items[0]
        for each in items[1:]:
            if _before(found, each) == worse:
                found = each
        return found

    return best


def _sum(zero: Callable[[], Any]) -> Callable[[list[Any]], Any]:
    def total(items: list[Any]) -> Any:
        found = zero()
        for each in items:
            found = add(found, each)
        return found

    return total


def _index_of(items: list[Any], item: Any) -> int:
    return next((index for index, each in enumerate(items) if equal(each, item)), -1)


def _last_index_of(items: list[Any], item: Any) -> int:
    return next((index for index in range(len(items) - 1, -1, -1) if equal(items[index], item)), -1)


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "isSorted",
        tuple(member(f"list_{name}_is_sorted_bool", (list_of(of),), BOOL, _is_sorted, _cost) for name, of in COMPARABLE),
    ),
    Function(
        "sum", tuple(member(f"list_{name}_sum_{name}", (list_of(of),), of, _sum(zero), _cost) for name, of, zero in _SUMMABLE)
    ),
    Function(
        "max", tuple(member(f"list_{name}_max_{name}", (list_of(of),), of, _best("max", -1), _cost) for name, of in COMPARABLE)
    ),
    Function(
        "min", tuple(member(f"list_{name}_min_{name}", (list_of(of),), of, _best("min", 1), _cost) for name, of in COMPARABLE)
    ),
    function("indexOf", member("list_a_index_of_int", (list_of(_A), _A), INT, _index_of, _cost)),
    function("lastIndexOf", member("list_a_last_index_of_int", (list_of(_A), _A), INT, _last_index_of, _cost)),
)
