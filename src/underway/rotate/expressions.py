"""Expressions of a Rotation: CEL over one node. Owns what an expression sees of it and when an answer is acceptable.

`node` is the Node as the snapshot has it. Every field that is known here is there, with its zero value where the API server
leaves it out; a field that is not known is refused when the Rotation is read, since a misspelt one would make every node
outdated. Imported only where a Rotation has expressions: the engine of regular expressions is not loaded for others.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from types import NoneType
from typing import Any, get_args, get_origin

import msgspec

from underway.cel import BOOL, DOUBLE, INT, STRING, Environment, Problem, Program, compile_expression, list_of, map_of
from underway.cel.data import DataList, DataMap, ObjectView
from underway.cel.declared import Declared
from underway.cel.types import TIMESTAMP, Type, struct
from underway.model.node import Node

PROGRAMS_MAX = 256
SCORES = (INT, DOUBLE, STRING, TIMESTAMP)
_SCALARS = {str: STRING, int: INT, bool: BOOL, float: DOUBLE}


class UnknownTypeError(TypeError):
    """A field of the model of a type that no expression can see."""


def checked_condition(text: str) -> Program:
    """The program of a condition over `node`. Raises ValueError with the line and a caret."""
    return _checked(text, (BOOL,), "true or false")


def checked_score(text: str) -> Program:
    """The program of a score over `node`. Raises ValueError with the line and a caret."""
    return _checked(text, SCORES, "a number, a text or a time")


def unmet(condition: str, node: Node) -> str:
    """Why the condition does not hold of the node, or "". One that fails does not hold."""
    outcome = checked_condition(condition).evaluate({"node": _view()(node)})
    if outcome.error is not None:
        return f"not {condition}: {outcome.error}"
    return "" if outcome.value is True else f"not {condition}"


def score(text: str, node: Node) -> tuple[bool, Any]:
    """What sorts the node among the others: whether the expression failed (those go last), and its value."""
    outcome = checked_score(text).evaluate({"node": _view()(node)})
    return (True, 0) if outcome.error is not None else (False, outcome.value)


@lru_cache(PROGRAMS_MAX)
def _checked(text: str, wanted: tuple[Type, ...], words: str) -> Program:
    program = compile_expression(text, _environment())
    if isinstance(program, Problem):
        raise ValueError(f"is no expression over a node:\n{program}")  # noqa: TRY004 - the text is wrong, not its type
    if program.type not in wanted:
        raise ValueError(f"gives {program.type}, wanted {words}: {text}")
    return program


@cache
def _node() -> Declared:
    return _declared(Node).named("Node")


@cache
def _environment() -> Environment:
    return Environment({"node": _node()})


def _view() -> Callable[[object], Any]:
    return _node().convert


def _declared(kind: Any) -> Declared:
    """The type of a field of the model."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _SCALARS:
        return Declared(_SCALARS[kind], lambda value: value)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _object(kind)
    if origin is tuple:
        element = _declared(arguments[0])

        def to_list(value: Any) -> DataList:
            return DataList(element.convert(one) for one in value)

        return Declared(list_of(element.type), to_list, element=element)
    if origin is dict:
        key, value = _declared(arguments[0]), _declared(arguments[1])
        return Declared(map_of(key.type, value.type), _to_map, key=key, element=value)
    if NoneType in arguments:
        return _declared(next(one for one in arguments if one is not NoneType))
    raise UnknownTypeError(f"no expression can see a {kind!r}; use a scalar, tuple, dict or Struct")


def _to_map(entries: Any) -> DataMap:
    return DataMap(entries)  # of scalars only: the model has no other


def _object(kind: type[msgspec.Struct]) -> Declared:
    known = {field.encode_name: (field.name, _declared(field.type)) for field in msgspec.structs.fields(kind)}
    names = {name: name for name in known}
    converts = {name: of.convert for name, (_, of) in known.items()}
    attributes = tuple((name, attribute) for name, (attribute, _) in known.items())

    def view(value: object) -> ObjectView:
        return ObjectView({name: getattr(value, attribute) for name, attribute in attributes}, names, converts)

    return Declared(struct("object"), view, fields={name: of for name, (_, of) in known.items()})
