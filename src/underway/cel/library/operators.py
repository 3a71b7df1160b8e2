"""The operators of the language as functions. Their overloads are for the checker; the values decide at evaluation.

Source: cel-go common/stdlib/standard.go. `&&`, `||`, `?:`, `==`, `!=` and indexing are the compiler's own.
"""

from math import ceil
from typing import Any

from underway.cel.arithmetic import OPERATORS
from underway.cel.overload import Cost, Function, Overload, free, member
from underway.cel.relation import contains, order
from underway.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    Type,
    list_of,
    map_of,
    optional_of,
    param,
)
from underway.cel.values import EvalError, size, type_name

_A, _B = param("A"), param("B")
_LIST, _MAP = list_of(_A), map_of(_A, _B)


_TIMES = frozenset(("google.protobuf.Duration", "google.protobuf.Timestamp"))
# What an operator takes on its left. Strings and times answer for themselves, without naming the operator (cel-go traits).
_ALWAYS = _TIMES | {"string"}
_NUMBERS = _ALWAYS | {"int", "uint", "double"}
_ADDERS = _NUMBERS | {"bytes", "list"}
_COMPARERS = _NUMBERS | {"bytes", "bool"}
_SIZERS = _ALWAYS | {"bytes", "list", "map"}
_MODDERS = _ALWAYS | {"int", "uint"}
_KINDS = {"_+_": _ADDERS, "_-_": _NUMBERS, "_*_": _NUMBERS, "_/_": _NUMBERS, "_%_": _MODDERS}


def _by_compiler(*_: Any) -> Any:
    raise EvalError("no such overload")


def smaller_size(args: tuple[Any, ...], _: Any) -> int:
    """Comparing goes through the shorter of the two at most (runtimecost.go)."""
    return ceil(min(size(args[0]), size(args[1])) * 0.1)


def _both_sizes(args: tuple[Any, ...], _: Any) -> int:
    return ceil((size(args[0]) + size(args[1])) * 0.1)


def _second_size(args: tuple[Any, ...], _: Any) -> int:
    return size(args[1])


def _binary(name: str, *signatures: tuple[str, Type, Type, Type]) -> Function:
    run = OPERATORS[name]
    costly: dict[str, Cost] = {"add_string": _both_sizes, "add_bytes": _both_sizes}
    return Function(
        name,
        tuple(free(each, (one, other), result, run, costly.get(each)) for each, one, other, result in signatures),
        run,
        _KINDS[name],
    )


def _less(one: Any, other: Any) -> bool:
    return order(one, other) < 0


def _less_equal(one: Any, other: Any) -> bool:
    return order(one, other) <= 0


def _greater(one: Any, other: Any) -> bool:
    return order(one, other) > 0


def _greater_equal(one: Any, other: Any) -> bool:
    return order(one, other) >= 0


def _comparison(name: str, word: str, run: Any) -> Function:
    numbers = (("int64", INT), ("uint64", UINT), ("double", DOUBLE))
    pairs = [
        (f"{word}_{one}{'' if one == other else '_' + other}", left, right) for one, left in numbers for other, right in numbers
    ]
    same = (("bool", BOOL), ("string", STRING), ("bytes", BYTES), ("timestamp", TIMESTAMP), ("duration", DURATION))
    pairs += [(f"{word}_{each}", of, of) for each, of in same]
    costly = {f"{word}_string", f"{word}_bytes"}
    return Function(
        name,
        tuple(free(each, (left, right), BOOL, run, smaller_size if each in costly else None) for each, left, right in pairs),
        run,
        _COMPARERS,
    )


def _negate_bool(value: Any) -> bool:
    if type(value) is bool:
        return not value
    raise EvalError("no such overload")


def _size(value: Any) -> int:
    if type_name(value) not in ("string", "bytes", "list", "map"):
        raise EvalError("no such overload")
    return len(value)


def _sizes() -> tuple[Overload, ...]:
    kinds = (("bytes", BYTES), ("list", _LIST), ("map", _MAP), ("string", STRING))
    calls = [
        each
        for name, of in kinds
        for each in (free(f"size_{name}", (of,), INT, _size), member(f"{name}_size", (of,), INT, _size))
    ]
    return tuple(calls)


