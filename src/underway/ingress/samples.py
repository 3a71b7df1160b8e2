"""Requests out of access logs, and what two data planes answered to each: the last look before traffic moves.

Owns the reading of a log line and the comparison. Sending is for `live`.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

# The combined log of nginx, with the request in quotes; the host is the URL's, or given for the whole file.
LINE = re.compile(r'"(?P<method>[A-Z]{3,7}) (?P<target>\S{1,4096}) HTTP/[0-9.]+"')
SAFE = ("GET", "HEAD", "OPTIONS")  # what may be asked twice
HEADERS = ("location", "content-type", "access-control-allow-origin")
NORMAL_PORTS = re.compile(r"^(https?://[^/:]+):(80|443)(?=/|$)")


class Sample(msgspec.Struct, frozen=True):
    """A request. host: "" takes the one that is given for the file."""

    method: str
    host: str
    target: str


class Answered(msgspec.Struct, frozen=True):
    """What a data plane answered. backend: who it was, if the answer says so; error: why there is no answer."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    backend: str = ""
    error: str = ""


class Different(msgspec.Struct, frozen=True):
    """A request that two data planes answer otherwise."""

    sample: Sample
    what: str
    old: str
    new: str


def samples_of(log: Iterable[str], host: str, most: int) -> tuple[list[Sample], int]:
    """The safe requests of an access log, each once, and how many lines held none. host: of lines that name none."""
    found: dict[Sample, None] = {}
    skipped = 0
    for line in log:
        match = LINE.search(line)
        if match is None or match["method"] not in SAFE or len(found) >= most:
            skipped += 1
            continue
        url = urlsplit(match["target"])
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        found[Sample(match["method"], url.hostname or host, target)] = None
    return list(found), skipped


def difference(sample: Sample, old: Answered, new: Answered) -> Different | None:
    """The first thing that is not alike: an error, the status, a header, the backend."""
    if old.error or new.error:
        return Different(sample, "no answer", old.error or str(old.status), new.error or str(new.status))
    if old.status != new.status:
        return Different(sample, "status", str(old.status), str(new.status))
    left, right = (_normal(one) for one in (old, new))
    for name in HEADERS:
        if left.get(name) != right.get(name):
            return Different(sample, name, left.get(name, "none"), right.get(name, "none"))
    if old.backend != new.backend:
        return Different(sample, "backend", old.backend or "unknown", new.backend or "unknown")
    return None


def _normal(one: Answered) -> dict[str, str]:
    """Headers by lower-case name; a port that is the scheme's own is none."""
    headers = {name.lower(): value for name, value in one.headers}
    if "location" in headers:
        headers["location"] = NORMAL_PORTS.sub(r"\1", headers["location"])
    if one.status >= 300:
        headers.pop("content-type", None)  # of the page that a data plane makes up for an error or a redirect
    return headers
