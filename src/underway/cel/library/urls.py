"""url() and its parts. Source: apiserver pkg/cel/library/urls.go."""

from collections.abc import Callable
from typing import Any, ClassVar

from underway.cel.go_url import Url, parse_request_uri, parse_url
from underway.cel.library.strings import traversal
from underway.cel.overload import Function, free, function, member
from underway.cel.types import BOOL, STRING, URL, list_of, map_of
from underway.cel.values import EvalError


class UrlValue:
    """A URL as a value; equal to another of the same text."""

    __slots__ = ("url",)
    cel_name: ClassVar[str] = "kubernetes.URL"

    def __init__(self, url: Url) -> None:
        self.url = url

    def equals(self, other: object) -> bool:
        """Whether the other is the same URL. Raises EvalError for what is none."""
        if type(other) is not UrlValue:
            raise EvalError("no such overload")
        return self.url.text == other.url.text


def _url(text: str) -> UrlValue:
    strict = parse_request_uri(text)
    found = parse_url(text) if isinstance(strict, Url) else strict
    if isinstance(found, str):
        raise EvalError(f"URL parse error during conversion from string: {found}")
    return UrlValue(found)


def _part(name: str, overload: str, read: Callable[[Url], str]) -> Function:
    return function(name, member(overload, (URL,), STRING, lambda value: read(value.url)))


def _query(value: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = value.url.parameters()
    return found


FUNCTIONS: tuple[Function, ...] = (
    function("url", free("string_to_url", (STRING,), URL, _url, traversal)),
    function("isURL", free("is_url_string", (STRING,), BOOL, lambda text: isinstance(parse_request_uri(text), Url))),
    _part("getScheme", "url_get_scheme", lambda url: url.scheme),
    _part("getHost", "url_get_host", lambda url: url.host),
    _part("getHostname", "url_get_hostname", lambda url: url.hostname),
    _part("getPort", "url_get_port", lambda url: url.port),
    _part("getEscapedPath", "url_get_escaped_path", lambda url: url.escaped_path),
    function("getQuery", member("url_get_query", (URL,), map_of(STRING, list_of(STRING)), _query)),
)
