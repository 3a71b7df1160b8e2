"""The most that an expression can cost, before any value is known. Source: cel-go checker/cost.go.

Sizes come from literals and from the limits that a schema declares (maxLength, maxItems, maxProperties), found by the path of a
part: variable, field, "@items", "@keys", "@values". What calls cost is in `estimates`.
"""

from typing import NamedTuple

from underway.cel.declared import Declared
from underway.cel.environment import Environment
from underway.cel.estimates import Part, estimate_call
from underway.cel.ranges import ONE, UNBOUNDED, UNKNOWN, ZERO, Range, fixed
from underway.cel.syntax import ACCUMULATOR, Call, Comprehension, Ident, ListLiteral, Literal, MapLiteral, Message, Node, Select
from underway.cel.types import Type, is_optional

_LIST, _MAP, _MESSAGE = fixed(10), fixed(30), fixed(40)  # cel-go common/cost.go
_SCALARS = frozenset(("bool", "double", "duration", "int", "timestamp", "uint"))
_WITH_SELECTION_COST = frozenset(("map", "struct", "param"))


class _Entries(NamedTuple):
    """What is known of the elements of a container."""

    kind: str
    key: Range
    value: Range


class _Local(NamedTuple):
    """A variable of a loop, or a bound one."""

    path: tuple[str, ...]
    size: Range | None
    entries: _Entries | None


def estimate(node: Node, environment: Environment) -> Range:
    """The least and the most that evaluating a checked expression costs."""
    return _Estimate(environment).cost(node)


