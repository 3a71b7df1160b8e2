"""Which routes and Gateways the API server refuses: the limits and expressions of the CustomResourceDefinitions.

A refused object is not there: what it was meant to answer, nobody answers. Source: sigs.k8s.io/gateway-api v1.6.1 apis/v1, the
kubebuilder markers of gateway_types.go, httproute_types.go and grpcroute_types.go.
"""

import re
from collections import Counter

from underway.ingress.objects.gateway import Gateway, Listener
from underway.ingress.objects.route import (
    GRPCRoute,
    GRPCRouteRule,
    GRPCRouteSpec,
    HTTPPathMatch,
    HTTPRoute,
    HTTPRouteFilter,
    HTTPRouteRule,
    HTTPRouteSpec,
)

HOSTNAMES_MAX, RULES_MAX, MATCHES_MAX, MATCHES_OF_ROUTE_MAX, REFS_MAX, FILTERS_MAX = 16, 16, 64, 128, 16, 16
LISTENERS_MAX, CERTIFICATES_MAX, PATH_CHARACTERS_MAX, WEIGHT_MAX = 64, 64, 1024, 1_000_000
ONCE = ("CORS", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite")
_HOSTNAME = re.compile(r"(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PATH = re.compile(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+")
_FORBIDDEN = ("//", "/./", "/../", "%2f", "%2F", "#")


def gateway_refusal(gateway: Gateway) -> str:
    """Why the API server refuses a Gateway, or ""."""
    listeners = gateway.spec.listeners
    if not 1 <= len(listeners) <= LISTENERS_MAX:
        return f"{len(listeners)} listeners; 1 to {LISTENERS_MAX} are allowed"
    return listeners_refusal(listeners)


def listeners_refusal(listeners: tuple[Listener, ...]) -> str:
    """Why the listeners of one object are refused, or ""."""
    for number, name in Counter((one.port, one.protocol, one.hostname) for one in listeners).items():
        if name > 1:
            port, protocol, hostname = number
            return f"two listeners with port {port}, protocol {protocol} and hostname {hostname or '(none)'}"
    twice = next((name for name, count in Counter(one.name for one in listeners).items() if count > 1), "")
    if twice:
        return f"two listeners are named {twice}"
    for one in listeners:
        if one.hostname and not _HOSTNAME.fullmatch(one.hostname):
            return f"listener {one.name}: hostname {one.hostname!r} is none"
        if one.tls is not None and one.protocol in ("HTTP", "TCP", "UDP"):
            return f"listener {one.name}: tls must not be specified for protocol {one.protocol}"
        if one.tls is not None and any(not ref.name for ref in one.tls.certificate_refs):
            return f"listener {one.name}: a certificateRef has an empty name"
        if one.tls is not None and len(one.tls.certificate_refs) > CERTIFICATES_MAX:
            return f"listener {one.name}: {len(one.tls.certificate_refs)} certificateRefs; {CERTIFICATES_MAX} are allowed"
    return ""


def route_refusal(route: HTTPRoute | GRPCRoute) -> str:
    """Why the API server refuses a route, or ""."""
    spec: HTTPRouteSpec | GRPCRouteSpec = route.spec
    rules: tuple[HTTPRouteRule | GRPCRouteRule, ...] = spec.rules
    if len(spec.hostnames) > HOSTNAMES_MAX:
        return f"{len(spec.hostnames)} hostnames; {HOSTNAMES_MAX} are allowed"
    bad = next((host for host in spec.hostnames if not _HOSTNAME.fullmatch(host)), "")
    if bad:
        return f"hostname {bad!r} is none"
    if len(spec.rules) > RULES_MAX:
        return f"{len(spec.rules)} rules; {RULES_MAX} are allowed"
    total = sum(len(rule.matches) for rule in spec.rules)
    if total > MATCHES_OF_ROUTE_MAX:
        return f"{total} matches; {MATCHES_OF_ROUTE_MAX} are allowed over all rules"
    for index, rule in enumerate(rules):
        why = _counts(len(rule.matches), len(rule.filters), len(rule.backend_refs)) or _filters(rule.filters)
        if not why and isinstance(rule, HTTPRouteRule):
            why = _http_rule(rule)
        if not why and any(not 0 <= ref.weight <= WEIGHT_MAX for ref in rule.backend_refs):
            why = f"a weight is outside 0 to {WEIGHT_MAX}"
        if why:
            return f"spec.rules[{index}]: {why}"
    return ""


def _counts(matches: int, filters: int, refs: int) -> str:
    for name, count, most in (
        ("matches", matches, MATCHES_MAX),
        ("filters", filters, FILTERS_MAX),
        ("backendRefs", refs, REFS_MAX),
    ):
        if count > most:
            return f"{count} {name}; {most} are allowed"
    return ""


def _filters(filters: tuple[HTTPRouteFilter, ...]) -> str:
    kinds = Counter(one.type for one in filters)
    twice = next((kind for kind in ONCE if kinds[kind] > 1), "")
    if twice:
        return f"{twice} filter cannot be repeated"
    if kinds["RequestRedirect"] and kinds["URLRewrite"]:
        return "RequestRedirect and URLRewrite exclude each other"
    return ""


def _http_rule(rule: HTTPRouteRule) -> str:
    redirects = any(one.type == "RequestRedirect" for one in rule.filters)
    if redirects and rule.backend_refs:
        return "RequestRedirect filter must not be used together with backendRefs"
    modifiers = [(one.url_rewrite or one.request_redirect) for one in rule.filters]
    if any(one and one.path and one.path.type == "ReplacePrefixMatch" for one in modifiers) and not (
        len(rule.matches) == 1 and rule.matches[0].path.type == "PathPrefix"
    ):
        return "replacePrefixMatch needs exactly one match, and that of type PathPrefix"
    return next((why for match in rule.matches if (why := path_refusal(match.path))), "")


def path_refusal(path: HTTPPathMatch) -> str:
    """Why a path is refused, or ""."""
    value = path.value
    if len(value) > PATH_CHARACTERS_MAX:
        return f"a path of {len(value)} characters; {PATH_CHARACTERS_MAX} are allowed"
    if path.type == "RegularExpression":
        return ""
    if not value.startswith("/"):
        return f"path {value!r} must begin with /"
    bad = next((part for part in _FORBIDDEN if part in value), "") or next(
        (end for end in ("/..", "/.") if value.endswith(end)), ""
    )
    if bad:
        return f"path {value!r} must not contain {bad!r}"
    return "" if _PATH.fullmatch(value) else f"path {value!r} has a character that is not allowed"
