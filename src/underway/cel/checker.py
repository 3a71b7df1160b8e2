"""Types of every part of an expression, and the overloads of its calls. Follows cel-go checker/checker.go, wording included.

Writes into the tree: `type` of each node, `overloads` of each call, `qualified` of a selection that turned out to be a name.
"""

from underway.cel.environment import TYPE_IDENTS, Environment
from underway.cel.issue import Issue
from underway.cel.overload import Function
from underway.cel.syntax import (
    Call,
    Comprehension,
    Entry,
    Ident,
    ListLiteral,
    Literal,
    MapLiteral,
    Message,
    Node,
    Select,
    qualified_name,
)
from underway.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    UINT,
    Type,
    list_of,
    map_of,
    optional_of,
    param,
    type_of,
    unwrapped,
)
from underway.cel.unify import Mapping, assignable, assignable_all, most_general, substituted
from underway.cel.values import Uint

_LITERALS = {type(None): NULL, bool: BOOL, int: INT, Uint: UINT, float: DOUBLE, str: STRING, bytes: BYTES}


def check(node: Node, environment: Environment) -> list[Issue]:
    """What is wrong with the types of an expression; nothing, if it may be compiled."""
    checker = _Checker(environment)
    checker.check(node)
    checker.settle()
    return checker.issues


