"""One Gateway for each class, in a namespace of its own; routes of other namespaces are let in by allowedRoutes."""

from underway.ingress.ir import Server
from underway.ingress.layout import Gateway, Layout, Options
from underway.ingress.topologies.placing import certificate_grants, gateway_class, gateway_name, place

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
    made.grants += certificate_grants(made)
    return servers, made
