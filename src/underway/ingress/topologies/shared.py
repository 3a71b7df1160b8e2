"""One Gateway for each class, in a namespace of its own; routes of other namespaces are let in by allowedRoutes."""

from underway.ingress.ir import Server
from underway.ingress.layout import Gateway, Grant, Layout, Options
from underway.ingress.topologies.placing import gateway_class, gateway_name, place

name = "shared"


def layout(servers: list[Server], options: Options) -> tuple[list[Server], Layout]:
    """The servers as they are, and the Gateways with grants for the certificates of other namespaces."""
    made = Layout()
    namespace, wanted = options.gateway
    groups: dict[str, list[tuple[int, Server, tuple[str, ...]]]] = {}
    for index, server in enumerate(servers):
        allowed = tuple(sorted({rule.namespace for rule in server.rules} or {server.namespace}))
        groups.setdefault(server.class_name, []).append((index, server, allowed))
    for class_name, members in groups.items():
        gateway = Gateway(namespace, wanted or gateway_name(class_name), gateway_class(class_name, options))
        made.gateways.append(gateway)
        place(made, gateway, members, options)
    foreign: dict[str, set[str]] = {}
    for server in servers:
        for certificate in server.certificates:
            if certificate.namespace != namespace:
                foreign.setdefault(certificate.namespace, set()).add(certificate.name)
    made.grants += [
        Grant(target, "Gateway", namespace, "Secret", tuple(sorted(names))) for target, names in sorted(foreign.items())
    ]
    return servers, made
