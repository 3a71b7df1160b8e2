"""Calls of the library's functions: which overload runs, the guard before it, the cost after it.

Sources: cel-go interpreter/planner.go (planCall), common/decls (dispatch by the values' types),
interpreter/runtimecost.go (costCall).
"""

from collections.abc import Callable
from math import ceil
from operator import ge, gt, le, lt
from typing import Any

from underway.cel.code import Code, Frame, Run, Uncompilable, constant, plain
from underway.cel.library.patterns import pattern
from underway.cel.overload import Cost, Function, Overload
from underway.cel.relation import equal, is_map
from underway.cel.syntax import Call
from underway.cel.types import Type
from underway.cel.values import EvalError, Uint, size, type_name

# Calls with a constant are computed when the program is made (cel-go interpreter/decorators.go, maybeOptimizeConstUnary).
_CONVERSIONS = frozenset(("bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"))
# Functions with a cost of their own whatever the overload (apiserver pkg/cel/library/cost.go works by name).
_BY_NAME = frozenset(
    (
        *("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "replace", "split", "join", "substring", "trim"),
        *("lowerAscii", "upperAscii", "find", "findAll", "url", "quantity", "isQuantity", "semver", "isSemver", "validate"),
        *("ip", "isIP", "ip.isCanonical", "cidr", "isCIDR", "containsIP", "containsCIDR"),
    )
)
# Their second argument is a regular expression; a constant one is compiled with the program.
_PATTERNS = frozenset(("matches", "find", "findAll"))
_RUNTIME_NAMES = {"null": "null_type", "duration": "google.protobuf.Duration", "timestamp": "google.protobuf.Timestamp"}
# Comparisons of two values of one type need no look at them, once that type is known.
_OF_ONE_KIND: dict[str, Callable[[Any, Any], bool]] = {"_<_": lt, "_<=_": le, "_>_": gt, "_>=_": ge}
_ORDERED = frozenset(("int", "uint", "string", "bytes", "bool"))
_PRIMITIVES = frozenset((bool, int, Uint, float, str))


def call(node: Call, function: Function, args: list[Code]) -> Code:
    """Code of a call whose overloads the checker found. Raises Uncompilable for a conversion of a constant that fails."""
    if node.overloads == ["in_list"] and args[1].constant:
        short = _membership(args[0], args[1].value)
        if short is not None:
            return short
    if function.name in _PATTERNS and args[1].constant and type(args[1].value) is str:
        try:
            pattern(args[1].value)
        except EvalError as refused:
            raise Uncompilable(str(refused)) from None
    chosen = [one for one in function.overloads if one.name in node.overloads]
    cost = _cost_of(function, chosen)
    types = [arg.type for arg in ([node.target] if node.target else []) + node.args]
    run = _with_cost(_implementation(function, chosen, types), [arg.run for arg in args], cost)
    if function.name in _CONVERSIONS and len(args) == 1 and args[0].constant:
        try:
            return constant(run([0, 0]))
        except EvalError as refused:
            raise Uncompilable(str(refused)) from None
    return plain(run)


def _cost_of(function: Function, chosen: list[Overload]) -> Cost | None:
    if len(chosen) == 1 or function.name in _BY_NAME:
        return chosen[0].cost
    return None


def _implementation(function: Function, chosen: list[Overload], types: list[Type]) -> Callable[..., Any]:
    known = _OF_ONE_KIND.get(function.name)
    if known is not None and types[0].kind in _ORDERED and types[0].kind == types[1].kind:
        return known
    if function.single is not None:
        return _of_kinds(function, function.single) if function.kinds and types[0].kind in ("dyn", "param") else function.single
    if len(chosen) == 1:
        only = chosen[0]
        if all(_settled(wanted, found) for wanted, found in zip(only.parameters, types, strict=True)):
            return only.run
        return _dispatch(function.name, [only])
    return _dispatch(function.name, [one for one in function.overloads if len(one.parameters) == len(types)])


def _of_kinds(function: Function, single: Callable[..., Any]) -> Callable[..., Any]:
    """The implementation behind a look at its first argument."""

    def run(*args: Any) -> Any:
        if type_name(args[0]) not in function.kinds:
            raise EvalError(f"no such overload: {function.name}")
        return single(*args)

    return run


def _settled(wanted: Type, found: Type) -> bool:
    """Whether values of the type found need no look before they are taken for the type wanted."""
    if wanted.kind in ("param", "dyn"):
        return True
    if wanted.kind != found.kind:
        return False
    return all(_settled(one, other) for one, other in zip(wanted.parameters, found.parameters, strict=False))


def _dispatch(name: str, overloads: list[Overload]) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        for one in overloads:
            if all(map(_is_a, one.parameters, args)):
                return one.run(*args)
        raise EvalError(f"no such overload: {name}({', '.join(map(type_name, args))})")

    return run


def _is_a(wanted: Type, value: Any) -> bool:
    """Whether a value is of a type; of a list or a map, the first element tells (isAssignableRuntimeType)."""
    if wanted.kind in ("param", "dyn"):
        return True
    if wanted.kind == "list":
        return isinstance(value, list) and (not value or _is_a(wanted.parameters[0], value[0]))
    if wanted.kind == "map":
        return is_map(value)
    return type_name(value) == _RUNTIME_NAMES.get(wanted.name, wanted.name)


def _with_cost(run: Callable[..., Any], args: list[Run], cost: Cost | None) -> Run:
    if cost is not None:
        return _counted(run, args, cost)
    if len(args) == 1:
        only = args[0]

        def unary(frame: Frame) -> Any:
            value = run(only(frame))
            frame[0] += 1
            return value

        return unary
    if len(args) == 2:
        left, right = args

        def binary(frame: Frame) -> Any:
            value = run(left(frame), right(frame))
            frame[0] += 1
            return value

        return binary

    def several(frame: Frame) -> Any:
        value = run(*[arg(frame) for arg in args])
        frame[0] += 1
        return value

    return several


def _counted(run: Callable[..., Any], args: list[Run], cost: Cost) -> Run:
    def counted(frame: Frame) -> Any:
        values = tuple([arg(frame) for arg in args])
        result = run(*values)
        frame[0] += cost(values, result)
        return result

    return counted


def _membership(item: Code, items: list[Any]) -> Code | None:
    """`x in [constants]`, which costs nothing beyond x (evalSetMembership); None where the list is not of primitive values."""
    if not items:
        return constant(value=False)
    if any(type(each) not in _PRIMITIVES for each in items):
        return None
    run = item.run
    if all(type(each) is str for each in items):
        words = frozenset(items)

        def among(frame: Frame) -> bool:
            value = run(frame)
            return type(value) is str and value in words

        return plain(among)

    def within(frame: Frame) -> bool:
        value = run(frame)
        return any(equal(each, value) for each in items)

    return plain(within)


def equality_cost(one: Any, other: Any) -> int:
    """What == and != cost: the smaller of the sizes, by tenths."""
    kind = type(one)
    if kind in _PRIMITIVES and kind is not str:
        return 1
    own = (
        kind not in (str, bytes)
        and getattr(kind, "equals", None) is not None
        and not isinstance(one, list | dict)
        and not is_map(one)
    )
    if own:
        return 1
    smaller = min(size(one), size(other))
    return ceil(smaller * 0.1)
