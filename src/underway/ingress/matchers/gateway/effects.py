"""What a rule does with a request that it matches: filters, backends with weights, redirects.

Source: sigs.k8s.io/gateway-api v1.6.1 httproute_types.go: HTTPRouteFilter and below, HTTPBackendRef; the table of
ReplacePrefixMatch; the rules for the port of a redirect.
"""

from typing import Any, NamedTuple

import msgspec

from underway.ingress.matchers.answer import Answer, Backend, Change, location, nothing
from underway.ingress.matchers.gateway.grants import Grants
from underway.ingress.matchers.gateway.parameters import Parameters
from underway.ingress.matchers.paths import stripped
from underway.ingress.matchers.request import PORTS, Request
from underway.ingress.matchers.services import Services
from underway.ingress.objects.route import (
    BackendObjectReference,
    BackendRef,
    HTTPHeaderFilter,
    HTTPPathModifier,
    HTTPRequestRedirect,
    HTTPRouteFilter,
)

Attribute = tuple[str, str]


class World(NamedTuple):
    """What rules refer to."""

    services: Services
    grants: Grants
    tls_services: frozenset[tuple[str, str]]
    parameters: Parameters


class Effect(NamedTuple):
    """A rule, ready to answer. base: the answer as far as it does not depend on the request."""

    base: Answer
    redirect: HTTPRequestRedirect | None = None
    modifier: HTTPPathModifier | None = None


def replaced_prefix(path: str, prefix: str, replacement: str) -> str:
    """The path with its matched prefix replaced, as the table in httproute_types.go has it."""
    return stripped(replacement) + path[len(stripped(prefix)) :] or "/"


def modified(path: str, modifier: HTTPPathModifier, prefix: str) -> str:
    """The path after a ReplaceFullPath or ReplacePrefixMatch. prefix: what the match holds."""
    if modifier.type == "ReplaceFullPath":
        return modifier.replace_full_path or "/"
    return replaced_prefix(path, prefix, modifier.replace_prefix_match or "")


def answer_of(effect: Effect, request: Request, prefix: str, listener_port: int) -> Answer:
    """The answer to a request that matched with `prefix`."""
    base = effect.base
    if effect.redirect is not None:
        return _redirected(effect, effect.redirect, request, prefix, listener_port)
    if effect.modifier is None:
        return base
    path = modified(request.path, effect.modifier, prefix)
    return Answer(
        base.answer, base.status, base.backends, base.rule, "", path, base.host, base.headers, base.attributes, base.opaque
    )


def before_any_request(effect: Effect) -> Answer:
    """What a rule answers as far as it can be said without a request, for people to read."""
    redirect, modifier = effect.redirect, effect.modifier
    if redirect is not None:
        to = f"{redirect.scheme or '(scheme)'}://{redirect.hostname or '(host)'}{_as_written(redirect.path) or '(path)'}"
        return Answer("redirect", redirect.status_code, rule=effect.base.rule, location=to)
    return msgspec.structs.replace(effect.base, path=_as_written(modifier))


def _as_written(modifier: HTTPPathModifier | None) -> str:
    if modifier is None:
        return ""
    whole = modifier.type == "ReplaceFullPath"
    return modifier.replace_full_path or "/" if whole else f"{stripped(modifier.replace_prefix_match or '')}/(rest)"


def _redirected(effect: Effect, redirect: HTTPRequestRedirect, request: Request, prefix: str, listener_port: int) -> Answer:
    scheme = redirect.scheme or request.scheme
    port = redirect.port or (PORTS.get(scheme, listener_port) if redirect.scheme else listener_port)
    path = modified(request.path, redirect.path, prefix) if redirect.path else request.path
    to = location(request, scheme, redirect.hostname or request.host, path, port)
    base = effect.base
    return Answer("redirect", redirect.status_code, (), base.rule, to, attributes=base.attributes, opaque=base.opaque)


