"""In which order the matches of all routes of one hostname are tried.

Source: sigs.k8s.io/gateway-api v1.6.1 httproute_types.go (HTTPRouteRule.Matches), grpcroute_types.go (GRPCRouteRule.Matches).
"""

from collections.abc import Iterator
from typing import NamedTuple

from underway.ingress.matchers.answer import Answer
from underway.ingress.matchers.expressions import NotDecidable, anchored, found_in, full
from underway.ingress.matchers.gateway.effects import Effect, before_any_request
from underway.ingress.matchers.paths import PathTable, stripped
from underway.ingress.matchers.request import Request
from underway.ingress.matchers.router import Condition, PathAtom
from underway.ingress.objects.route import GRPCRouteMatch, HTTPRouteMatch, ValueMatch

Rank = tuple[object, ...]


class Match(NamedTuple):
    """One match of one rule. kind: exact, elements, regex or any; rank: smaller is tried first, among those of equal paths."""

    kind: str
    value: str
    conditions: tuple[Condition, ...]
    rank: Rank
    effect: Effect
    where: str


def holds(condition: Condition, request: Request) -> bool:
    """Whether a condition on something other than the path holds. Raises NotDecidable."""
    if condition.part == "method":
        return request.method == condition.value
    value = request.header(condition.name) if condition.part == "header" else request.parameter(condition.name)
    if value is None:
        return False
    return found_in(condition.value, value) if condition.regex else value == condition.value


def http_match(match: HTTPRouteMatch, order: Rank, effect: Effect, where: str) -> Match:
    """A match of an HTTPRoute. order: age, name, index of rule and match."""
    conditions = [Condition("method", "", match.method)] if match.method else []
    conditions += _values("header", match.headers) + _values("query", match.query_params)
    kind = {"Exact": "exact", "RegularExpression": "regex"}.get(match.path.type, "elements")
    counts = (-len(match.path.value), not match.method, -len(match.headers), -len(match.query_params))
    return Match(kind, match.path.value, tuple(conditions), (*counts, *order), effect, where)


def grpc_match(match: GRPCRouteMatch, order: Rank, effect: Effect, where: str) -> Match:
    """A match of a GRPCRoute: the request of a method is a POST to /SERVICE/METHOD."""
    service, method = match.method.service, match.method.method
    conditions = tuple(_values("header", match.headers))
    rank = (-len(service), -len(method), -len(match.headers), *order)
    if match.method.type == "RegularExpression":
        return Match("regex", f"/{service or '[^/]+'}/{method or '[^/]+'}", conditions, rank, effect, where)
    if service and method:
        return Match("exact", f"/{service}/{method}", conditions, rank, effect, where)
    if service:
        return Match("elements", f"/{service}", conditions, rank, effect, where)
    return Match("any", f"/[^/]+/{_literal(method)}" if method else ".*", conditions, rank, effect, where)


def _literal(text: str) -> str:
    return "".join(character if character.isalnum() or character == "_" else f"\\{character}" for character in text)


def _values(part: str, values: tuple[ValueMatch, ...]) -> list[Condition]:
    """The conditions; of two with one name the first counts. Header names know no case."""
    found: dict[str, Condition] = {}
    for one in values:
        name = one.name.lower() if part == "header" else one.name
        regex = one.type == "RegularExpression"
        value = anchored(one.value) if regex else one.value
        found.setdefault(name, Condition(part, name, value, regex))  # type: ignore[arg-type]
    return list(found.values())


class Table:
    """The matches of one hostname of one listener."""

    def __init__(self, expressions: str) -> None:
        self._expressions = expressions
        self._paths: PathTable[Match] = PathTable()
        self._regex: list[Match] = []
        self._any: list[Match] = []
        self.matches: list[Match] = []

    def add(self, match: Match) -> None:
        """Add a match; `sort` must follow."""
        self.matches.append(match)
        if match.kind in ("regex", "any"):
            (self._regex if match.kind == "regex" else self._any).append(match)
        else:
            self._paths.add(match.kind, match.value, match)

    def sort(self) -> None:
        """Put the matches in the order in which they are tried."""
        for listed in (*self._paths.exact.values(), *self._paths.elements.values(), self._regex, self._any):
            listed.sort(key=lambda match: match.rank)

    def candidates(self, path: str) -> Iterator[Match]:
        """The matches whose path holds, first to last. Raises NotDecidable."""
        yield from self._paths.exact.get(path, ())
        regexes = [match for match in self._regex if full(match.value, path)] if self._regex else []
        if self._expressions == "before-prefixes":
            yield from regexes
        for listed in self._paths.by_elements(path):
            yield from listed
        if self._expressions != "before-prefixes":
            yield from regexes
        yield from (match for match in self._any if full(match.value, path))

    def find(self, request: Request) -> Match | None:
        """The match that takes the request. Raises NotDecidable."""
        for match in self.candidates(request.path):
            if not match.conditions or all(holds(condition, request) for condition in match.conditions):
                return match
        return None

    def branches(self) -> list[tuple[PathAtom, list[Condition], Answer]]:
        """The matches by path, each path's in the order in which they are tried."""
        kinds = {"exact": 0, "regex": 1 if self._expressions == "before-prefixes" else 3, "elements": 2, "any": 4}
        ordered = sorted(self.matches, key=lambda match: (kinds[match.kind], -len(match.value), match.rank))
        return [(self._atom(match), list(match.conditions), before_any_request(match.effect)) for match in ordered]

    @staticmethod
    def _atom(match: Match) -> PathAtom:
        """The predicate over paths of one match."""
        if match.kind in ("regex", "any"):
            return PathAtom("regex", anchored(match.value))
        return PathAtom("exact" if match.kind == "exact" else "elements", match.value)

    def atoms(self) -> list[PathAtom]:
        """The predicates over paths."""
        return [self._atom(match) for match in self.matches]


def reason(match: Match, request: Request, chosen: str) -> str:
    """Why a match does not answer."""
    try:
        single = Table("before-prefixes")
        single.add(match)
        if next(single.candidates(request.path), None) is None:
            return f"its path {_said(match)} does not match {request.path}"
        failing = next((one for one in match.conditions if not holds(one, request)), None)
    except NotDecidable as error:
        return str(error)
    if failing is not None:
        named = f"{failing.part} {failing.name}".strip()
        return f"the request lacks {named} {'like' if failing.regex else '='} {failing.value}"
    return f"matches, but {chosen} comes first"


def _said(match: Match) -> str:
    return f"{stripped(match.value)}/..." if match.kind == "elements" and match.value != "/" else match.value
