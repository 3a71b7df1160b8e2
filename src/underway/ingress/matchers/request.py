"""A request as a data plane sees it, and how one is made from a URL."""

from urllib.parse import parse_qsl, urlsplit

import msgspec

from underway.errors import UsageError

PORTS = {"http": 80, "https": 443}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")


class Request(msgspec.Struct, frozen=True, gc=False):
    """One request. host: lower case, without port; path: as on the wire, without query; headers: lower-case names; port 0: the
    scheme's own."""

    host: str
    path: str = "/"
    scheme: str = "http"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    port: int = 0

    def header(self, name: str) -> str | None:
        """The first value of a header; name: lower case."""
        return next((value for key, value in self.headers if key == name), None)

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    def cookie(self, name: str) -> str | None:
        """The value of a cookie."""
        for part in (self.header("cookie") or "").split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
        return None

    @property
    def url(self) -> str:
        """The URL that makes this request."""
        port = f":{self.port}" if self.port and self.port != PORTS[self.scheme] else ""
        query = "&".join(f"{key}={value}" for key, value in self.query)
        return f"{self.scheme}://{self.host}{port}{self.path}" + (f"?{query}" if query else "")


def request_of(url: str, method: str = "GET", headers: tuple[str, ...] = ()) -> Request:
    """The request that a client sends for `url`. headers: "Name: value" each. Raises UsageError if one cannot be read."""
    try:
        parts = urlsplit(url)
        port = parts.port or 0
    except ValueError as error:
        raise UsageError(f"{url}: is no URL: {error}") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise UsageError(f"{url}: is no URL of a request; write http://HOST/PATH or https://HOST/PATH")
    named = []
    for line in headers:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise UsageError(f"-H {line!r}: is no header; write -H 'Name: value'")
        named.append((name.strip().lower(), value.strip()))
    told = next((value for name, value in named if name == "host"), "")
    return Request(
        host=(told.partition(":")[0] or parts.hostname).lower(),
        path=parts.path or "/",
        scheme=parts.scheme,
        method=method.upper(),
        headers=tuple(pair for pair in named if pair[0] != "host"),
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        port=port,
    )
