"""From tokens to a tree. Owns CEL's grammar (cel-go parser/gen/CEL.g4) and the expansion of macros; knows no types.

Precedence climbing: a level of nesting costs few frames of the stack. What cannot be read becomes issues, never an exception.
"""

from underway.cel.issue import Issue
from underway.cel.macros import MACROS
from underway.cel.syntax import Call, Entry, Ident, ListLiteral, Literal, MapLiteral, Message, Node, Select, qualified_name
from underway.cel.tokens import Token, tokens, unquoted, unquoted_bytes
from underway.cel.values import Uint

# cel-go parser.NewParser: maxRecursionDepth.
DEPTH_MAX = 250

_RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"),
        *("package", "namespace", "null", "return", "true", "var", "void", "while"),
    )
)
# Each binary operator: how tightly it binds, and its function.
_BINARY = {
    "||": (1, "_||_"),
    "&&": (2, "_&&_"),
    **{sign: (3, f"_{sign}_") for sign in ("<", "<=", ">=", ">", "==", "!=")},
    "in": (3, "@in"),
    **{sign: (4, f"_{sign}_") for sign in ("+", "-")},
    **{sign: (5, f"_{sign}_") for sign in ("*", "/", "%")},
}
_STARTS = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
_TOO_DEEP = Issue(-1, f"expression recursion limit exceeded: {DEPTH_MAX}")


