"""Functions as the library declares them: signatures, what they do, what they cost.

An overload's `run` takes its arguments (the target first) and returns a value or raises EvalError; it may rely on their types.
`cost` computes what one call cost, `estimate` bounds it beforehand.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from underway.cel.types import Type

# What one call cost, of its arguments and its result.
# Sources: cel-go interpreter/runtimecost.go, apiserver pkg/cel/library/cost.go.
Cost = Callable[[tuple[Any, ...], Any], int]


class Overload(NamedTuple):
    """One signature: f(a, b), or a.f(b) for a member."""

    name: str
    member: bool
    parameters: tuple[Type, ...]
    result: Type
    run: Callable[..., Any]
    cost: Cost | None = None


class Function(NamedTuple):
    """A name and its signatures, in the order in which they are tried.

    single  one implementation for all of them, which looks at the values itself
    kinds   the names of the types that `single` takes first, if it does not take all; of others the error names the function
    """

    name: str
    overloads: tuple[Overload, ...]
    single: Callable[..., Any] | None = None
    kinds: frozenset[str] = frozenset()


def function(name: str, *overloads: Overload) -> Function:
    """A function each of whose overloads has its own implementation."""
    return Function(name, overloads)


def free(name: str, parameters: tuple[Type, ...], result: Type, run: Callable[..., Any], cost: Cost | None = None) -> Overload:
    """f(a, b)."""
    return Overload(name, False, parameters, result, run, cost)


def member(name: str, parameters: tuple[Type, ...], result: Type, run: Callable[..., Any], cost: Cost | None = None) -> Overload:
    """a.f(b)."""
    return Overload(name, True, parameters, result, run, cost)
