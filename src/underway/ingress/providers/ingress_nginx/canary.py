"""canary, canary-by-header*, canary-by-cookie, canary-weight*: matches on headers, and weights.

Source: kubernetes/ingress-nginx rootfs/etc/nginx/lua/balancer.lua (route_to_alternative_balancer): header, then cookie, then
weight.
"""

import re

import msgspec

from underway.ingress.ir import REGEX, Backend, Header, Match, Rule
from underway.ingress.providers.annotations import Annotations

KEYS = (
    "canary", "canary-by-header", "canary-by-header-value", "canary-by-header-pattern", "canary-by-cookie", "canary-weight",
    "canary-weight-total",
)  # fmt: skip
NOWHERE = Backend("", "")
NAME = re.compile(r"^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$")  # HTTPHeaderName
WEIGHT_MAX = 1_000_000  # BackendRef.weight


class Canary(msgspec.Struct, frozen=True, gc=False):
    """When a request goes to the canary's backend. weight of total: of the requests that neither header nor cookie decide."""

    own: Annotations
    header: str = ""
    value: str = ""
    pattern: str = ""
    cookie: str = ""
    weight: int = 0
    total: int = 100
    backend: Backend = NOWHERE


def canary_of(own: Annotations) -> Canary:
    """The settings of a canary Ingress."""
    total = max(own.number("canary-weight-total", 100), 100)  # balancer.lua takes a total below 100 for 100
    names = ("canary-by-header", "canary-by-header-value", "canary-by-header-pattern", "canary-by-cookie")
    header, value, pattern, cookie = (own.text(key) for key in names)
    if header and not NAME.match(header):
        own.lose("invalid", "canary-by-header", f"{header!r} is no name of a header, and was left out")
        header = ""
    if total > WEIGHT_MAX:
        own.lose("invalid", "canary-weight-total", f"{total} is more than a weight may be; it was taken for {WEIGHT_MAX}")
        total = WEIGHT_MAX
    return Canary(own, header, value, pattern, cookie, min(own.number("canary-weight", 0), total), total)


def spread(rule: Rule, canary: Canary) -> list[Rule]:
    """A rule and its canary as rules: the more headers a match has, the earlier it is tried; of as many, the first rule."""
    [main] = rule.backends
    rules: list[Rule] = []
    if canary.header and canary.value:
        rules.append(_when(rule, Header(canary.header, canary.value), canary.backend))
    elif canary.header and canary.pattern:
        rules.append(_when(rule, Header(canary.header, canary.pattern, REGEX), canary.backend))
        reason = f"{canary.pattern!r} became a RegularExpression: how a Gateway reads it depends on its implementation"
        canary.own.lose("differs", "canary-by-header-pattern", reason, "canary-by-header-value says a value outright")
    elif canary.header:
        rules += [_when(rule, Header(canary.header, word), one) for word, one in (("always", canary.backend), ("never", main))]
    if canary.cookie:
        reason = "became a RegularExpression on the header Cookie: how a Gateway reads it depends on its implementation"
        canary.own.lose("differs", "canary-by-cookie", reason, "canary-by-header decides without")
        for word, one in (("always", canary.backend), ("never", main)):
            pattern = rf"^(.*;\s*)?{re.escape(canary.cookie)}={word}(;.*)?$"
            rules.append(_when(rule, Header("Cookie", pattern, REGEX), one))
    shares = (main, canary.total - canary.weight), (canary.backend, canary.weight)
    kept = tuple(msgspec.structs.replace(one, weight=share) for one, share in shares if share)
    if len(kept) == 1:
        kept = (msgspec.structs.replace(kept[0], weight=None),)
    return [*rules, msgspec.structs.replace(rule, backends=kept)]


def _when(rule: Rule, header: Header, backend: Backend) -> Rule:
    matches = tuple(Match(match.path, (*match.headers, header)) for match in rule.matches)
    return msgspec.structs.replace(rule, matches=matches, backends=(backend,))
