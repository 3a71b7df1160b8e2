"""From documents with Ingresses to objects of the Gateway API, and everything that is not as it was.

Owns the way through: source -> providers -> topology -> routes -> emitter. Nothing is dropped here without a loss: a setting
that the emitter has no place for is reported by this module, not by the emitter.
"""

from types import ModuleType
from typing import Any

import msgspec

from underway.ingress.emitters import EMITTERS, objects
from underway.ingress.emitters.emitter import Emitter, filters_of, lost, policies_of
from underway.ingress.emitters.experimental import RULE_FIELDS
from underway.ingress.ir import Plan, Server
from underway.ingress.layout import Layout, Options
from underway.ingress.losses import Loss
from underway.ingress.providers import PROVIDERS, provider_of
from underway.ingress.routes import Route, routes_of
from underway.ingress.source import Ingress, Source, source_of
from underway.ingress.topologies import TOPOLOGIES

NO_EXPLANATION = ("has no counterpart", "")


class Conversion(msgspec.Struct, frozen=True):
    """What came out. objects: plain JSON values, in the order to apply them."""

    objects: list[dict[str, Any]]
    losses: list[Loss]
    ingresses: int


def convert(documents: list[Any], options: Options) -> Conversion:
    """Convert all Ingresses of some documents. documents: plain JSON values of any kind, which may refer to each other."""
    source = source_of(documents)
    losses = list(source.losses)
    plans = [
        _planned(provider, ingresses, source, class_name, losses) for provider, class_name, ingresses in _groups(source, options)
    ]
    servers = [server for plan in plans for server in plan.servers]
    for server in servers:
        _default_certificate(server, options)
    topology = next(one for one in TOPOLOGIES if one.name == options.topology)
    placed, layout = topology.layout(servers, options)
    losses += layout.losses
    emitter = next(one for one in EMITTERS if one.name == options.emitter)
    made = _emitted(placed, layout, emitter, options, losses)
    return Conversion(made, _sorted(losses), len(source.ingresses))


def _groups(source: Source, options: Options) -> list[tuple[ModuleType, str, list[Ingress]]]:
    """The Ingresses of each provider and class: these share servers."""
    groups: dict[tuple[int, str], list[Ingress]] = {}
    for ingress in source.ingresses:
        provider = PROVIDERS.index(provider_of(ingress, source, options.provider))
        groups.setdefault((provider, ingress.class_name or source.default_class), []).append(ingress)
    return [(PROVIDERS[index], class_name, members) for (index, class_name), members in groups.items()]


def _planned(provider: ModuleType, ingresses: list[Ingress], source: Source, class_name: str, losses: list[Loss]) -> Plan:
    plan, found = provider.plan(ingresses, source, class_name)
    losses += found
    made: Plan = plan
    return made


def _default_certificate(server: Server, options: Options) -> None:
    """A host whose spec.tls names no Secret has the controller's own certificate, which only its owner can name."""
    named = tuple(one for one in server.certificates if one.name)
    if server.tls and not named and options.default_certificate is not None:
        named = (options.default_certificate,)
    server.certificates = named


def _emitted(
    servers: list[Server], layout: Layout, emitter: Emitter, options: Options, losses: list[Loss]
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    controller = options.controller or emitter.controller
    if controller:
        names = dict.fromkeys(one.class_name for one in layout.gateways)
        made += [objects.gateway_class(name, controller) for name in names if name]
    made += [objects.gateway(one, {}) for one in layout.gateways]
    made += [objects.listener_set(one) for one in layout.listener_sets]
    made += [objects.grant(one, options.minor) for one in layout.grants]
    policies: list[dict[str, Any]] = []
    for route in routes_of(servers, layout):
        written, more = _route(route, emitter, options, losses)
        made.append(written)
        policies += more
    return made + policies


def _route(route: Route, emitter: Emitter, options: Options, losses: list[Loss]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A route with its policies; settings that found no place become losses, and guards among them close it."""
    policies, held = policies_of(emitter, route)
    extras, references, more = filters_of(emitter, route)
    held |= more
    fields: dict[str, Any] = {}
    for setting in route.settings:
        if options.experimental and setting.kind in RULE_FIELDS and setting.kind not in held:
            fields |= RULE_FIELDS[setting.kind](setting)
            held.add(setting.kind)
    left = [setting for setting in route.settings if setting.kind not in held]
    if any(setting.guards for setting in left) and not options.open:
        for rule in route.rules:
            rule.closed = rule.redirect is None
    for setting in left:
        for key in setting.keys:
            reason, remedy = explained(key)
            losses.append(lost(route.rules[0], key, f"{key} {reason}", remedy, setting.guards))
    written = objects.route(route, options.minor, losses)
    for rule in written["spec"]["rules"]:
        if "backendRefs" in rule:
            rule |= fields
            if references:
                rule["filters"] = rule.get("filters", []) + references
    return written, policies + extras


def explained(key: str) -> tuple[str, str]:
    """Why an annotation has no counterpart, and the nearest remedy."""
    for provider in PROVIDERS:
        explain = getattr(provider, "explain", None)
        found = explain(key) if explain else None
        if found:
            said: tuple[str, str] = found
            return said
    return NO_EXPLANATION


def _sorted(losses: list[Loss]) -> list[Loss]:
    """Each loss once, in the order of the files."""
    kept: dict[tuple[Any, ...], Loss] = {}
    for loss in losses:
        kept.setdefault((loss.where.source, loss.object, loss.code, loss.reason, loss.hosts), loss)
    return sorted(
        kept.values(),
        key=lambda loss: (loss.where.source, [(isinstance(part, str), str(part).zfill(6)) for part in loss.where.path]),
    )
