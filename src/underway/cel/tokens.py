"""From text to tokens. Owns the words of CEL's grammar (cel-go parser/gen/CEL.g4) and what literals mean; knows no syntax.

The longest word wins, and of equally long ones the first of the table, as in the grammar's lexer.
"""

import re
from typing import NamedTuple

from underway.cel.issue import Issue

# cel-go parser.NewParser: expressionSizeCodePointLimit.
CODE_POINTS_MAX = 100_000

_ESCAPE = r"\\(?:[abfnrtv\"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"
_STRING = "|".join(
    (
        r"[rR]\"\"\"(?:.|\n)*?\"\"\"",
        r"[rR]'''(?:.|\n)*?'''",
        rf"\"\"\"(?:{_ESCAPE}|[^\\])*?\"\"\"",
        rf"'''(?:{_ESCAPE}|[^\\])*?'''",
        r"[rR]\"[^\"\n\r]*\"",
        r"[rR]'[^'\n\r]*'",
        rf"\"(?:{_ESCAPE}|[^\\\"\n\r])*\"",
        rf"'(?:{_ESCAPE}|[^\\'\n\r])*'",
    )
)
_WORD = re.compile(
    "|".join(
        (
            r"(?P<space>[ \t\r\n\f]+|//[^\n]*)",
            rf"(?P<bytes>[bB](?:{_STRING}))",
            rf"(?P<string>{_STRING})",
            r"(?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)",
            r"(?P<uint>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])",
            r"(?P<int>0x[0-9a-fA-F]+|[0-9]+)",
            r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)",
            r"(?P<quoted>`[A-Za-z0-9_.\-/ ]+`)",
            r"(?P<sign>==|!=|<=|>=|&&|\|\||[<>\[\]{}().,\-!?:+*/%])",
        )
    )
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPED = re.compile(r"\\(?:([0-3][0-7]{2})|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)


class Token(NamedTuple):
    """A word: its kind ("end" after the last), its text, its offset in code points."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> tuple[list[Token], list[Issue]]:
    """The words of an expression, closed by an "end", and what could not be read."""
    if len(text) > CODE_POINTS_MAX:
        return [Token("end", "<EOF>", 0)], [
            Issue(-1, f"expression code point size exceeds limit: size: {len(text)}, limit {CODE_POINTS_MAX}")
        ]
    found: list[Token] = []
    issues: list[Issue] = []
    at = 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            issues.append(Issue(at, f"Syntax error: token recognition error at: '{_unreadable(text, at)}'"))
            if text[at] in "\"'":
                break  # an open string swallows the rest
            at += 1
            continue
        kind = str(match.lastgroup)
        if kind == "name" and match.group() in ("in", "true", "false", "null"):
            kind = "sign" if match.group() == "in" else "word"
        if kind != "space":
            found.append(Token(kind, match.group(), at))
        at = match.end()
    found.append(Token("end", "<EOF>", len(text)))
    return found, issues


def _unreadable(text: str, at: int) -> str:
    if text[at] not in "\"'":
        return text[at]
    return text[at:].split("\n", 1)[0]


def unquoted(literal: str) -> str | None:
    """What a string literal says; None where an escape names no code point."""
    body, raw = _body(literal)
    if raw or "\\" not in body:
        return body
    broken = False

    def one(match: re.Match[str]) -> str:
        nonlocal broken
        octal, byte, short, long, simple = match.groups()
        if simple is not None:
            return _SIMPLE.get(simple, simple)
        code = int(octal, 8) if octal else int(byte or short or long, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            broken = True
            return ""
        return chr(code)

    said = _ESCAPED.sub(one, body)
    return None if broken else said


def unquoted_bytes(literal: str) -> bytes | None:
    """What a bytes literal says (without its b); octal and hex escapes are bytes, \\u and \\U are not allowed."""
    body, raw = _body(literal)
    if raw or "\\" not in body:
        return body.encode()
    parts: list[bytes] = []
    last = 0
    for match in _ESCAPED.finditer(body):
        parts.append(body[last : match.start()].encode())
        octal, byte, short, long, simple = match.groups()
        if short or long:
            return None
        if simple is not None:
            parts.append(_SIMPLE.get(simple, simple).encode())
        else:
            parts.append(bytes([int(octal, 8) if octal else int(byte, 16)]))
        last = match.end()
    parts.append(body[last:].encode())
    return b"".join(parts)


def _body(literal: str) -> tuple[str, bool]:
    text = literal.replace("\r\n", "\n").replace("\r", "\n")
    raw = text[0] in "rR"
    if raw:
        text = text[1:]
    fence = 3 if len(text) >= 6 and text[:3] in ("'''", '"""') else 1
    return text[fence:-fence], raw