class _Unreadable(Exception):
    """The first syntax error ends the parse: what follows would be guesswork."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.message)
        self.issue = issue


def parse(text: str) -> tuple[Node | None, list[Issue]]:
    """The tree of an expression, or None and why not."""
    words, issues = tokens(text)
    if issues and issues[0].at < 0:
        return None, issues
    parser = _Parser(words)
    try:
        node = parser.whole()
    except _Unreadable as unreadable:
        return None, [*issues, *parser.issues, unreadable.issue]
    except RecursionError:
        return None, [_TOO_DEEP]
    issues += parser.issues
    return (None, issues) if issues else (node, [])


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.next = 0
        self.depth = 0
        self.issues: list[Issue] = []

    def whole(self) -> Node:
        node = self.expression()
        word = self.words[self.next]
        if word.kind != "end":
            raise self.unexpected("<EOF>", "extraneous" if self.words[self.next + 1].kind == "end" else "mismatched")
        return node

    def peek(self, text: str) -> Token | None:
        """The next word if it is this sign, without taking it."""
        word = self.words[self.next]
        return word if word.text == text and word.kind == "sign" else None

    def take(self, text: str) -> Token | None:
        word = self.peek(text)
        if word is not None:
            self.next += 1
        return word

    def want(self, text: str) -> Token:
        word = self.take(text)
        if word is not None:
            return word
        here = self.words[self.next]
        if here.kind == "end":
            raise _Unreadable(Issue(here.at, f"Syntax error: missing '{text}' at '<EOF>'"))
        raise self.unexpected(f"'{text}'")

    def unexpected(self, expected: str, how: str = "mismatched") -> _Unreadable:
        word = self.words[self.next]
        return _Unreadable(Issue(word.at, f"Syntax error: {how} input '{word.text}' expecting {expected}"))

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise _Unreadable(_TOO_DEEP)
        node = self.binary(1)
        mark = self.take("?")
        if mark is not None:
            yes = self.binary(1)
            self.want(":")
            node = Call(mark.at, "_?_:_", None, [node, yes, self.expression()])
        self.depth -= 1
        return node

    def binary(self, tightness: int) -> Node:
        node = self.unary()
        chain = 0
        while True:
            word = self.words[self.next]
            binds, function = _BINARY.get(word.text, (0, "")) if word.kind == "sign" else (0, "")
            if binds < max(tightness, 1):
                return node
            chain += 1
            if chain > DEPTH_MAX and binds > 2:
                raise _Unreadable(_TOO_DEEP)
            self.next += 1
            right = self.binary(binds + 1)
            if binds <= 2 and isinstance(node, Call) and node.function == function and chain > 1:
                node.args.append(right)  # a && b && c is one call of three terms
            else:
                node = Call(word.at, function, None, [node, right])

    def unary(self) -> Node:
        for sign, function in (("!", "!_"), ("-", "-_")):
            first = self.peek(sign)
            if first is None:
                continue
            count = 0
            while self.peek(sign):
                self.next += 1
                count += 1
            if sign == "-" and count == 1 and self.words[self.next].kind in ("int", "float"):
                return self.member(self.literal(negative=True))
            node = self.member(self.primary())
            return node if count % 2 == 0 else Call(first.at, function, None, [node])
        return self.member(self.primary())

    def member(self, node: Node) -> Node:
        chain = 0
        while True:
            dot = self.take(".")
            if dot is not None:
                node = self.selected(node, dot)
            elif (bracket := self.take("[")) is not None:
                function = "_[?_]" if self.take("?") else "_[_]"
                index = self.expression()
                self.want("]")
                node = Call(bracket.at, function, None, [node, index])
            elif self.peek("{") and (name := qualified_name(node)):
                node = self.message(name)
            else:
                return node
            chain += 1
            if chain > DEPTH_MAX:
                raise _Unreadable(_TOO_DEEP)

    def selected(self, node: Node, dot: Token) -> Node:
        optional = self.take("?")
        word = self.words[self.next]
        if word.kind == "quoted":
            self.issues.append(Issue(word.at, "unsupported syntax: '`'"))
        elif word.kind != "name":
            raise self.unexpected("IDENTIFIER")
        self.next += 1
        if optional:
            return Call(dot.at, "_?._", None, [node, Literal(word.at, word.text)])
        opening = self.take("(")
        if opening is not None:
            return self.call(opening.at, word.text, node)
        return Select(dot.at, node, word.text)

    def call(self, at: int, name: str, target: Node | None) -> Node:
        args: list[Node] = []
        if not self.peek(")"):
            args.append(self.expression())
            while self.take(","):
                args.append(self.expression())
        self.want(")")
        macro = MACROS.get((name, len(args), target is not None))
        if macro is None:
            return Call(at, name, target, args)
        expanded = macro(at, target, args)
        if isinstance(expanded, Issue):
            self.issues.append(expanded)
            return Literal(at, None)
        return expanded

    def primary(self) -> Node:
        word = self.words[self.next]
        if word.kind == "name" or (word.text == "." and self.words[self.next + 1].kind == "name"):
            return self.named()
        if word.kind == "sign":
            if self.take("("):
                node = self.expression()
                self.want(")")
                return node
            if self.take("["):
                return self.list_literal(word.at)
            if self.take("{"):
                return self.map_literal(word.at)
        elif word.kind not in ("end", "quoted"):
            return self.literal()
        raise self.unexpected(_STARTS)

    def named(self) -> Node:
        rooted = "." if self.take(".") else ""
        word = self.words[self.next]
        self.next += 1
        opening = self.take("(")
        if word.text in _RESERVED:
            self.issues.append(Issue(word.at, f"reserved identifier: {word.text}"))
        if opening is not None:
            return self.call(opening.at, rooted + word.text, None)
        return Ident(word.at, rooted + word.text)

    def list_literal(self, at: int) -> Node:
        elements: list[Node] = []
        optional: set[int] = set()
        while not self.peek("]"):
            if self.take(",") and not elements:
                break
            if self.peek("]"):
                break
            if self.take("?"):
                optional.add(len(elements))
            elements.append(self.expression())
            if not self.peek(","):
                break
        self.want("]")
        return ListLiteral(at, elements, frozenset(optional))

    def map_literal(self, at: int) -> Node:
        entries: list[Entry] = []
        while not self.peek("}"):
            if self.take(",") and not entries:
                break
            if self.peek("}"):
                break
            optional = self.take("?") is not None
            key = self.expression()
            colon = self.want(":")
            entries.append(Entry(colon.at, key, self.expression(), optional))
            if not self.peek(","):
                break
        self.want("}")
        return MapLiteral(at, entries)

    def message(self, name: str) -> Node:
        at = self.want("{").at
        fields: list[tuple[int, str, Node]] = []
        while not self.peek("}"):
            self.take("?")
            word = self.words[self.next]
            if word.kind != "name":
                raise self.unexpected("IDENTIFIER")
            self.next += 1
            colon = self.want(":")
            fields.append((colon.at, word.text, self.expression()))
            if not self.take(","):
                break
        self.want("}")
        return Message(at, name, fields)

    def literal(self, *, negative: bool = False) -> Node:
        word = self.words[self.next]
        self.next += 1
        at = self.words[self.next - 2].at if negative else word.at
        value, why = _value(word, negative=negative)
        if why:
            self.issues.append(Issue(at, why))
        return Literal(at, value)


def _value(word: Token, *, negative: bool) -> tuple[object, str]:
    """What a literal says, and why it says nothing."""
    text = word.text
    if word.kind == "string":
        said = unquoted(text)
        return said, "" if said is not None else "invalid unicode code point"
    if word.kind == "bytes":
        read = unquoted_bytes(text[1:])
        return read, "" if read is not None else "unable to unescape string"
    if word.kind == "float":
        return (-1 if negative else 1) * float(text), ""
    if word.kind == "uint":
        digits = text[:-1]
        unsigned = int(digits, 16 if digits.startswith("0x") else 10)
        return Uint(unsigned), "" if unsigned < 2**64 else "invalid uint literal"
    if word.kind == "int":
        signed = (-1 if negative else 1) * int(text, 16 if text.startswith("0x") else 10)
        return signed, "" if -(2**63) <= signed < 2**63 else "invalid int literal"
    return {"true": True, "false": False, "null": None}[text], ""
