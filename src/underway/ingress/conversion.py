"""From documents with Ingresses to objects of the Gateway API, and everything that is not as it was.

Owns the way through: source -> providers -> topology -> routes -> emitter. Nothing is dropped here without a loss: a setting
that the emitter has no place for is reported by this module, not by the emitter.
"""

from types import ModuleType
from typing import Any

import msgspec

from underway.ingress.emitters import EMITTERS, attachments, objects
from underway.ingress.emitters.emitter import Emitter, filters_of, lost, policies_of
from underway.ingress.emitters.experimental import DROPS, RULE_FIELDS
from underway.ingress.ir import REGEX, Plan, Rule, Server, Setting
from underway.ingress.layout import Grant, Layout, Options
from underway.ingress.losses import Loss, Where
from underway.ingress.providers import PROVIDERS, provider_of
from underway.ingress.routes import Route, routes_of
from underway.ingress.source import Ingress, Source, is_path, source_of
from underway.ingress.topologies import TOPOLOGIES

PAUSES = 10  # a request may last this many times the longest pause
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
        losses += _unroutable(server)
    topology = next(one for one in TOPOLOGIES if one.name == options.topology)
    placed, layout = topology.layout(servers, options)
    losses += layout.losses
    emitter = next(one for one in EMITTERS if one.name == options.emitter)
    made = _emitted(placed, layout, emitter, options, losses)
    return Conversion(made, _sorted([_where_it_stands(loss, source) for loss in losses]), len(source.ingresses))


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


def _unroutable(server: Server) -> list[Loss]:
    """Take out paths that no route may have: ImplementationSpecific lets everything through, a route does not."""
    found, kept = [], []
    for rule in server.rules:
        bad = next((one.path.value for one in rule.matches if one.path.kind != REGEX and not is_path(one.path.value)), None)
        if bad is None:
            kept.append(rule)
            continue
        reason = f"{bad!r} is no path that a route may have; it was left out"
        witness = f"GET http://{server.host or 'any.host'}{bad} is answered by another path, or not at all"
        hosts = (server.host,)
        found.append(Loss("skipped", rule.where, f"Ingress {rule.owner}", reason, "write it as a plain path", "", witness, hosts))
    server.rules = kept
    return found


