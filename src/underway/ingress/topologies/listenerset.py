"""One Gateway for each class, and a ListenerSet in each namespace: teams own their hosts and certificates, the address is one.

A host belongs to the namespace of the first Ingress that names it; others may attach their routes to its listener.
"""

from underway.ingress.ir import Server
from underway.ingress.layout import LISTENERS_MAX, Gateway, Grant, Layout, Listener, ListenerSet, Options, Parent
from underway.ingress.topologies.placing import gateway_class, gateway_name, listeners_of

name = "listenerset"


def layout(servers: list[Server], options: Options) -> tuple[list[Server], Layout]:
    """The servers as they are, and where they are."""
    made = Layout()
    gateways: dict[str, Gateway] = {}
    homes: dict[tuple[str, str], ListenerSet] = {}
    counts: dict[tuple[str, str], int] = {}
    for index, server in enumerate(servers):
        gateway = gateways.get(server.class_name) or _gateway(made, server, options)
        gateways[server.class_name] = gateway
        key = server.class_name, server.namespace
        others = {rule.namespace for rule in server.rules} - {server.namespace}
        wanted = listeners_of(server, tuple(sorted({server.namespace, *others})) if others else ())
        home = homes.get(key)
        if home is None or len(home.listeners) + len(wanted) > LISTENERS_MAX:
            counts[key] = counts.get(key, 0) + 1
            suffix = "" if counts[key] == 1 else f"-{counts[key]}"
            home = homes[key] = ListenerSet(server.namespace, gateway_name(server.class_name) + suffix, gateway)
            made.listener_sets.append(home)
            if server.namespace not in gateway.listener_namespaces:
                gateway.listener_namespaces.append(server.namespace)
        for scheme, listener in wanted:
            home.listeners.append(listener)
            made.parents[index, scheme] = Parent("ListenerSet", home.namespace, home.name, listener.name)
    made.grants += _grants(made.listener_sets)
    return servers, made


def _gateway(made: Layout, server: Server, options: Options) -> Gateway:
    namespace, wanted = options.gateway
    gateway = Gateway(namespace, wanted or gateway_name(server.class_name), gateway_class(server.class_name, options))
    # A Gateway must have a listener of its own; this one is for a host that no Ingress can have, and lets no route in but its
    # own.
    gateway.listeners.append(Listener("reserved", "reserved.invalid", 80, "HTTP"))
    made.gateways.append(gateway)
    return gateway


def _grants(sets: list[ListenerSet]) -> list[Grant]:
    wanted: dict[tuple[str, str], set[str]] = {}
    for one in sets:
        for listener in one.listeners:
            for certificate in listener.certificates:
                if certificate.namespace != one.namespace:
                    wanted.setdefault((certificate.namespace, one.namespace), set()).add(certificate.name)
    return [
        Grant(target, "ListenerSet", source, "Secret", tuple(sorted(names))) for (target, source), names in sorted(wanted.items())
    ]
