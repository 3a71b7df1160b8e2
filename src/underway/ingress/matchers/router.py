"""What every matcher offers, whatever its semantics: which hosts it knows, what it can tell apart, and its answer.

`equivalence` asks two routers for what they can tell apart, makes one request for each class, and compares the answers.
"""

from typing import Literal, NamedTuple, Protocol

from underway.ingress.matchers.answer import Answer
from underway.ingress.matchers.request import Request


class PathAtom(NamedTuple):
    """A predicate over paths. exact: the path is the value; elements: it begins with the value's elements; string: it begins with
    the value; regex: the value, an expression, is found in it."""

    kind: Literal["exact", "elements", "string", "regex"]
    value: str
    ignore_case: bool = False


class Condition(NamedTuple):
    """A predicate over something else of the request. value: what is compared; regex: it is an expression, to be found in it."""

    part: Literal["header", "query", "method", "cookie"]
    name: str
    value: str
    regex: bool = False


class View(Protocol):
    """One host seen through one scheme. certificates: the Secrets that TLS is terminated with, None where the side promises no
    HTTPS for the host; notes: what is worth knowing beyond single answers."""

    certificates: frozenset[str] | None

    def atoms(self) -> list[PathAtom]:
        """Every predicate over paths that an answer can depend on."""
        ...

    def conditions(self, path: str, /) -> list[Condition]:
        """Every other predicate that an answer for this path can depend on."""
        ...

    def answer(self, request: Request) -> Answer:
        """The answer."""
        ...

    def branches(self) -> list[tuple[PathAtom, list[Condition], Answer]]:
        """The rules of the host in the order in which they are tried, each with what it answers before any request is known."""
        ...

    def why(self, request: Request) -> list[str]:
        """Why the others do not answer: one sentence a rule."""
        ...


class Router(Protocol):
    """A set of objects under one semantics. problems: objects of the set that take no part, and why."""

    name: str
    problems: list[str]

    def hosts(self) -> set[str]:
        """The hosts that are written down: precise ones and "*.suffix"; "" stands for any."""
        ...

    def views(self, scheme: str, host: str, port: int = 0, /) -> list[View]:
        """The data planes that a client of `host` may reach: more than one where several claim it."""
        ...