def _emitted(
    servers: list[Server], layout: Layout, emitter: Emitter, options: Options, losses: list[Loss]
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    controller = options.controller or emitter.controller
    if controller:
        names = dict.fromkeys(one.class_name for one in layout.gateways)
        made += [objects.gateway_class(name, controller) for name in names if name]
    authorities = attachments.client_ca(layout, servers, options.minor)
    holders: set[tuple[str, str, str]] = set()
    for index, gateway in enumerate(layout.gateways):
        value = authorities.get(index)
        made.append(objects.gateway(gateway, attachments.frontend(gateway, value) if value else {}))
        if value:
            holders.add(("Gateway", gateway.namespace, gateway.name))
            holders |= {("ListenerSet", one.namespace, one.name) for one in layout.listener_sets if one.gateway is gateway}
            layout.grants += attachments.grant_for(gateway, value)
    made += [objects.listener_set(one) for one in layout.listener_sets]
    routes = routes_of(servers, layout)
    layout.grants += _grants(routes, emitter)
    made += [objects.grant(one, options.minor) for one in layout.grants]
    policies: list[dict[str, Any]] = attachments.backend_tls(routes)
    losses += attachments.drawn_into_tls(routes)
    for route in routes:
        written, more = _route(route, emitter, options, holders, losses)
        policies += more
        if route.kind != "TLSRoute" or options.minor >= objects.TLS_ROUTE_SINCE:
            made.append(written)
    return made + policies


def _grants(routes: list[Route], emitter: Emitter) -> list[Grant]:
    """Services of other namespaces are referred to only where these allow it: a canary, or what authenticates."""
    wanted: dict[tuple[str, str, str, str], set[str]] = {}
    group, kind = emitter.asks_as
    for route in routes:
        for backend in (one for rule in route.rules for one in rule.backends):
            if backend.namespace != route.namespace:
                wanted.setdefault((backend.namespace, objects.GROUP, route.kind, route.namespace), set()).add(backend.name)
        for setting in route.settings:
            if setting.kind == "external-auth" and kind and setting.value[0] != route.namespace:
                wanted.setdefault((setting.value[0], group, kind, route.namespace), set()).add(setting.value[1])
    return [
        Grant(target, who, near, "Service", tuple(sorted(names)), api)
        for (target, api, who, near), names in sorted(wanted.items())
    ]


def _route(
    route: Route, emitter: Emitter, options: Options, holders: set[tuple[str, str, str]], losses: list[Loss]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A route with its policies; settings that found no place become losses, and guards among them close it."""
    policies, held = policies_of(emitter, route)
    extras, references, more = filters_of(emitter, route)
    drops = dict(emitter.drops)
    held |= more | {attachments.BACKEND_TLS}
    held |= {one.kind for one in route.settings if attachments.is_held(one, route, holders)}
    fields: dict[str, Any] = {}
    for setting in route.settings:
        if options.experimental and setting.kind in RULE_FIELDS and setting.kind not in held:
            fields |= RULE_FIELDS[setting.kind](setting)
            held.add(setting.kind)
            drops |= {setting.kind: DROPS.get(setting.kind, ())}
    for setting in route.settings:
        dropped = tuple(key for key in drops.get(setting.kind, ()) if key in setting.keys and setting.kind in held)
        losses += [_of_hosts(loss, route) for loss in _left(route, msgspec.structs.replace(setting, keys=dropped, guards=False))]
    left = [setting for setting in route.settings if setting.kind not in held]
    guarded = any(setting.guards for setting in left)
    for rule in route.rules if not options.open else ():
        if guarded or rule.closed_by:
            rule.closed = rule.redirect is None
    for setting in left:
        said = _limited(route, setting) if setting.kind == "idle-timeout" else _left(route, setting)
        losses += [_of_hosts(loss, route) for loss in said]
    found: list[Loss] = []
    written = objects.route(route, options.minor, found)
    losses += [_of_hosts(loss, route) for loss in found]
    for rule in written["spec"]["rules"]:
        if "backendRefs" in rule:
            rule |= fields
            if references:
                rule["filters"] = rule.get("filters", []) + references
    return written, policies + extras


def _of_hosts(loss: Loss, route: Route) -> Loss:
    """A loss of a route is about the hosts of that route: an Ingress may have others."""
    return msgspec.structs.replace(loss, hosts=tuple(route.hostnames) or ("",))


def _limited(route: Route, setting: Setting) -> list[Loss]:
    """A limit of each pause becomes one of the whole request, where there is no field for pauses."""
    found = []
    for rule in route.rules:
        rule.request_timeout_ms = setting.value * PAUSES
    seconds = setting.value // 1000
    for key in setting.keys:
        reason = f"{key} limits each pause; a route limits the whole request, to {PAUSES} times as long"
        witness = f"an answer that takes more than {seconds * PAUSES} s is cut off, though it never pauses"
        rule = route.rules[0]
        loss = Loss("differs", _annotation(rule, key), f"Ingress {rule.owner}", reason, explained(key)[1], key, witness)
        found.append(loss)
    return found


def _left(route: Route, setting: Setting) -> list[Loss]:
    """What is said of a setting that found no place."""
    rule = route.rules[0]
    found = []
    for key in setting.keys:
        reason, remedy = explained(key)
        found.append(lost(rule, _annotation(rule, key), key, f"{key} {reason}", remedy, setting.guards))
    return found


def _annotation(rule: Rule, key: str) -> Where:
    """Where an annotation of the Ingress stands that a rule comes from."""
    path = rule.where.path
    base = path[: path.index("spec")] if "spec" in path else path
    prefix = next((one.prefixes[0] for one in PROVIDERS if getattr(one, "explain", None) and one.explain(key)), "")
    return Where(rule.where.source, (*base, "metadata", "annotations", prefix + key))


def explained(key: str) -> tuple[str, str]:
    """Why an annotation has no counterpart, and the nearest remedy."""
    for provider in PROVIDERS:
        explain = getattr(provider, "explain", None)
        found = explain(key) if explain else None
        if found:
            said: tuple[str, str] = found
            return said
    return NO_EXPLANATION


def _where_it_stands(loss: Loss, source: Source) -> Loss:
    """A setting that an Ingress has from a ConfigMap is lost there, once for all."""
    found = source.borrowed.get((loss.object, str(loss.where.path[-1]))) if loss.where.path else None
    return msgspec.structs.replace(loss, object=found.object, where=found.where) if found else loss


def _sorted(losses: list[Loss]) -> list[Loss]:
    """Each loss once, with all the hosts that it is about, in the order of the files."""
    kept: dict[tuple[Any, ...], Loss] = {}
    for loss in losses:
        found = kept.setdefault((loss.kind, loss.where.source, loss.object, loss.code, loss.reason), loss)
        if found.hosts and loss.hosts and found.hosts != loss.hosts:
            hosts = tuple(dict.fromkeys((*found.hosts, *loss.hosts)))
            kept[loss.kind, loss.where.source, loss.object, loss.code, loss.reason] = msgspec.structs.replace(found, hosts=hosts)
    return sorted(kept.values(), key=lambda loss: (loss.where.source, [_rank(part) for part in loss.where.path]))


def _rank(part: str | int) -> tuple[bool, str, int]:
    """Keys in alphabetical order, indices by number."""
    return (True, part, 0) if isinstance(part, str) else (False, "", part)
