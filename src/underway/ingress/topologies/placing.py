"""Putting listeners of hosts into Gateways, with what overflows into ListenerSets.

Owns the limit of 64 listeners. Which Gateway a host belongs to is for each topology to say.
"""

import msgspec

from underway.ingress.ir import Certificate, Server
from underway.ingress.layout import (
    LISTENERS_MAX,
    PORTS,
    Gateway,
    Grant,
    Layout,
    Listener,
    ListenerSet,
    Options,
    Parent,
    listener_name,
)
from underway.ingress.losses import Loss

LISTENER_SET_SINCE = 5  # Gateway API 1.5


def schemes_of(server: Server) -> tuple[str, ...]:
    """The listeners that a host needs."""
    if server.passthrough:
        return ("http", "tls")
    return ("http", "https") if server.tls and server.certificates else ("http",)


def listeners_of(server: Server, namespaces: tuple[str, ...]) -> list[tuple[str, Listener]]:
    """The listeners of a host, by scheme. namespaces: whose routes may attach."""
    found = []
    for scheme in schemes_of(server):
        port, protocol = PORTS[scheme]
        certificates = server.certificates if scheme == "https" else ()
        found.append(
            (scheme, Listener(listener_name(scheme, server.host), server.host, port, protocol, certificates, namespaces))
        )
    return found


def place(layout: Layout, gateway: Gateway, servers: list[tuple[int, Server, tuple[str, ...]]], options: Options) -> None:
    """Put the listeners of servers into a Gateway, then into ListenerSets beside it; before 1.5 into further Gateways."""
    home: Gateway | ListenerSet = gateway
    count = 1
    for index, server, namespaces in servers:
        wanted = listeners_of(server, namespaces)
        if len(home.listeners) + len(wanted) > LISTENERS_MAX:
            count += 1
            if options.minor >= LISTENER_SET_SINCE:
                home = ListenerSet(gateway.namespace, f"{gateway.name}-{count}", gateway)
                layout.listener_sets.append(home)
                if gateway.namespace not in gateway.listener_namespaces:
                    gateway.listener_namespaces.append(gateway.namespace)
            else:
                home = Gateway(gateway.namespace, f"{gateway.name}-{count}", gateway.class_name)
                layout.gateways.append(home)
                layout.losses.append(_second_address(server, gateway, home))
        kind = "ListenerSet" if isinstance(home, ListenerSet) else "Gateway"
        for scheme, listener in wanted:
            home.listeners.append(listener)
            layout.parents[index, scheme] = Parent(kind, home.namespace, home.name, listener.name)


def _second_address(server: Server, gateway: Gateway, other: Gateway) -> Loss:
    reason = (
        f"more than {LISTENERS_MAX} listeners: from {server.host} on they are in Gateway {other.name}, which has its own address"
    )
    remedy = "--gateway-api 1.5 or later has ListenerSet, which keeps one address"
    return Loss(
        "differs", server.where, server.object, reason, remedy, "E7", f"{server.host} at the address of {gateway.name}: 404"
    )


def split_by_namespace(server: Server) -> list[Server]:
    """A host as each namespace has it: rules and certificates of its own."""
    namespaces = list(dict.fromkeys([rule.namespace for rule in server.rules] or [server.namespace]))
    if len(namespaces) == 1:
        # The first Ingress of a host may have lost all of its paths: the listener is where the routes are.
        return [msgspec.structs.replace(server, namespace=namespaces[0])]
    parts = []
    for namespace in namespaces:
        certificates: tuple[Certificate, ...] = tuple(one for one in server.certificates if one.namespace == namespace)
        rules = [rule for rule in server.rules if rule.namespace == namespace]
        part = Server(server.host, namespace, server.class_name, rules[0].where, f"Ingress {rules[0].owner}", rules)
        part.certificates, part.tls = certificates or server.certificates, server.tls
        part.passthrough = server.passthrough
        parts.append(part)
    return parts


def gateway_class(class_name: str, options: Options) -> str:
    """The class of a Gateway: as asked for, else of the Ingresses, else a name that somebody must give a meaning."""
    return options.gateway_class or class_name or "gateway"


def gateway_name(class_name: str) -> str:
    """A Gateway is named after the class whose work it takes over."""
    return class_name or "gateway"


def certificate_grants(made: Layout) -> list[Grant]:
    """The grants for the certificates of other namespaces, for Gateways and for ListenerSets apart: neither inherits the other's.

    Source: listenerset_types.go.
    """
    wanted: dict[tuple[str, str, str], set[str]] = {}
    holders = [("Gateway", one.namespace, one.listeners) for one in made.gateways]
    holders += [("ListenerSet", one.namespace, one.listeners) for one in made.listener_sets]
    for kind, namespace, listeners in holders:
        for certificate in (one for listener in listeners for one in listener.certificates):
            if certificate.namespace != namespace:
                wanted.setdefault((certificate.namespace, kind, namespace), set()).add(certificate.name)
    return [
        Grant(target, kind, source, "Secret", tuple(sorted(names))) for (target, kind, source), names in sorted(wanted.items())
    ]
