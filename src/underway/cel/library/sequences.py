"""Lists: slice, flatten, sort, sortBy, range, reverse, distinct. Source: cel-go ext/lists.go, version 3."""

from functools import cmp_to_key
from typing import Any

from underway.cel.library.comparable import COMPARABLE
from underway.cel.overload import Function, Overload, free, function, member
from underway.cel.relation import equal, order
from underway.cel.types import DYN, INT, list_of, map_of, param
from underway.cel.values import CostExceeded, EvalError, size

_T, _K, _V = param("T"), param("K"), param("V")
_LIST, _MAP = list_of(_T), map_of(_K, _V)
# A list longer than this costs more than any expression may (PerCallLimit, apiserver pkg/apis/cel/config.go).
_RANGE_MAX = 1_000_000


def _allocating(factor: float, count: int) -> int:
    return int(count * factor) + 1 + 10


def _of_result(_: tuple[Any, ...], result: Any) -> int:
    return _allocating(1, size(result))


def _of_flatten(args: tuple[Any, ...], _: Any) -> int:
    return _allocating(float(args[1]) if len(args) == 2 else 1.0, size(args[0]))


def _of_self_compare(items: list[Any]) -> int:
    count = len(items)
    return _allocating(2.1 if items and type(items[0]) in (str, bytes) else 2.0, count * count)


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise EvalError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise EvalError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if len(items) < end:
        raise EvalError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return list(items[start:end])


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise EvalError("level must be non-negative")
    flat: list[Any] = []
    for each in items:
        if isinstance(each, list) and depth:
            flat.extend(_flatten(each, depth - 1))
        else:
            flat.append(each)
    return flat


def _sorted_by(items: list[Any], keys: list[Any]) -> list[Any]:
    if not items:
        return items
    if any(type(key) is not type(keys[0]) for key in keys):
        raise EvalError("list elements must have the same type")

    def by_key(one: int, other: int) -> int:
        return order(keys[one], keys[other])

    ranked = sorted(range(len(items)), key=cmp_to_key(by_key))
    return [items[index] for index in ranked]


def _range(count: int) -> list[int]:
    if count > _RANGE_MAX:
        raise CostExceeded
    return list(range(count))


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for each in items:
        if not any(equal(each, other) for other in found):
            found.append(each)
    return found


def inserted(into: dict[Any, Any], key: Any, value: Any) -> dict[Any, Any]:
    """The map with one entry more. Raises EvalError where the key is there already."""
    if key in into:
        raise EvalError(f"insert failed: key {key} already exists")
    into[key] = value
    return into


def _inserted_all(into: dict[Any, Any], entries: dict[Any, Any]) -> dict[Any, Any]:
    for key, value in entries.items():
        inserted(into, key, value)
    return into


def _sorts() -> tuple[Overload, ...]:
    return tuple(
        member(
            f"list_{name}_sort",
            (list_of(of),),
            list_of(of),
            lambda items: _sorted_by(items, items),
            lambda args, _: _of_self_compare(args[0]),
        )
        for name, of in COMPARABLE
    )


def _sorts_by_keys() -> tuple[Overload, ...]:
    return tuple(
        member(
            f"list_{name}_sortByAssociatedKeys",
            (_LIST, list_of(of)),
            _LIST,
            _sorted_by,
            lambda args, _: _of_self_compare(args[1]),
        )
        for name, of in COMPARABLE
    )


FUNCTIONS: tuple[Function, ...] = (
    function("slice", member("list_slice", (_LIST, INT, INT), _LIST, _slice, _of_result)),
    function(
        "flatten",
        member("list_flatten", (list_of(_LIST),), _LIST, _flatten, _of_flatten),
        member("list_flatten_int", (list_of(DYN), INT), list_of(DYN), _flatten, _of_flatten),
    ),
    Function("sort", _sorts()),
    Function("@sortByAssociatedKeys", _sorts_by_keys()),
    function("lists.range", free("lists_range", (INT,), list_of(INT), _range, _of_result)),
    function("reverse", member("list_reverse", (_LIST,), _LIST, lambda items: list(reversed(items)), _of_result)),
    function("distinct", member("list_distinct", (_LIST,), _LIST, _distinct, lambda args, _: _of_self_compare(args[0]))),
    function(
        "cel.@mapInsert",
        free("@mapInsert_map_key_value", (_MAP, _K, _V), _MAP, inserted),
        free("@mapInsert_map_map", (_MAP, _MAP), _MAP, _inserted_all),
    ),
)
