"""Label selectors as people write them: "app=web, tier in (a, b), !canary".

Owns the grammar and the sentences of refusal, which are the API server's own. Source: apimachinery pkg/labels/selector.go;
"Labels and Selectors".
"""

import re

from underway.model.meta import LabelSelector, LabelSelectorRequirement

_TOKEN = re.compile(r"\s*(?:(==|!=|[=!(),<>])|([^\s=!(),<>]+))")
_OPERATORS = {"in": "In", "notin": "NotIn", "=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt"}
KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_KEY = re.compile(KEY)
_VALUE = re.compile(f"({KEY})?")
LENGTH_MAX = 63  # RFC 1123 label
_ALPHABET = "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"


def parse(text: str) -> LabelSelector:
    """The selector in its textual form. Raises ValueError with the API server's sentence if it is none."""
    return _Parser(text).selector()


class _Parser:
    """Tokens left to right; a token is (text, whether it is a symbol), the end is ("", True)."""

    def __init__(self, text: str) -> None:
        self._tokens = [(symbol or word, bool(symbol)) for symbol, word in _TOKEN.findall(text)]
        self._at = 0

    def _ahead(self) -> tuple[str, bool]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", True)

    def _take(self) -> tuple[str, bool]:
        token = self._ahead()
        self._at += 1
        return token

    def selector(self) -> LabelSelector:
        """The whole text."""
        requirements: list[LabelSelectorRequirement] = []
        while True:
            text, is_symbol = self._ahead()
            if not text:
                return LabelSelector(match_expressions=tuple(requirements))
            if is_symbol and text != "!":
                raise ValueError(f"found '{text}', expected: !, identifier, or 'end of string'")
            try:
                requirements.append(self._requirement())
            except ValueError as error:
                raise ValueError(f"unable to parse requirement: {error}") from None
            text, _ = self._take()
            if not text:
                return LabelSelector(match_expressions=tuple(requirements))
            if text != ",":
                raise ValueError(f"found '{text}', expected: ',' or 'end of string'")
            text, is_symbol = self._ahead()
            if is_symbol and text != "!":
                raise ValueError(f"found '{text}', expected: identifier after ','")

    def _requirement(self) -> LabelSelectorRequirement:
        key, is_symbol = self._take()
        absent = key == "!"
        if absent:
            key, is_symbol = self._take()
        if is_symbol:
            raise ValueError(f"found '{key}', expected: identifier")
        _check_key(key)
        if absent or self._ahead()[0] in ("", ","):
            return LabelSelectorRequirement(key, "DoesNotExist" if absent else "Exists")
        operator, _ = self._take()
        if operator not in _OPERATORS:
            raise ValueError(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")
        values = self._listed() if operator in ("in", "notin") else (self._exact(),)
        for value in values:
            _check_value(key, value)
        if operator in ("<", ">") and not re.fullmatch(r"[+-]?\d+", values[0]):
            raise ValueError(
                f"values[0]: Invalid value: {_quoted(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer"
            )
        return LabelSelectorRequirement(key, _OPERATORS[operator], values)

    def _exact(self) -> str:
        if self._ahead()[0] in ("", ","):
            return ""
        text, is_symbol = self._take()
        if is_symbol:
            raise ValueError(f"found '{text}', expected: identifier")
        return text

    def _listed(self) -> tuple[str, ...]:
        text, _ = self._take()
        if text != "(":
            raise ValueError(f"found '{text}' expected: '('")
        text, is_symbol = self._ahead()
        if is_symbol and text not in (",", ")"):
            raise ValueError(f"found '{text}', expected: ',', ')' or identifier")
        values = {""} if text == ")" else self._values()
        self._take()
        return tuple(sorted(values))

    def _values(self) -> set[str]:
        """What stands between the parentheses; a comma with nothing on one side stands beside an empty value."""
        values: set[str] = set()
        while True:
            text, is_symbol = self._take()
            following, following_is_symbol = self._ahead()
            if not is_symbol:
                values.add(text)
                if following == ")":
                    return values
                if following != "," or not following_is_symbol:
                    raise ValueError(f"found '{following}', expected: ',' or ')'")
            elif text == ",":
                if not values or following in (",", ")"):
                    values.add("")
                if following == ")":
                    return values
            else:
                raise ValueError(f"found '{text}', expected: ',', or identifier")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _check_key(key: str) -> None:
    prefix, slash, name = key.rpartition("/")
    shown = f"regex used for validation is '{KEY}')"
    if "/" in prefix:
        why = f"a valid label key must {_ALPHABET} (e.g. 'MyName',  or 'my.name',  or '123-abc', {shown}"
        why += " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    elif slash and not prefix:
        why = "prefix part must be non-empty"
    elif not name:
        why = f"name part must be non-empty; name part must {_ALPHABET} (e.g. 'MyName',  or 'my.name',  or '123-abc', {shown}"
    elif len(name) > LENGTH_MAX:
        why = f"name part must be no more than {LENGTH_MAX} bytes"
    elif not _KEY.fullmatch(name):
        why = f"name part must {_ALPHABET} (e.g. 'MyName',  or 'my.name',  or '123-abc', {shown}"
    else:
        return
    raise ValueError(f"<nil>: Invalid value: {_quoted(key)}: {why}")


def _check_value(key: str, value: str) -> None:
    if len(value) > LENGTH_MAX:
        why = f"must be no more than {LENGTH_MAX} bytes"
    elif not _VALUE.fullmatch(value):
        why = (
            f"a valid label must be an empty string or {_ALPHABET} "
            f"(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '({KEY})?')"
        )
    else:
        return
    raise ValueError(f"values[0][{key}]: Invalid value: {_quoted(value)}: {why}")
