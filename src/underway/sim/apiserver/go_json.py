"""Why a text is no JSON, in the words of Go's decoder, which the API server repeats to its clients.

Owns one question, asked only of texts that msgspec has already refused. Source: Go encoding/json scanner.go.
"""

import re

_SPACE = " \t\r\n"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LITERALS = {"t": "true", "f": "false", "n": "null"}
DEPTH_MAX = 10_000  # scanner.go, maxNestingDepth
END = "unexpected end of JSON input"


class _Wrong(Exception):
    """Where it is no JSON, as a sentence."""


def syntax_error(data: bytes) -> str:
    """The sentence for the first byte that cannot stand where it stands, or "" for JSON."""
    text = data.decode("latin-1")  # Go's scanner looks at bytes
    try:
        at = _space(text, _value(text, _space(text, 0)))
        if at < len(text):
            raise _at(text, at, "after top-level value")
    except _Wrong as wrong:
        return str(wrong)
    except RecursionError:
        return "exceeded max depth"
    return ""


def _at(text: str, at: int, where: str) -> _Wrong:
    return _Wrong(f"invalid character {_quoted(text[at])} {where}" if at < len(text) else END)


def _quoted(character: str) -> str:
    if character in "'\"":
        return "'\\''" if character == "'" else "'\"'"
    if character == "\\":
        return r"'\\'"
    named = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\a": r"\a", "\b": r"\b", "\f": r"\f", "\v": r"\v"}
    if character in named:
        return f"'{named[character]}'"
    if character.isprintable():
        return f"'{character}'"
    return f"'\\x{ord(character):02x}'" if ord(character) < 0x80 else f"'\\u{ord(character):04x}'"


def _space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _value(text: str, at: int) -> int:
    """The position after the value that begins at `at`."""
    begin = text[at : at + 1]
    if begin == "{":
        return _object(text, at + 1)
    if begin == "[":
        return _array(text, at + 1)
    if begin == '"':
        return _string(text, at + 1)
    if begin in _LITERALS and begin:
        return _literal(text, at, _LITERALS[begin])
    if begin == "-" or begin.isdigit():
        return _number(text, at)
    raise _at(text, at, "looking for beginning of value")


def _object(text: str, at: int) -> int:
    at = _space(text, at)
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        if text[at : at + 1] != '"':
            raise _at(text, at, "looking for beginning of object key string")
        at = _space(text, _string(text, at + 1))
        if text[at : at + 1] != ":":
            raise _at(text, at, "after object key")
        at = _space(text, _value(text, _space(text, at + 1)))
        if text[at : at + 1] == "}":
            return at + 1
        if text[at : at + 1] != ",":
            raise _at(text, at, "after object key:value pair")
        at = _space(text, at + 1)


def _array(text: str, at: int) -> int:
    at = _space(text, at)
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        at = _space(text, _value(text, at))
        if text[at : at + 1] == "]":
            return at + 1
        if text[at : at + 1] != ",":
            raise _at(text, at, "after array element")
        at = _space(text, at + 1)


def _string(text: str, at: int) -> int:
    while at < len(text) and text[at] != '"':
        if text[at] < " ":
            raise _at(text, at, "in string literal")
        if text[at] == "\\":
            at += 1
            if text[at : at + 1] == "u":
                for _ in range(4):
                    at += 1
                    if text[at : at + 1].lower() not in tuple("0123456789abcdef"):
                        raise _at(text, at, r"in \u hexadecimal character escape")
            elif at >= len(text) or text[at] not in 'bfnrt\\/"':
                raise _at(text, at, "in string escape code")
        at += 1
    if at >= len(text):
        raise _Wrong(END)
    return at + 1


def _literal(text: str, at: int, word: str) -> int:
    for offset, wanted in enumerate(word):
        if text[at + offset : at + offset + 1] != wanted:
            raise _at(text, at + offset, f"in literal {word} (expecting '{wanted}')")
    return at + len(word)


def _number(text: str, at: int) -> int:
    found = _NUMBER.match(text, at)
    if found is None:
        raise _at(text, at + 1, "in numeric literal")
    end = found.end()
    following = text[end : end + 1]
    if following == ".":
        raise _at(text, end + 1, "after decimal point in numeric literal")
    if following in ("e", "E"):
        signed = 2 if text[end + 1 : end + 2] in ("+", "-") else 1
        raise _at(text, end + signed, "in exponent of numeric literal")
    return end
