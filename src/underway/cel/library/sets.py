"""sets.contains, sets.equivalent, sets.intersects: lists as sets. Source: cel-go ext/sets.go."""

from typing import Any

from underway.cel.overload import Cost, Function, free, function
from underway.cel.relation import contains
from underway.cel.types import BOOL, list_of, param
from underway.cel.values import size

_LIST = list_of(param("T"))


def _cost(factor: int) -> Cost:
    return lambda args, _: 1 + size(args[0]) * size(args[1]) * factor


def _contains(items: list[Any], part: list[Any]) -> bool:
    return all(contains(items, each) for each in part)


def _equivalent(one: list[Any], other: list[Any]) -> bool:
    return _contains(one, other) and _contains(other, one)


def _intersects(one: list[Any], other: list[Any]) -> bool:
    return any(contains(other, each) for each in one)


FUNCTIONS: tuple[Function, ...] = (
    function("sets.contains", free("list_sets_contains_list", (_LIST, _LIST), BOOL, _contains, _cost(1))),
    function("sets.equivalent", free("list_sets_equivalent_list", (_LIST, _LIST), BOOL, _equivalent, _cost(2))),
    function("sets.intersects", free("list_sets_intersects_list", (_LIST, _LIST), BOOL, _intersects, _cost(1))),
)
