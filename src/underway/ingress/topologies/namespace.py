"""A Gateway for each namespace and class: teams stay apart, and so do addresses."""

from underway.ingress.ir import Server
from underway.ingress.layout import Gateway, Layout, Options
from underway.ingress.losses import Loss
from underway.ingress.topologies.placing import certificate_grants, gateway_class, gateway_name, place, split_by_namespace

name = "namespace"


def layout(servers: list[Server], options: Options) -> tuple[list[Server], Layout]:
    """The servers, one for each host and namespace, and where they are."""
    made = Layout()
    parts: list[Server] = []
    for server in servers:
        split = split_by_namespace(server)
        parts += split
        if len(split) > 1:
            made.losses.append(_two_addresses(server, split))
    groups: dict[tuple[str, str], list[tuple[int, Server, tuple[str, ...]]]] = {}
    for index, server in enumerate(parts):
        groups.setdefault((server.namespace, server.class_name), []).append((index, server, ()))
    for (namespace, class_name), members in groups.items():
        gateway = Gateway(namespace, gateway_name(class_name), gateway_class(class_name, options))
        made.gateways.append(gateway)
        place(made, gateway, members, options)
    made.grants += certificate_grants(made)
    made.losses += _catch_all(parts)
    return parts, made


def _catch_all(parts: list[Server]) -> list[Loss]:
    """What answers any host did so at the one address; now it does at its own namespace's alone."""
    found = []
    for server in parts:
        others = {one.namespace for one in parts if one.class_name == server.class_name} - {server.namespace}
        if not server.host and others:
            reason = f"answers any host, from now on at the address of {server.namespace} alone"
            witness = f"GET http://any.host/ at the address of {min(others)} is no longer answered by it"
            remedy = "--topology shared or listenerset"
            found.append(Loss("differs", server.where, server.object, reason, remedy, "E7", witness, ("",)))
    return found


def _two_addresses(server: Server, parts: list[Server]) -> Loss:
    names = " and ".join(part.namespace for part in parts)
    host, path = server.host or "any.host", parts[1].rules[0].matches[0].path.value
    reason = f"{host} has paths in {names}: one server so far, from now on a Gateway and an address in each"
    owner = parts[1].rules[0].owner
    witness = f"GET http://{host}{path} at the address of {parts[0].namespace} is no longer answered by {owner}"
    return Loss("differs", server.where, server.object, reason, "--topology shared or listenerset", "E7", witness, (server.host,))