FUNCTIONS: tuple[Function, ...] = (
    Function("_?_:_", (free("conditional", (BOOL, _A, _A), _A, _by_compiler),), _by_compiler),
    Function("_&&_", (free("logical_and", (BOOL, BOOL), BOOL, _by_compiler),), _by_compiler),
    Function("_||_", (free("logical_or", (BOOL, BOOL), BOOL, _by_compiler),), _by_compiler),
    Function("!_", (free("logical_not", (BOOL,), BOOL, _negate_bool),), _negate_bool),
    Function("@not_strictly_false", (free("not_strictly_false", (BOOL,), BOOL, _by_compiler),), _by_compiler),
    Function("_==_", (free("equals", (_A, _A), BOOL, _by_compiler),), _by_compiler),
    Function("_!=_", (free("not_equals", (_A, _A), BOOL, _by_compiler),), _by_compiler),
    _binary(
        "_+_",
        ("add_bytes", BYTES, BYTES, BYTES),
        ("add_double", DOUBLE, DOUBLE, DOUBLE),
        ("add_duration_duration", DURATION, DURATION, DURATION),
        ("add_duration_timestamp", DURATION, TIMESTAMP, TIMESTAMP),
        ("add_timestamp_duration", TIMESTAMP, DURATION, TIMESTAMP),
        ("add_int64", INT, INT, INT),
        ("add_list", _LIST, _LIST, _LIST),
        ("add_string", STRING, STRING, STRING),
        ("add_uint64", UINT, UINT, UINT),
    ),
    _binary(
        "_-_",
        ("subtract_double", DOUBLE, DOUBLE, DOUBLE),
        ("subtract_duration_duration", DURATION, DURATION, DURATION),
        ("subtract_int64", INT, INT, INT),
        ("subtract_timestamp_duration", TIMESTAMP, DURATION, TIMESTAMP),
        ("subtract_timestamp_timestamp", TIMESTAMP, TIMESTAMP, DURATION),
        ("subtract_uint64", UINT, UINT, UINT),
    ),
    _binary(
        "_*_",
        ("multiply_double", DOUBLE, DOUBLE, DOUBLE),
        ("multiply_int64", INT, INT, INT),
        ("multiply_uint64", UINT, UINT, UINT),
    ),
    _binary(
        "_/_", ("divide_double", DOUBLE, DOUBLE, DOUBLE), ("divide_int64", INT, INT, INT), ("divide_uint64", UINT, UINT, UINT)
    ),
    _binary("_%_", ("modulo_int64", INT, INT, INT), ("modulo_uint64", UINT, UINT, UINT)),
    Function(
        "-_",
        (free("negate_double", (DOUBLE,), DOUBLE, OPERATORS["-_"]), free("negate_int64", (INT,), INT, OPERATORS["-_"])),
        OPERATORS["-_"],
        _NUMBERS | {"bool"},
    ),
    _comparison("_<_", "less", _less),
    _comparison("_<=_", "less_equals", _less_equal),
    _comparison("_>_", "greater", _greater),
    _comparison("_>=_", "greater_equals", _greater_equal),
    Function(
        "_[_]",
        (
            free("index_list", (_LIST, INT), _A, _by_compiler),
            free("index_map", (_MAP, _A), _B, _by_compiler),
            free("optional_list_index_int", (optional_of(_LIST), INT), optional_of(_A), _by_compiler),
            free("optional_map_index_value", (optional_of(_MAP), _A), optional_of(_B), _by_compiler),
        ),
        _by_compiler,
    ),
    Function(
        "_[?_]",
        (
            free("list_optindex_optional_int", (_LIST, INT), optional_of(_A), _by_compiler),
            free("optional_list_optindex_optional_int", (optional_of(_LIST), INT), optional_of(_A), _by_compiler),
            free("map_optindex_optional_value", (_MAP, _A), optional_of(_B), _by_compiler),
            free("optional_map_optindex_optional_value", (optional_of(_MAP), _A), optional_of(_B), _by_compiler),
        ),
        _by_compiler,
    ),
    Function(
        "@in",
        (
            free("in_list", (_A, _LIST), BOOL, lambda item, of: contains(of, item), _second_size),
            free("in_map", (_A, _MAP), BOOL, lambda item, of: contains(of, item)),
        ),
        lambda item, of: contains(of, item),
    ),
    Function("size", _sizes(), _size, _SIZERS),
)