class _Checker:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.scopes: list[dict[str, Type]] = []
        self.mapping: Mapping = {}
        self.issues: list[Issue] = []
        self.free = 0
        self.visited: list[Node] = []

    def settle(self) -> None:
        """Replace what is still free by dyn, everywhere."""
        for one in self.visited:
            one.type = substituted(self.mapping, one.type, free_is_dyn=True)

    def issue(self, at: int, message: str) -> None:
        self.issues.append(Issue(at, message))

    def fresh(self) -> Type:
        self.free += 1
        return param(f"_var{self.free - 1}")

    def fits(self, one: Type, other: Type) -> bool:
        grown = assignable(self.mapping, one, other)
        if grown is None:
            return False
        self.mapping = grown
        return True

    def undeclared(self, at: int, name: str) -> Type:
        self.issue(at, f"undeclared reference to '{name}' (in container '')")
        return ERROR

    def mismatch(self, at: int, expected: Type, found: Type) -> None:
        self.issue(at, f"expected type '{expected}' but found '{found}'")

    def lookup(self, name: str) -> Type | None:
        plain = name.removeprefix(".")
        for scope in () if plain != name else reversed(self.scopes):
            if plain in scope:
                return scope[plain]
        known = self.environment.variables.get(plain)
        if known is not None:
            return known
        named = TYPE_IDENTS.get(plain)
        return None if named is None else type_of(named)

    def check(self, node: Node) -> Type:
        node.type = self.typed(node)
        self.visited.append(node)
        return node.type

    def typed(self, node: Node) -> Type:  # one line a kind of node
        if isinstance(node, Literal):
            return _LITERALS[type(node.value)]
        if isinstance(node, Ident):
            found = self.lookup(node.name)
            return self.undeclared(node.at, node.name) if found is None else found
        if isinstance(node, Select):
            return self.select(node)
        if isinstance(node, Call):
            return self.optional_select(node) if node.function == "_?._" else self.call(node)
        if isinstance(node, ListLiteral):
            return self.list_literal(node)
        if isinstance(node, MapLiteral):
            return self.map_literal(node.entries)
        if isinstance(node, Message):
            return self.message(node)
        if isinstance(node, Comprehension):
            return self.comprehension(node)
        raise TypeError(f"{node!r} is no expression")

    def select(self, node: Select) -> Type:
        name = qualified_name(node)
        if name:
            known = self.lookup(name)
            if known is not None:
                node.qualified = name
                return known
        found = self.field(node.at, node.operand, node.name, optional=False)
        return BOOL if node.test else substituted(self.mapping, found)

    def optional_select(self, node: Call) -> Type:
        operand, name = node.args
        node.overloads = ["select_optional_field"]
        self.check(name)
        if not isinstance(name, Literal):
            raise TypeError("the parser writes the field's name as a literal")
        return substituted(self.mapping, self.field(node.at, operand, str(name.value), optional=True))

    def field(self, at: int, operand: Node, name: str, *, optional: bool) -> Type:
        """The type of a field of the operand."""
        of, was_optional = unwrapped(substituted(self.mapping, self.check(operand)))
        if of.kind == "map":
            result = of.parameters[1]
        elif of.kind == "struct":
            declared = self.environment.structs.get(of.name)
            found = declared.fields.get(name) if declared is not None and declared.fields is not None else None
            if found is None:
                self.issue(at, f"undefined field '{name}'" if declared else f"unexpected failed resolution of '{of.name}'")
            result = ERROR if found is None else found.type
        elif of.kind == "param":
            self.fits(DYN, of)
            result = DYN
        else:
            if of.kind not in ("dyn", "error"):
                self.issue(at, f"type '{of}' does not support field selection")
            result = DYN
        return optional_of(result) if was_optional or optional else result

    def call(self, node: Call) -> Type:
        for arg in node.args:
            self.check(arg)
        if node.target is None:
            found = self.environment.function(node.function)
            if found is None:
                return self.undeclared(node.at, node.function)
            node.function = found.name
            return self.resolve(node, found, None)
        prefix = qualified_name(node.target)
        namespaced = self.environment.function(f"{prefix}.{node.function}") if prefix else None
        if namespaced is not None:
            node.function, node.target = namespaced.name, None
            return self.resolve(node, namespaced, None)
        target = self.check(node.target)
        found = self.environment.function(node.function)
        if found is None:
            return self.undeclared(node.at, node.function)
        return self.resolve(node, found, target)

    def resolve(self, node: Call, found: Function, target: Type | None) -> Type:
        args = tuple(arg.type for arg in node.args)
        types = args if target is None else (target, *args)
        if found.name in ("_&&_", "_||_"):
            return self.logic(node, found)
        result: Type | None = None
        for overload in found.overloads:
            if overload.member != (target is not None):
                continue
            fresh = {one: self.fresh() for one in sorted(_parameters((*overload.parameters, overload.result)))}
            wanted = tuple(substituted(fresh, one) for one in overload.parameters) if fresh else overload.parameters
            grown = assignable_all(self.mapping, types, wanted)
            if grown is None:
                continue
            self.mapping = grown
            node.overloads.append(overload.name)
            one = substituted(self.mapping, substituted(fresh, overload.result) if fresh else overload.result)
            if result is None:
                result = one
            elif result != DYN and one != result:
                result = DYN
        if result is not None:
            return result
        written = [str(substituted(self.mapping, one, free_is_dyn=True)) for one in types]
        signature = f"({', '.join(written)})" if target is None else f"{written[0]}.({', '.join(written[1:])})"
        self.issue(node.at, f"found no matching overload for '{found.name}' applied to '{signature}'")
        return ERROR

    def logic(self, node: Call, found: Function) -> Type:
        node.overloads = [found.overloads[0].name]
        bad = [arg for arg in node.args if not self.fits(arg.type, BOOL)]
        for arg in bad:
            self.mismatch(arg.at, BOOL, arg.type)
        return ERROR if bad else BOOL

    def optional_element(self, node: Node, found: Type) -> Type:
        inner, is_optional = unwrapped(found)
        if not is_optional and inner.kind != "dyn":
            self.mismatch(node.at, optional_of(inner), inner)
        return inner

    def joined(self, previous: Type | None, found: Type) -> Type:
        """The common type of elements; dyn where there is none (the Kubernetes dialect refuses that later, see `validators`)."""
        if previous is None:
            return found
        return most_general(previous, found) if self.fits(previous, found) else DYN

    def list_literal(self, node: ListLiteral) -> Type:
        element: Type | None = None
        for index, one in enumerate(node.elements):
            found = self.check(one)
            element = self.joined(element, self.optional_element(one, found) if index in node.optional else found)
        return list_of(self.fresh() if element is None else element)

    def map_literal(self, entries: list[Entry]) -> Type:
        key: Type | None = None
        value: Type | None = None
        for entry in entries:
            key = self.joined(key, self.check(entry.key))
            found = self.check(entry.value)
            value = self.joined(value, self.optional_element(entry.value, found) if entry.optional else found)
        return map_of(key or self.fresh(), value or self.fresh())

    def message(self, node: Message) -> Type:
        for _, _, value in node.fields:
            self.check(value)
        found = self.lookup(node.name)
        if found is None:
            return self.undeclared(node.at, node.name)
        self.issue(
            node.at, f"'{found.parameters[0]}' is not a message type" if found.kind == "type" else f"'{found}' is not a type"
        )
        return ERROR

    def comprehension(self, node: Comprehension) -> Type:
        self.check(node.range)
        accumulator = self.check(node.start)
        over = substituted(self.mapping, node.range.type)
        first, second = self.iterated(node, over)
        self.scopes.append({node.accumulator: accumulator})
        self.scopes.append({node.variable: first, **({node.second: second} if node.second else {})})
        for part, expected in ((node.condition, BOOL), (node.step, accumulator)):
            found = self.check(part)
            if not self.fits(expected, found):
                self.mismatch(part.at, expected, found)
        self.scopes.pop()
        result = self.check(node.result)
        self.scopes.pop()
        return substituted(self.mapping, result)

    def iterated(self, node: Comprehension, over: Type) -> tuple[Type, Type]:
        """The types of the variables of a loop."""
        if over.kind == "list":
            return (INT, over.parameters[0]) if node.second else (over.parameters[0], DYN)
        if over.kind == "map":
            return over.parameters[0], over.parameters[1]
        if over.kind in ("dyn", "error", "param"):
            self.fits(DYN, over)
            return DYN, DYN
        self.issue(
            node.range.at, f"expression of type '{over}' cannot be range of a comprehension (must be list, map, or dynamic)"
        )
        return ERROR, ERROR


def _parameters(types: tuple[Type, ...]) -> set[Type]:
    found: set[Type] = set()
    pending = list(types)
    while pending:
        one = pending.pop()
        if one.kind == "param":
            found.add(one)
        pending.extend(one.parameters)
    return found
