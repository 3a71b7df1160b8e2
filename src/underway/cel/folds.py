"""Loops: what macros became, evaluated in short ways that cost and absorb errors exactly as the long way of cel-go does.

Source: cel-go interpreter/interpretable.go (evalFold); the numbers are the costs of the parts of a macro (parser/macro.go) under
interpreter/runtimecost.go, counted once here instead of at each turn.
"""

from collections.abc import Callable, Iterable
from typing import Any

from underway.cel.code import Code, Frame, Run, plain
from underway.cel.library.sequences import inserted
from underway.cel.relation import is_map
from underway.cel.values import CostExceeded, EvalError, type_name

# What the API server's Go calls the types that cannot be iterated.
_GO_NAMES = {name: f"types.{name.capitalize()}" for name in ("bool", "int", "uint", "double", "string", "bytes")} | {
    "null_type": "types.Null",
    "google.protobuf.Duration": "types.Duration",
    "google.protobuf.Timestamp": "types.Timestamp",
}
UNSET: Any = object()
# A turn evaluates the condition and reads the accumulator for the step; the result reads it once more.
_ALL_CONDITION, _EXISTS_CONDITION, _READ = 2, 3, 1


def turns(value: Any, *, pairs: bool) -> Iterable[Any]:
    """What a loop over a value binds: elements or keys; with two variables (position, element) or (key, value)."""
    if isinstance(value, list):
        return enumerate(value) if pairs else value
    if is_map(value):
        items: Iterable[Any] = value.items() if pairs else value
        return items
    raise EvalError(f"got '{_GO_NAMES.get(type_name(value), type_name(value))}', expected iterable type")


def _bind(pairs: bool, slot: int) -> Callable[[Frame, Any], None]:
    def one(frame: Frame, turn: Any) -> None:
        frame[slot] = turn

    def both(frame: Frame, turn: Any) -> None:
        frame[slot], frame[slot + 1] = turn

    return both if pairs else one


def quantifier(over: Run, predicate: Run, slot: int, *, pairs: bool, stop: bool) -> Code:
    """all (stop=False) and exists (stop=True): they end at the first predicate that decides, and absorb errors until then."""
    condition = _EXISTS_CONDITION if stop else _ALL_CONDITION
    bind = _bind(pairs, slot)

    def run(frame: Frame) -> bool:
        failure: EvalError | None = None
        decided = False
        values = over(frame)
        for turn in turns(values, pairs=pairs):
            frame[0] += condition
            if decided:
                break
            frame[0] += _READ
            if frame[0] > frame[1]:
                raise CostExceeded
            bind(frame, turn)
            try:
                value = predicate(frame)
            except EvalError as error:
                failure = failure or error
                continue
            if value is stop:
                decided = True
            elif value is not (not stop):
                failure = failure or EvalError("no such overload")
        frame[0] += _READ
        if decided:
            return stop
        if failure is not None:
            raise failure
        return not stop

    return plain(run)


def exists_one(over: Run, predicate: Run, slot: int, *, pairs: bool) -> Code:
    """exists_one: every predicate is asked; an error of any is the error of the whole, the last one of several."""
    bind = _bind(pairs, slot)

    def run(frame: Frame) -> bool:
        failure: EvalError | None = None
        count = 0
        for turn in turns(over(frame), pairs=pairs):
            if frame[0] > frame[1]:
                raise CostExceeded
            bind(frame, turn)
            try:
                value = predicate(frame)
            except EvalError as error:
                failure = error
                continue
            if value is True:
                frame[0] += 2
                count += 1
            elif value is not False:
                failure = EvalError("no such overload")
        frame[0] += 2
        if failure is not None:
            raise failure
        return count == 1

    return plain(run)


def collect(over: Run, keep: Run | None, made: Code, slot: int, *, pairs: bool) -> Code:
    """map, filter and transformList."""
    bind = _bind(pairs, slot)
    grow = 2 if made.constant else 12  # the accumulator read and added to, and the list of one element around what is no constant
    make = made.run

    def run(frame: Frame) -> list[Any]:
        found: list[Any] = []
        for turn in turns(over(frame), pairs=pairs):
            if frame[0] > frame[1]:
                raise CostExceeded
            bind(frame, turn)
            if keep is not None and not _kept(keep(frame)):
                continue
            found.append(make(frame))
            frame[0] += grow
        frame[0] += _READ
        return found

    return plain(run)


def collect_map(over: Run, keep: Run | None, made: Run, slot: int, *, entries: bool) -> Code:
    """transformMap and transformMapEntry."""
    grow = 2 if entries else 3  # the accumulator and the key read, the insertion

    def run(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for turn in turns(over(frame), pairs=True):
            if frame[0] > frame[1]:
                raise CostExceeded
            frame[slot], frame[slot + 1] = turn
            if keep is not None and not _kept(keep(frame)):
                continue
            value = made(frame)
            frame[0] += grow
            if not entries:
                inserted(found, turn[0], value)
                continue
            for key, each in value.items():
                inserted(found, key, each)
        frame[0] += _READ
        return found

    return plain(run)


def _kept(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise EvalError("no such overload")


def bound(result: Code, slot: int) -> Code:
    """A local variable: its value is computed where it is first read."""
    run_result = result.run

    def run(frame: Frame) -> Any:
        frame[slot] = UNSET
        return run_result(frame)

    return plain(run)


def local(value: Run, slot: int) -> Code:
    """A read of such a variable."""

    def bare(frame: Frame) -> Any:
        known = frame[slot]
        if known is UNSET:
            known = frame[slot] = value(frame)
        return known

    def run(frame: Frame) -> Any:
        frame[0] += 1
        return bare(frame)

    return Code(run, bare, chain=True)
