"""What the Kubernetes dialect refuses beyond types: hopeless literals, lists and maps of mixed types, bad format strings.

Sources: cel-go cel/validator.go, ext/formatting.go (stringFormatValidator); which are on: apiserver
pkg/cel/environment/base.go.
"""

from collections.abc import Callable

from underway.cel.issue import Issue
from underway.cel.library.conversions import string_to_duration, string_to_timestamp
from underway.cel.library.formatting import clauses, refusal
from underway.cel.library.patterns import pattern
from underway.cel.syntax import Call, ListLiteral, Literal, MapLiteral, Node, walk
from underway.cel.types import Type, unwrapped
from underway.cel.values import EvalError

_LITERALS: dict[str, Callable[[str], object]] = {
    "duration": string_to_duration,
    "timestamp": string_to_timestamp,
    "matches": pattern,
}
_FORMATTABLE = {
    "d": ("int", "uint"),
    "f": ("double", "string"),
    "e": ("double", "string"),
    "b": ("int", "uint", "bool"),
    "x": ("int", "uint", "string", "bytes"),
    "o": ("int", "uint"),
    "s": ("list", "map", "int", "uint", "double", "bool", "string", "timestamp", "bytes", "duration", "type", "null"),
}


def validate(node: Node) -> list[Issue]:
    """What is wrong with an expression whose types are right."""
    issues: list[Issue] = []
    _mixed(node, issues)
    for one in walk(node):
        if isinstance(one, Call) and one.args:
            _literal(one, issues)
            if one.function == "format" and one.target is not None:
                _format(one, issues)
    return issues


def _literal(node: Call, issues: list[Issue]) -> None:
    first = node.args[0]
    test = _LITERALS.get(node.function)
    if test is None or not isinstance(first, Literal):
        return
    # duration(1) type-checks, and never evaluates.
    hopeless = node.function == "duration" and not isinstance(first.value, str)
    try:
        if isinstance(first.value, str):
            test(first.value)
    except EvalError:
        hopeless = True
    if hopeless:
        issues.append(Issue(first.at, f"invalid {node.function} argument"))


def _mixed(root: Node, issues: list[Issue]) -> None:
    """Literals of lists and maps have one type each, except within the arguments of format()."""
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, Call) and node.function == "format":
            continue
        pending.extend(node.children())
        if isinstance(node, ListLiteral):
            found = [unwrapped(one.type)[0] if place in node.optional else one.type for place, one in enumerate(node.elements)]
            _same(node.elements, found, issues)
        elif isinstance(node, MapLiteral):
            _same([entry.key for entry in node.entries], [entry.key.type for entry in node.entries], issues)
            values = [unwrapped(entry.value.type)[0] if entry.optional else entry.value.type for entry in node.entries]
            _same([entry.value for entry in node.entries], values, issues)


def _same(nodes: list[Node], types: list[Type], issues: list[Issue]) -> None:
    for node, found in zip(nodes[1:], types[1:], strict=True):
        if not _equivalent(types[0], found):
            issues.append(Issue(node.at, f"expected type '{types[0]}' but found '{found}'"))
            return


def _equivalent(one: Type, other: Type) -> bool:
    return one == other


def _format(node: Call, issues: list[Issue]) -> None:
    text, args = node.target, node.args[0]
    if not isinstance(text, Literal) or not isinstance(text.value, str) or not isinstance(args, ListLiteral):
        return
    try:
        letters = [letter for letter, _, _ in clauses(text.value) if letter]
    except EvalError as refused:
        issues.append(Issue(node.at, str(refused)))
        return
    for place, letter in enumerate(letters):
        if place >= len(args.elements):
            issues.append(Issue(node.at, f"index {place} out of range"))
            return
        element = args.elements[place]
        if element.type.kind != "dyn" and element.type.kind not in _FORMATTABLE[letter.lower()]:
            issues.append(Issue(element.at, refusal(letter, element.type.name)))
            return
    if len(args.elements) > len(letters):
        issues.append(
            Issue(node.at, f"too many arguments supplied to string.format (expected {len(letters)}, got {len(args.elements)})")
        )
