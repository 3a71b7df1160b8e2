"""Rules gathered into routes, within the limits of the Gateway API.

Owns grouping and splitting: rules of one fate become one rule, hosts with the same rules one route, and what is too much for one
object becomes several. What a route looks like as an object is in `emitters`.
"""

import msgspec

from underway.ingress.ir import Match, Rule, Server, Setting
from underway.ingress.layout import Layout, Parent

RULES_MAX = 16  # HTTPRouteSpec.rules
MATCHES_MAX = 64  # HTTPRouteRule.matches
ROUTE_MATCHES_MAX = 128  # over all rules: CEL of HTTPRouteSpec.rules
HOSTNAMES_MAX = 16
PARENTS_MAX = 32
NAME_LENGTH_MAX = 253


class Route(msgspec.Struct):
    """One route. kind: HTTPRoute, GRPCRoute or TLSRoute; settings: what a policy says of all its rules."""

    kind: str
    namespace: str
    name: str
    hostnames: list[str]
    parents: list[Parent]
    rules: list[Rule]
    settings: tuple[Setting, ...] = ()


class _Group(msgspec.Struct):
    """Hosts that have the same rules."""

    rules: list[Rule]
    settings: tuple[Setting, ...]
    hosts: list[str] = []
    parents: list[list[Parent]] = []


def routes_of(servers: list[Server], layout: Layout) -> list[Route]:
    """Every route, named after the Ingress of its first rule. The order of servers and rules decides all names."""
    groups: dict[object, _Group] = {}
    for index, server in enumerate(servers):
        for key, rules, parents in _sets(index, server, layout):
            group = groups.get(key)
            if group is None:
                group = groups[key] = _Group(rules, rules[0].settings)
            group.hosts.append(server.host)
            group.parents.append(parents)
    routes: list[Route] = []
    taken: dict[tuple[str, str, str], int] = {}
    for group in groups.values():
        for hosts, parents in _host_chunks(group):
            chunks = _rule_chunks(_merged(group.rules))
            routes.extend(_route(hosts, parents, rules, group.settings, taken) for rules in chunks)
    return routes


def _sets(index: int, server: Server, layout: Layout) -> list[tuple[object, list[Rule], list[Parent]]]:
    """The rules of a host by the listeners they are for, and by what must be the same within one route."""
    schemes = [scheme for scheme in ("http", "https", "tls") if (index, scheme) in layout.parents]
    found: dict[object, tuple[list[Rule], list[Parent]]] = {}
    for rule in server.rules:
        mine = tuple(scheme for scheme in schemes if rule.scheme in ("", scheme) and (scheme != "tls" or rule.scheme == "tls"))
        if not mine:
            continue
        key: object = (mine, rule.namespace, rule.protocol, rule.settings)
        rules, _ = found.setdefault(key, ([], [layout.parents[index, scheme] for scheme in mine]))
        rules.append(rule)
    sets: list[tuple[object, list[Rule], list[Parent]]] = []
    for key, (rules, parents) in found.items():
        homes = tuple((parent.kind, parent.namespace) for parent in parents)
        signature = tuple((rule.matches, rule.fate()) for rule in rules)
        # A route for all hosts has no hostnames, so that it cannot be one with others.
        sets.append(((key, homes, server.class_name, bool(server.host), signature), rules, parents))
    return sets


def _host_chunks(group: _Group) -> list[tuple[list[str], list[Parent]]]:
    chunks: list[tuple[list[str], list[Parent]]] = []
    for host, parents in zip(group.hosts, group.parents, strict=True):
        full = not chunks or len(chunks[-1][0]) >= HOSTNAMES_MAX or len(chunks[-1][1]) + len(parents) > PARENTS_MAX
        if full:
            chunks.append(([], []))
        if host:
            chunks[-1][0].append(host)
        chunks[-1][1].extend(parents)
    return chunks


def _merged(rules: list[Rule]) -> list[Rule]:
    """Rules of one fate as one, but those that cut off the prefix they matched: these may have one match alone."""
    merged: list[Rule] = []
    last: dict[object, Rule] = {}
    for rule in rules:
        fate = rule.fate()
        found = last.get(fate)
        single = rule.rewrite is not None and rule.rewrite.prefix is not None
        if found is None or single or len(found.matches) + len(rule.matches) > MATCHES_MAX or _ties(found.matches, rule.matches):
            last[fate] = msgspec.structs.replace(rule)
            merged.append(last[fate])
        else:
            found.matches += rule.matches
    return merged


def _ties(some: tuple[Match, ...], others: tuple[Match, ...]) -> bool:
    """Matches with headers are told apart by the order of rules when as many headers match: they stay where they are."""
    return any(match.headers for match in (*some, *others))


def _rule_chunks(rules: list[Rule]) -> list[list[Rule]]:
    chunks: list[list[Rule]] = []
    matches = 0
    for rule in rules:
        if not chunks or len(chunks[-1]) >= RULES_MAX or matches + len(rule.matches) > ROUTE_MATCHES_MAX:
            chunks.append([])
            matches = 0
        chunks[-1].append(rule)
        matches += len(rule.matches)
    return chunks


KINDS = {"HTTP": "HTTPRoute", "GRPC": "GRPCRoute", "TLS": "TLSRoute"}


def _route(
    hosts: list[str],
    parents: list[Parent],
    rules: list[Rule],
    settings: tuple[Setting, ...],
    taken: dict[tuple[str, str, str], int],
) -> Route:
    first = rules[0]
    base = first.owner.partition("/")[2]
    if all(rule.redirect is not None and rule.redirect.scheme for rule in rules):
        base += "-to-https"
    kind = KINDS[first.protocol]
    key = kind, first.namespace, base
    count = taken[key] = taken.get(key, 0) + 1
    name = base if count == 1 else f"{base}-{count}"
    while count > 1 and (kind, first.namespace, name) in taken:
        count = taken[key] = taken[key] + 1
        name = f"{base}-{count}"
    taken.setdefault((kind, first.namespace, name), 1)
    return Route(kind, first.namespace, name[-NAME_LENGTH_MAX:], hosts, parents, rules, settings)