class _Estimate:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.paths: dict[int, tuple[str, ...]] = {}
        self.sizes: dict[int, Range] = {}
        self.entries: dict[int, _Entries] = {}
        self.locals: dict[str, list[_Local]] = {}

    def cost(self, node: Node) -> Range:
        if isinstance(node, Literal):
            return ZERO
        if isinstance(node, Ident):
            local = self.local(node.name)
            self.paths[id(node)] = local.path if local is not None else (node.name,)
            return ONE
        if isinstance(node, Select):
            return self.select(node)
        if isinstance(node, Call):
            return self.call(node)
        if isinstance(node, ListLiteral):
            return self.list_literal(node)
        if isinstance(node, MapLiteral):
            return self.map_literal(node)
        if isinstance(node, Comprehension):
            return self.bind(node) if node.shape == "bind" else self.loop(node)
        if isinstance(node, Message):
            return _MESSAGE
        raise TypeError(f"{node!r} is no expression")

    def local(self, name: str) -> _Local | None:
        stack = self.locals.get(name)
        return stack[-1] if stack else None

    def select(self, node: Select) -> Range:
        if node.qualified:
            self.paths[id(node)] = (node.qualified,)
            return ONE
        total = self.cost(node.operand)
        if node.test:
            return total
        if node.operand.type.kind in _WITH_SELECTION_COST:
            total = total.plus(ONE)
        self.paths[id(node)] = (*self.path(node.operand), node.name)
        return total

    def call(self, node: Call) -> Range:
        if node.function == "dyn":
            arg = node.args[0]
            total = ONE.plus(self.cost(arg))
            self.copy(node, arg)
            return total
        if len(node.args) > 2 and node.function in ("_&&_", "_||_"):
            return self.chain(node)
        costs, args = [], []
        for arg in node.args:
            costs.append(self.cost(arg))
            args.append(self.part(arg))
        total = ZERO
        target = None
        if node.target is not None:
            total = self.cost(node.target)
            target = self.part(node.target)
        call_cost = Range(UNBOUNDED, 0)
        size: Range | None = None
        for overload in node.overloads:
            one = self.overload(node, overload, target, args, costs)
            call_cost = call_cost.union(one[0])
            if one[1] is not None:
                size = one[1] if size is None else size.union(one[1])
            if overload in ("index_list", "index_map"):
                known = self.entries_of(node.args[0])
                size = known.value if known is not None else None
                self.paths[id(node)] = (*self.path(node.args[0]), "@items" if overload == "index_list" else "@values")
            if size is None:
                size = self.size(node)
        if size is not None:
            self.sizes[id(node)] = size
        return total.plus(call_cost)

    def chain(self, node: Call) -> Range:
        """a && b && c: at least the first term, at most all of them."""
        costs = [self.cost(arg) for arg in node.args]
        total = ZERO
        for one in costs:
            total = total.plus(one)
        return Range(costs[0].low, total.high)

    def overload(
        self, node: Call, overload: str, target: Part | None, args: list[Part], costs: list[Range]
    ) -> tuple[Range, Range | None]:
        spent = ZERO
        for one in costs:
            spent = spent.plus(one)
        if overload in ("logical_or", "logical_and"):
            return Range(costs[0].low, costs[0].plus(costs[1]).high), None
        if overload == "conditional":
            size = (args[1].size or UNKNOWN).union(args[2].size or UNKNOWN)
            self.join(node, node.args[1], node.args[2])
            return costs[0].plus(costs[1].union(costs[2])), size
        if overload in ("add_string", "add_bytes", "add_list"):
            self.join(node, node.args[0], node.args[1])
        found = estimate_call(node.function, overload, target, args, self.declared_size)
        return found.cost.plus(spent), found.size

    def join(self, node: Node, one: Node, other: Node) -> None:
        mine, its = self.entries_of(one), self.entries_of(other)
        if mine is not None and its is not None:
            self.entries[id(node)] = _Entries(mine.kind, mine.key.union(its.key), mine.value.union(its.value))

    def list_literal(self, node: ListLiteral) -> Range:
        total = _LIST
        element = Range(UNBOUNDED if node.elements else 0, 0)
        for one in node.elements:
            total = total.plus(self.cost(one))
            element = element.union(self.size(one) or UNKNOWN)
        self.entries[id(node)] = _Entries("list", ONE, element)
        return total

    def map_literal(self, node: MapLiteral) -> Range:
        total = _MAP
        key = value = Range(UNBOUNDED if node.entries else 0, 0)
        for entry in node.entries:
            total = total.plus(self.cost(entry.key)).plus(self.cost(entry.value))
            key = key.union(self.size(entry.key) or UNKNOWN)
            value = value.union(self.size(entry.value) or UNKNOWN)
        self.entries[id(node)] = _Entries("map", key, value)
        return total

    def loop(self, node: Comprehension) -> Range:
        total = self.cost(node.range).plus(self.cost(node.start))
        self.push(node.accumulator, _Local(self.path(node.start), self.size(node.start), self.entries_of(node.start)))
        names = [node.variable, *([node.second] if node.second else [])]
        for name, local in zip(names, self.iterated(node), strict=True):
            self.push(name, local)
        condition = self.cost(node.condition)
        step = self.cost(node.step)
        for name in names:
            self.locals[name].pop()
        total = total.plus(self.cost(node.result))
        self.locals[node.accumulator].pop()
        count = self.size(node.range) or UNKNOWN
        total = total.plus(count.times(step.plus(condition)))
        if isinstance(node.start, Literal):
            size = self.size(node.start)
            if size is not None:
                self.sizes[id(node)] = size
        elif isinstance(node.start, ListLiteral | MapLiteral):
            self.sizes[id(node)] = count
            entries = self.entries_of(node.step)
            if entries is not None:
                self.entries[id(node)] = entries
        return total

    def iterated(self, node: Comprehension) -> list[_Local]:
        """The variables of a loop, with what is known of the elements that they take."""
        entries = self.entries_of(node.range)
        is_list = (entries.kind if entries is not None else node.range.type.kind) == "list"
        path = self.path(node.range)
        key = entries.key if entries is not None else None
        value = entries.value if entries is not None else None
        if node.second:
            first = _Local((*path, "@indices" if is_list else "@keys"), key, None)
            return [first, _Local((*path, "@items" if is_list else "@values"), value, None)]
        return [_Local((*path, "@items"), value, None) if is_list else _Local((*path, "@keys"), key, None)]

    def bind(self, node: Comprehension) -> Range:
        total = self.cost(node.range).plus(self.cost(node.start))
        self.push(node.accumulator, _Local(self.path(node.start), self.size(node.start), self.entries_of(node.start)))
        total = total.plus(self.cost(node.result))
        self.locals[node.accumulator].pop()
        self.copy(node, node.result)
        return total

    def push(self, name: str, local: _Local) -> None:
        self.locals.setdefault(name, []).append(local)

    def path(self, node: Node) -> tuple[str, ...]:
        if isinstance(node, Ident):
            local = self.local(node.name)
            if local is not None:
                return local.path
        return self.paths.get(id(node), ())

    def part(self, node: Node) -> Part:
        path = self.path(node)
        if path and path[0] in (ACCUMULATOR, "__result__"):
            path = ()
        return Part(path, node.type, node, self.size(node))

    def copy(self, to: Node, of: Node) -> None:
        size, entries = self.size(of), self.entries_of(of)
        if size is not None:
            self.sizes[id(to)] = size
        if entries is not None:
            self.entries[id(to)] = entries

    def size(self, node: Node) -> Range | None:
        """The size of a part, if anything is known of it."""
        known = self.sizes.get(id(node)) or _literal_size(node)
        if known is not None:
            return known
        declared = self.declared_size(self.path(node))
        if declared is not None:
            self.sizes[id(node)] = declared
            return declared
        if _is_scalar(node.type):
            return ONE
        if isinstance(node, Ident):
            local = self.local(node.name)
            if local is not None:
                return local.size
        return None

    def entries_of(self, node: Node) -> _Entries | None:
        known = self.entries.get(id(node))
        if known is None and isinstance(node, Ident):
            local = self.local(node.name)
            known = local.entries if local is not None else None
        return known

    def declared_size(self, path: tuple[str, ...]) -> Range | None:
        """The size that a schema allows at a path."""
        if not path:
            return None
        # A name that is no variable (a type, such as `string`) counts as large as the first variable: so the API server has it.
        known = self.environment.declared
        here: Declared | None = known.get(path[0]) or next(iter(known.values()), None)
        for step in path[1:]:
            if here is None:
                return None
            if step in ("@items", "@values"):
                here = here.element
            elif step == "@keys":
                here = here.key
            else:
                here = here.fields.get(step) if here.fields is not None else None
        return None if here is None else Range(0, here.elements_max)


def _literal_size(node: Node) -> Range | None:
    if isinstance(node, Literal):
        value = node.value
        return fixed(len(value)) if isinstance(value, str | bytes) else ONE
    if isinstance(node, ListLiteral):
        return fixed(len(node.elements))
    if isinstance(node, MapLiteral):
        return fixed(len(node.entries))
    return None


def _is_scalar(of: Type) -> bool:
    return of.kind in _SCALARS or (is_optional(of) and _is_scalar(of.parameters[0]))
