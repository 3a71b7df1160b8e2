"""Composite literals of Go source as plain values: enough to read the tables of the Gateway API's conformance tests."""

import re
from typing import Any

_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*\n|/\*.*?\*/)*("(?:[^"\\]|\\.)*"|`[^`]*`|[A-Za-z_][\w.]*|\d+|[{}\[\](),:*&.+-])""", re.DOTALL
)


class Literals:
    """A reader at one place of a source text. names: what identifiers stand for."""

    def __init__(self, text: str, at: int, names: dict[str, Any]) -> None:
        self.text, self.at, self.names = text, at, names

    def peek(self) -> str:
        """The next token."""
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no token at {self.text[self.at : self.at + 40]!r}")
        return found[1]

    def take(self) -> str:
        """The next token, read."""
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no token at {self.text[self.at : self.at + 40]!r}")
        self.at = found.end()
        return found[1]

    def value(self) -> Any:
        """A literal: a string, a number, a name, or something in braces, whose type does not matter."""
        word = self.peek()
        if word == "{":
            return self.braces()
        word = self.take()
        if word in "&*":
            return self.value()
        if word[0] in '"`':
            return word[1:-1]
        if word.isdigit():
            return int(word)
        if word == "[":
            while self.take() != "]":
                pass
            return self.value()
        if word == "map":
            return self.value()
        following = self.peek()
        if following == "[":
            return self.value()
        if following == "{":
            return self.braces()
        if following == "(":
            self.take()
            inner = self.value()
            if self.take() != ")":
                raise ValueError(f"a call of {word}")
            return inner
        return self.names.get(word, word)

    def braces(self) -> Any:
        """A list, or a dict where there are keys."""
        self.take()
        listed: list[Any] = []
        keyed: dict[str, Any] = {}
        while self.peek() != "}":
            one = self.value()
            if self.peek() == ":":
                self.take()
                keyed[one] = self.value()
            else:
                listed.append(one)
            if self.peek() == ",":
                self.take()
        self.take()
        return keyed or listed or {}
