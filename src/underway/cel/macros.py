"""Macros: calls that become loops before types are checked. Owns which there are and what each becomes.

Sources: cel-go parser/macro.go (the standard ones), ext/comprehensions.go (two variables), cel/library.go (optMap, optFlatMap),
ext/lists.go (sortBy). Kubernetes has all of these since 1.34 (apiserver pkg/cel/environment/base.go).
"""

from collections.abc import Callable
from copy import deepcopy

from underway.cel.issue import Issue
from underway.cel.syntax import ACCUMULATOR, Call, Comprehension, Ident, ListLiteral, Literal, MapLiteral, Node, Select

Expanded = Node | Issue
Expander = Callable[[int, Node | None, list[Node]], Expanded]

_SORT_INPUT = "@__sortBy_input__"


def _accumulator(at: int) -> Ident:
    return Ident(at, ACCUMULATOR)


def _call(at: int, function: str, *args: Node) -> Call:
    return Call(at, function, None, list(args))


def _variables(args: list[Node], message: str = "argument must be a simple name") -> tuple[str, str] | Issue:
    names: list[str] = []
    for arg in args:
        if not isinstance(arg, Ident):
            return Issue(arg.at, message)
        if arg.name in (ACCUMULATOR, "__result__"):
            return Issue(arg.at, "iteration variable overwrites accumulator variable")
        names.append(arg.name)
    if len(names) == 2 and names[0] == names[1]:
        return Issue(args[1].at, f"duplicate variable name: {names[0]}")
    return names[0], names[1] if len(names) == 2 else ""


def _loop(  # one parameter for each part of a comprehension
    at: int, target: Node | None, names: tuple[str, str], shape: str, start: Node, condition: Node, step: Node, result: Node
) -> Node:
    if target is None:
        raise TypeError(f"{shape} is a macro of its target")
    return Comprehension(at, target, names[0], names[1], ACCUMULATOR, start, condition, step, result, shape)


def _has(_: int, __: Node | None, args: list[Node]) -> Expanded:
    one = args[0]
    if not isinstance(one, Select):
        return Issue(one.at, "invalid argument to has() macro")
    return Select(one.at, one.operand, one.name, test=True)


def _quantifier(shape: str, variables: int) -> Expander:
    def expand(at: int, target: Node | None, args: list[Node]) -> Expanded:
        names = _variables(args[:variables])
        if isinstance(names, Issue):
            return names
        predicate = args[variables]
        if shape == "all":
            start: Node = Literal(at, value=True)
            condition: Node = _call(at, "@not_strictly_false", _accumulator(at))
            step: Node = _call(at, "_&&_", _accumulator(at), predicate)
            result: Node = _accumulator(at)
        elif shape == "exists":
            start = Literal(at, value=False)
            condition = _call(at, "@not_strictly_false", _call(at, "!_", _accumulator(at)))
            step = _call(at, "_||_", _accumulator(at), predicate)
            result = _accumulator(at)
        else:
            start, condition = Literal(at, 0), Literal(at, value=True)
            step = _call(at, "_?_:_", predicate, _call(at, "_+_", _accumulator(at), Literal(at, 1)), _accumulator(at))
            result = _call(at, "_==_", _accumulator(at), Literal(at, 1))
        return _loop(at, target, names, shape, start, condition, step, result)

    return expand


def _collect(shape: str, variables: int, *, filtered: bool) -> Expander:
    """map, filter and transformList: the accumulator grows by one element a turn."""

    def expand(at: int, target: Node | None, args: list[Node]) -> Expanded:
        names = _variables(
            args[:variables], "argument is not an identifier" if variables == 1 else "argument must be a simple name"
        )
        if isinstance(names, Issue):
            return names
        made = args[0] if shape == "filter" else args[-1]
        step: Node = _call(at, "_+_", _accumulator(at), ListLiteral(at, [made]))
        if filtered:
            step = _call(at, "_?_:_", args[variables], step, _accumulator(at))
        return _loop(at, target, names, "list", ListLiteral(at, []), Literal(at, value=True), step, _accumulator(at))

    return expand


def _collect_map(*, entry: bool, filtered: bool) -> Expander:
    """transformMap and transformMapEntry: the accumulator grows by one entry, or by the entries of a map, a turn."""

    def expand(at: int, target: Node | None, args: list[Node]) -> Expanded:
        names = _variables(args[:2])
        if isinstance(names, Issue):
            return names
        added = [args[-1]] if entry else [Ident(at, names[0]), args[-1]]
        step: Node = _call(at, "cel.@mapInsert", _accumulator(at), *added)
        if filtered:
            step = _call(at, "_?_:_", args[2], step, _accumulator(at))
        return _loop(at, target, names, "map", MapLiteral(at, []), Literal(at, value=True), step, _accumulator(at))

    return expand


def _bind(at: int, name: str, value: Node, result: Node) -> Node:
    """A local variable, as cel-go writes it: a loop that never turns, with the variable as its accumulator."""
    empty, never = ListLiteral(at, []), Literal(at, value=False)
    return Comprehension(at, empty, "#unused", "", name, value, never, Ident(at, name), result, "bind")


def _optional_map(name: str, *, flat: bool) -> Expander:
    def expand(at: int, target: Node | None, args: list[Node]) -> Expanded:
        variable = args[0]
        if not isinstance(variable, Ident):
            return Issue(variable.at, f"{name}() variable name must be a simple identifier")
        bound = _bind(at, variable.name, Call(at, "value", deepcopy(target), []), args[1])
        return _call(
            at,
            "_?_:_",
            Call(at, "hasValue", target, []),
            bound if flat else _call(at, "optional.of", bound),
            _call(at, "optional.none"),
        )

    return expand


def _sort_by(at: int, target: Node | None, args: list[Node]) -> Expanded:
    if target is None or isinstance(target, Literal | MapLiteral):
        return Issue(at, "sortBy can only be applied to a list, identifier, comprehension, call or select expression")
    keys = _collect("map", 1, filtered=False)(at, Ident(at, _SORT_INPUT), args)
    if isinstance(keys, Issue):
        return keys
    return _bind(at, _SORT_INPUT, target, Call(at, "@sortByAssociatedKeys", Ident(at, _SORT_INPUT), [keys]))


# (name, number of arguments, whether it has a target) -> what it becomes.
MACROS: dict[tuple[str, int, bool], Expander] = {
    ("has", 1, False): _has,
    **{(name, 2, True): _quantifier(name, 1) for name in ("all", "exists")},
    **{(name, 3, True): _quantifier(name, 2) for name in ("all", "exists")},
    ("exists_one", 2, True): _quantifier("exists_one", 1),
    **{(name, 3, True): _quantifier("exists_one", 2) for name in ("exists_one", "existsOne")},
    ("map", 2, True): _collect("map", 1, filtered=False),
    ("map", 3, True): _collect("map", 1, filtered=True),
    ("filter", 2, True): _collect("filter", 1, filtered=True),
    ("transformList", 3, True): _collect("map", 2, filtered=False),
    ("transformList", 4, True): _collect("map", 2, filtered=True),
    ("transformMap", 3, True): _collect_map(entry=False, filtered=False),
    ("transformMap", 4, True): _collect_map(entry=False, filtered=True),
    ("transformMapEntry", 3, True): _collect_map(entry=True, filtered=False),
    ("transformMapEntry", 4, True): _collect_map(entry=True, filtered=True),
    ("optMap", 2, True): _optional_map("optMap", flat=False),
    ("optFlatMap", 2, True): _optional_map("optFlatMap", flat=True),
    ("sortBy", 2, True): _sort_by,
}
