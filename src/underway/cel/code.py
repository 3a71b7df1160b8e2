"""What a part of an expression compiles to. Owns the shape of the frame that all closures share."""

from collections.abc import Callable
from typing import Any, NamedTuple

# A frame is a list: what the evaluation cost so far, what it may cost, then one slot a variable.
Frame = list[Any]
Run = Callable[[Frame], Any]
COST, LIMIT, FIRST_SLOT = 0, 1, 2


class Code(NamedTuple):
    """A compiled part.

    run       evaluates it and adds its cost to the frame; raises EvalError where it has no value
    bare      the same for a variable, a selection or an index, without the cost of 1 for its root: that is how cel-go counts
              them as branches of ?: and as indices
    constant  whether it has one value, known without a frame
    value     that value
    chain     whether it is a variable, a selection, an index or a ?:, to which a further selection only adds a step
    """

    run: Run
    bare: Run
    constant: bool = False
    value: Any = None
    chain: bool = False


class Uncompilable(Exception):
    """An expression that type-checks and yet cannot be made into a program, such as int('a')."""


def constant(value: Any) -> Code:
    """Code of one value."""

    def run(_: Frame) -> Any:
        return value

    return Code(run, run, constant=True, value=value)


def plain(run: Run) -> Code:
    """Code that is no chain."""
    return Code(run, run)
