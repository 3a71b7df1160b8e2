"""What a request is answered with: a set of backends with weights, a redirect, or a status; and what the backend gets to see.

Owns the values that are compared. Two answers are the same when a client and the backends cannot tell them apart.
"""

from fractions import Fraction
from typing import Literal

import msgspec

from underway.ingress.matchers.request import PORTS, Request

Change = tuple[str, str, str]  # set | add | remove, header in lower case, value


class Value(msgspec.Struct, frozen=True, gc=False):
    """The base: immutable."""


class Backend(Value, frozen=True):
    """A port of a Service and its weight. status: not 0 for a share that is answered with an error instead."""

    namespace: str
    name: str
    port: int | str
    weight: int = 1
    status: int = 0

    @property
    def where(self) -> str:
        """As people write it."""
        return f"status {self.status}" if self.status else f"{self.namespace}/{self.name}:{self.port}"


class Answer(Value, frozen=True):
    """The answer. path, host: what the backend sees, "" where it is the request's own; location: of a redirect, complete.

    attributes: what else changes for client or backend (mirrors, CORS, protocols), name and value; opaque: settings whose effect
    the judge cannot know, so that it must not call two answers the same; undefined: why the semantics leave the answer open;
    free: captures make the path in a way that no finite number of paths shows.
    """

    answer: Literal["backend", "redirect", "none"]
    status: int = 0
    backends: tuple[Backend, ...] = ()
    rule: str = ""
    location: str = ""
    path: str = ""
    host: str = ""
    headers: tuple[Change, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    opaque: tuple[tuple[str, str], ...] = ()
    undefined: str = ""
    free: bool = False


def nothing(status: int, rule: str = "", undefined: str = "") -> Answer:
    """No backend takes it."""
    return Answer("none", status, rule=rule, undefined=undefined)


def shares(answer: Answer) -> frozenset[tuple[str, Fraction]]:
    """Each backend's share of the requests, in lowest terms, so that 1:1 is 50:50."""
    sums: dict[str, int] = {}
    for backend in answer.backends:
        if backend.weight > 0:
            sums[backend.where] = sums.get(backend.where, 0) + backend.weight
    total = sum(sums.values())
    return frozenset((where, Fraction(weight, total)) for where, weight in sums.items())


def headers_seen(answer: Answer, request: Request) -> frozenset[tuple[str, str]]:
    """The request's headers after the changes."""
    seen: dict[str, str] = {}
    for name, value in request.headers:
        seen[name] = f"{seen[name]},{value}" if name in seen else value
    for act, name, value in answer.headers:
        if act == "remove":
            seen.pop(name, None)
        elif act == "add" and name in seen:
            seen[name] = f"{seen[name]},{value}"
        else:
            seen[name] = value
    return frozenset(seen.items())


def outcome(answer: Answer, request: Request) -> tuple[object, ...]:
    """All that client and backend can tell of an answer; equal outcomes are the same behaviour."""
    if answer.answer == "redirect":
        return ("redirect", answer.status, _followed(answer.location, request), answer.attributes)
    if answer.answer == "none":
        return ("none", answer.status)
    return (
        "backend",
        shares(answer),
        answer.path or request.path,
        answer.host or request.host,
        headers_seen(answer, request),
        frozenset(answer.attributes),
    )


def _followed(to: str, request: Request) -> str:
    """Where a client goes. Between hosts or schemes a trailing slash is not compared: ingress-nginx drops it there, and a client
    that follows cannot be told of both."""
    return to if to.startswith(f"{request.scheme}://{request.host}/") else to.removesuffix("/")


def location(request: Request, scheme: str, host: str, path: str, port: int) -> str:
    """A Location header's value; the port is left out where it is the scheme's own."""
    shown = f":{port}" if port and port != PORTS.get(scheme, 0) else ""
    query = "&".join(f"{key}={value}" for key, value in request.query)
    return f"{scheme}://{host}{shown}{path}" + (f"?{query}" if query else "")
