"""The tree of an expression. Owns its shapes; the parser makes them, the checker writes their types, the compiler reads both.

`at` is an offset in code points: where cel-go would report an error of that node (the operator, the opening bracket).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from underway.cel.types import DYN, Type

# The accumulator of an expanded macro; no source text can name it (cel-go parser/macro.go, HiddenAccumulatorName).
ACCUMULATOR = "@result"


@dataclass(slots=True, eq=False)
class Node:
    """Any expression; `type` is what the checker found."""

    at: int
    type: Type = field(default=DYN, init=False)

    def children(self) -> Iterator["Node"]:
        """The direct parts, in the order of evaluation."""
        return iter(())


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A constant: None, bool, int, Uint, float, str or bytes."""

    value: object


@dataclass(slots=True, eq=False)
class Ident(Node):
    """A variable, or the name of a type."""

    name: str


@dataclass(slots=True, eq=False)
class Select(Node):
    """operand.field, or has(operand.field) where `test` is set. `qualified` names the variable or type it turned out to be."""

    operand: Node
    name: str
    test: bool = False
    qualified: str = field(default="", init=False)

    def children(self) -> Iterator[Node]:
        """The operand."""
        yield self.operand


@dataclass(slots=True, eq=False)
class Call(Node):
    """function(args) or target.function(args); operators are functions with names such as `_+_`.

    `overloads` holds the identifiers that the checker found to fit.
    """

    function: str
    target: Node | None
    args: list[Node]
    overloads: list[str] = field(default_factory=list, init=False)

    def children(self) -> Iterator[Node]:
        """The target, then the arguments."""
        if self.target is not None:
            yield self.target
        yield from self.args


@dataclass(slots=True, eq=False)
class ListLiteral(Node):
    """[a, ?b]; `optional` holds the indices marked with `?`."""

    elements: list[Node]
    optional: frozenset[int] = frozenset()

    def children(self) -> Iterator[Node]:
        """The elements."""
        yield from self.elements


@dataclass(slots=True, eq=False)
class Entry:
    """key: value of a map literal, or ?key: value."""

    at: int
    key: Node
    value: Node
    optional: bool


@dataclass(slots=True, eq=False)
class MapLiteral(Node):
    """{key: value}."""

    entries: list[Entry]

    def children(self) -> Iterator[Node]:
        """Keys and values in turn."""
        for entry in self.entries:
            yield entry.key
            yield entry.value


@dataclass(slots=True, eq=False)
class Message(Node):
    """type.Name{field: value}; the Kubernetes dialect has no message types, so that the checker always refuses it."""

    name: str
    fields: list[tuple[int, str, Node]]

    def children(self) -> Iterator[Node]:
        """The values."""
        for _, _, value in self.fields:
            yield value


@dataclass(slots=True, eq=False)
class Comprehension(Node):
    """A loop over `range`, as every macro becomes one. `shape` names the macro, for the compiler's short ways."""

    range: Node
    variable: str
    second: str
    accumulator: str
    start: Node
    condition: Node
    step: Node
    result: Node
    shape: str

    def children(self) -> Iterator[Node]:
        """Every part."""
        yield from (self.range, self.start, self.condition, self.step, self.result)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first. Parts that a macro shares appear as often as they stand."""
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        pending.extend(reversed(list(one.children())))


def qualified_name(node: Node) -> str:
    """The dotted name that a chain of selections spells ("a.b.c"), or "" where it is none."""
    parts: list[str] = []
    while isinstance(node, Select) and not node.test:
        parts.append(node.name)
        node = node.operand
    if not isinstance(node, Ident):
        return ""
    parts.append(node.name)
    return ".".join(reversed(parts))
