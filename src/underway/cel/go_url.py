"""URLs as Go parses them, wording included. Source: Go 1.26 net/url (parse, parseAuthority, parseHost, parseQuery)."""

import ipaddress
import re
from typing import NamedTuple

from underway.cel.go_text import quote

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_PORT = re.compile(r"(?::[0-9]*)?")
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_UNRESERVED = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")
_PATH_SAFE = _UNRESERVED | frozenset(b"$&+,/:;=@")
_PATH_ENCODED = _PATH_SAFE | frozenset(b"!'()*[]%")
_HOST_SAFE = _UNRESERVED | frozenset(b"!$&'()*+,;=:[]<>\"")


class Url(NamedTuple):
    """The parts that expressions can ask for. `path` is as it was written, `query` without its "?"."""

    text: str
    scheme: str
    host: str
    path: str
    query: str

    @property
    def hostname(self) -> str:
        """The host without its port and brackets."""
        return self._split()[0]

    @property
    def port(self) -> str:
        """The port, or ""."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        host, port = self.host, ""
        colon = host.rfind(":")
        if colon >= 0 and _PORT.fullmatch(host[colon:]):
            host, port = host[:colon], host[colon + 1 :]
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        return host, port

    @property
    def escaped_path(self) -> str:
        """The path with what needs it escaped; as it was written, if that was valid."""
        written = self.path.encode()
        if all(byte in _PATH_ENCODED for byte in written):
            return self.path
        return "".join(chr(byte) if byte in _PATH_SAFE else f"%{byte:02X}" for byte in _unescaped_bytes(self.path))

    def parameters(self) -> dict[str, list[str]]:
        """The query's values by name; what is malformed is left out."""
        found: dict[str, list[str]] = {}
        for part in self.query.split("&"):
            name, _, value = part.partition("=")
            if not part or ";" in part or _bad_escape(name) or _bad_escape(value):
                continue
            found.setdefault(_plain(name), []).append(_plain(value))
        return found


def _plain(text: str) -> str:
    return _unescaped_bytes(text.replace("+", " ")).decode(errors="replace")


def _unescaped_bytes(text: str) -> bytes:
    return re.sub(rb"%([0-9a-fA-F]{2})", lambda match: bytes([int(match.group(1), 16)]), text.encode())


def _bad_escape(text: str) -> str | None:
    """The first percent sign that no two hexadecimal digits follow."""
    match = re.search(r"%(?![0-9a-fA-F]{2})", text)
    return None if match is None else text[match.start() : match.start() + 3]


def parse_request_uri(text: str) -> Url | str:
    """url.ParseRequestURI: an absolute URL or an absolute path; or why it is neither, in Go's words."""
    return _wrapped(text, _parse(text, via_request=True))


def parse_url(text: str) -> Url | str:
    """url.Parse: any reference, its fragment cut off; or why it is none."""
    return _wrapped(text, _parse(text.partition("#")[0], via_request=False))


def _wrapped(text: str, found: Url | str) -> Url | str:
    return f"parse {quote(text)}: {found}" if isinstance(found, str) else found._replace(text=text)


def _parse(text: str, *, via_request: bool) -> Url | str:
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in text):
        return "net/url: invalid control character in URL"
    if not text and via_request:
        return "empty url"
    if text == "*":
        return Url(text, "", "", "*", "")
    match = _SCHEME.match(text)
    scheme = match.group()[:-1].lower() if match else ""
    rest = text[match.end() :] if match else text
    if text.startswith(":"):
        return "missing protocol scheme"
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(text, scheme, "", "", query)
        if via_request:
            return "invalid URI for request"
        if ":" in rest.partition("/")[0]:
            return "first path segment in URL cannot contain colon"
    host = ""
    if rest.startswith("//") and (scheme or (not via_request and not rest.startswith("///"))):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        read, why = _authority(scheme, authority)
        if why:
            return why
        host = read
    bad = _bad_escape(rest)
    return f"invalid URL escape {quote(bad)}" if bad is not None else Url(text, scheme, host, rest, query)


def _authority(scheme: str, authority: str) -> tuple[str, str]:
    """The host of user@host:port, and why it is none."""
    user, at, host = authority.rpartition("@")
    if at:
        if not _USER.fullmatch(user):
            return "", "net/url: invalid userinfo"
        if (bad := _bad_escape(user)) is not None:
            return "", f"invalid URL escape {quote(bad)}"
    return _bracketed(host) if "[" in host else _plain_host(scheme, host)


def _bracketed(host: str) -> tuple[str, str]:
    if host.rfind("[") > 0:
        return "", "invalid IP-literal"
    name, bracket, port = host[1:].rpartition("]")
    if not bracket:
        return "", "missing ']' in host"
    if not _PORT.fullmatch(port):
        return "", f"invalid port {quote(port)} after host"
    read, why = _unescaped_host(name.partition("%25")[0])
    if why:
        return "", why
    try:
        address = ipaddress.ip_address(read)
    except ValueError:
        return "", f"invalid host: ParseAddr({quote(read)}): unable to parse IP"
    if address.version == 4:
        return "", "invalid IP-literal"
    zone = name.partition("%25")[2]
    return f"[{read}{'%' + _unescaped_bytes(zone).decode(errors='replace') if zone else ''}]{port}", ""


def _plain_host(scheme: str, host: str) -> tuple[str, str]:
    colon = host.rfind(":")
    if colon >= 0:
        # More than one colon is an error of http and https alone (Go 1.26; databases list several hosts).
        start = host.find(":") if scheme in ("http", "https") else colon
        if not _PORT.fullmatch(host[start:]):
            return "", f"invalid port {quote(host[start:])} after host"
    return _unescaped_host(host)


def _unescaped_host(host: str) -> tuple[str, str]:
    bad = _bad_escape(host)
    if bad is None:
        # Only what is not ASCII may be escaped in a host.
        match = re.search(r"%(?!25)[0-7][0-9a-fA-F]", host)
        bad = match.group() if match else None
    if bad is not None:
        return "", f"invalid URL escape {quote(bad)}"
    for sign in host:
        if ord(sign) < 0x80 and sign != "%" and ord(sign) not in _HOST_SAFE:
            return "", f"invalid character {quote(sign)} in host name"
    return _unescaped_bytes(host).decode(errors="replace"), ""