def effect_of(
    world: World, kind: str, namespace: str, rule: str, filters: tuple[HTTPRouteFilter, ...], refs: tuple[BackendRef, ...]
) -> Effect:
    """A rule of a route. kind, namespace: of the route; rule: how it is named in reports."""
    backends = tuple(_backend(world, kind, namespace, ref) for ref in refs)
    attributes: list[Attribute] = []
    if len(refs) == 1:
        filters = (*filters, *refs[0].filters)
    else:
        attributes += [(f"filters of {ref.name}", repr(ref.filters)) for ref in refs if ref.filters]
    attributes += _protocols(world, kind, namespace, refs)
    changes: list[Change] = []
    opaque: list[Attribute] = []
    host, modifier, redirect = "", None, None
    for one in filters:
        if one.request_redirect is not None:
            redirect = one.request_redirect
        elif one.url_rewrite is not None:
            host, modifier = one.url_rewrite.hostname, one.url_rewrite.path
        elif one.request_header_modifier is not None:
            changes += _changes(one.request_header_modifier)
        else:
            _note(world, kind, namespace, one, attributes, opaque)
    if any(name == "host" for _, name, _ in changes):
        opaque.append(("RequestHeaderModifier of Host", "is not specified; URLRewrite.hostname is"))
    if redirect is None and not any(one.weight and not one.status for one in backends):
        return Effect(nothing(500, rule))
    kept = tuple(sorted(attributes)), tuple(sorted(opaque))
    base = Answer("backend", 0, backends, rule, host=host, headers=tuple(changes), attributes=kept[0], opaque=kept[1])
    return Effect(base, redirect, modifier)


def _backend(world: World, kind: str, namespace: str, ref: BackendRef | BackendObjectReference) -> Backend:
    weight = ref.weight if isinstance(ref, BackendRef) else 1
    to = ref.namespace or namespace
    usable = ref.group == "" and ref.kind == "Service" and ref.port is not None
    missing = world.parameters.services_complete and not world.services.known(to, ref.name)
    if not usable or missing or not world.grants.allows(kind, namespace, "Service", to, ref.name):
        return Backend(to, ref.name, ref.port or 0, weight, 500)
    return Backend(to, ref.name, ref.port or 0, weight)


def _protocols(world: World, kind: str, namespace: str, refs: tuple[BackendRef, ...]) -> list[Attribute]:
    found = [("backend-protocol", "GRPC")] if kind == "GRPCRoute" else []
    if any((ref.namespace or namespace, ref.name) in world.tls_services for ref in refs):
        found.append(("backend-tls", "yes"))
    return found


def _changes(modifier: HTTPHeaderFilter) -> list[Change]:
    return [
        *(("set", one.name.lower(), one.value) for one in modifier.set),
        *(("add", one.name.lower(), one.value) for one in modifier.add),
        *(("remove", name.lower(), "") for name in modifier.remove),
    ]


def _note(world: World, kind: str, namespace: str, one: HTTPRouteFilter, known: list[Attribute], opaque: list[Attribute]) -> None:
    """Filters that change no route: what is known of their effect, or that it is not known."""
    if one.response_header_modifier is not None:
        known += [(f"response-header {act} {name}", value) for act, name, value in _changes(one.response_header_modifier)]
    elif one.request_mirror is not None:
        mirror = one.request_mirror
        backend = _backend(world, kind, namespace, mirror.backend_ref)
        share = f"{mirror.percent}%" if mirror.percent is not None else _fraction(mirror.fraction)
        known.append(("mirror", f"{backend.where} {share}"))
    elif one.cors is not None:
        known.append(("cors", cors(one.cors)))
    else:
        reference = one.extension_ref or one.external_auth or {}
        opaque.append((one.type, f"{reference.get('kind', '')} {reference.get('name', '')}".strip()))


def _fraction(fraction: dict[str, int] | None) -> str:
    if fraction is None:
        return "100%"
    return f"{100 * fraction.get('numerator', 0) / fraction.get('denominator', 100):g}%"


def cors(settings: dict[str, Any]) -> str:
    """The settings of a CORS filter in one order, so that two of them can be compared; maxAge is 5 s by default."""
    names = {"allowOrigins": "origins", "allowMethods": "methods", "allowHeaders": "headers", "exposeHeaders": "exposes"}
    parts = [f"{name} {' '.join(sorted(map(str, settings.get(key) or ())))}" for key, name in names.items()]
    credentials = "with" if settings.get("allowCredentials") else "without"
    return "; ".join([*parts, f"{credentials} credentials", f"age {settings.get('maxAge', 5)}"])
