"""Expressions of a Rotation: CEL over one node or over the whole picture. Owns what they see and which answers are acceptable.

`node` is the Node as the snapshot has it; a gate sees lists of `nodes`, `pods`, `budgets` and `workloads`. Every field that is
known here is there, with its zero value where the API server leaves it out; a field that is not known is refused when the
Rotation is read, since a misspelt one would make every node outdated. Imported only where a Rotation has expressions: the
engine of regular expressions is not loaded for others.
"""

from collections.abc import Callable, Collection, Iterable
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from underway.cel import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    STRING,
    Environment,
    Outcome,
    Problem,
    Program,
    compile_expression,
    list_of,
    map_of,
)
from underway.cel.data import DataList, DataMap, ObjectView
from underway.cel.declared import Declared
from underway.cel.types import TIMESTAMP, Type, struct
from underway.model.disruption import PodDisruptionBudget
from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.model.workload import Workload

PROGRAMS_MAX = 256
SCORES = (INT, DOUBLE, STRING, TIMESTAMP)
_SCALARS = {str: STRING, int: INT, bool: BOOL, float: DOUBLE}


_UNTYPED = Declared(DYN, lambda value: value)
"""What the API leaves open: a quantity that may be a number, a volume of a kind that nobody decides on."""


class UnknownTypeError(TypeError):
    """A field of the model of a type that no expression can see."""


def checked_condition(text: str) -> Program:
    """The program of a condition over `node`. Raises ValueError with the line and a caret."""
    return _checked(text, (BOOL,), "true or false")


def checked_score(text: str) -> Program:
    """The program of a score over `node`. Raises ValueError with the line and a caret."""
    return _checked(text, SCORES, "a number, a text or a time")


def checked_gate(text: str) -> Program:
    """The program of a condition over the whole picture. Raises ValueError with the line and a caret."""
    return _checked(text, (BOOL,), "true or false", over="picture")


def held(condition: str, snapshot: Snapshot, leaving: Collection[str], arriving: Collection[str]) -> Outcome:
    """Whether the condition holds of the picture. leaving, arriving: names of nodes that end or boot on our behalf."""
    program = checked_gate(condition)
    seen: dict[str, Callable[[], Iterable[object]]] = {
        "nodes": snapshot.nodes.values,
        "pods": lambda: snapshot.pods,
        "budgets": lambda: (budget for budgets in snapshot.budgets.values() for budget in budgets),
        "workloads": snapshot.workloads.values,
        "leaving": lambda: sorted(leaving),
        "arriving": lambda: sorted(arriving),
    }
    lists = _lists()
    return program.evaluate({name: lists[name].convert(seen[name]()) for name in program.reads})


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
def _checked(text: str, wanted: tuple[Type, ...], words: str, over: Literal["node", "picture"] = "node") -> Program:
    program = compile_expression(text, _environment() if over == "node" else _picture())
    if isinstance(program, Problem):
        raise ValueError(f"is no expression over {'a node' if over == 'node' else 'the picture'}:\n{program}")  # noqa: TRY004 - the text is wrong, not its type
    if program.type not in wanted:
        raise ValueError(f"gives {program.type}, wanted {words}: {text}")
    return program


@cache
def _node() -> Declared:
    return _declared(Node).named("Node")


@cache
def _environment() -> Environment:
    return Environment({"node": _node()})


@cache
def _lists() -> dict[str, Declared]:
    """What a gate sees, by name."""
    objects: dict[str, Any] = {
        "nodes": tuple[Node, ...],
        "pods": tuple[Pod, ...],
        "budgets": tuple[PodDisruptionBudget, ...],
        "workloads": tuple[Workload, ...],
    }
    names = _declared(tuple[str, ...])
    return {"leaving": names, "arriving": names, **{name: _declared(kind).named(name) for name, kind in objects.items()}}


@cache
def _picture() -> Environment:
    return Environment(_lists())


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
    if origin in (Union, UnionType):
        given = [one for one in arguments if one is not NoneType]
        return _declared(given[0]) if len(given) == 1 else _UNTYPED
    if kind is Any:
        return _UNTYPED
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
