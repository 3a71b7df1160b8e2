"""What the standard channel attaches beside routes: BackendTLSPolicy on Services, client certificates on Gateways.

Source: sigs.k8s.io/gateway-api v1.6.1 backendtlspolicy_types.go, gateway_types.go (FrontendTLSConfig, since 1.5).
"""

from typing import Any

from underway.ingress.emitters.objects import API
from underway.ingress.ir import Backend, Rule, Server, Setting
from underway.ingress.layout import Gateway, Grant, Layout
from underway.ingress.losses import Loss
from underway.ingress.routes import Route

FRONTEND_TLS_SINCE = 5
BACKEND_TLS, CLIENT_CA = "backend-tls", "client-ca"
Fields = dict[str, Any]


def backend_tls(routes: list[Route]) -> list[Fields]:
    """A policy for each Service that is reached over verified TLS."""
    made: dict[tuple[str, str], Fields] = {}
    for route in routes:
        for setting in route.settings:
            if setting.kind != BACKEND_TLS:
                continue
            secret, hostname = setting.value
            for backend in (one for rule in route.rules for one in rule.backends if one.kind == "Service"):
                spec = {
                    "targetRefs": [{"group": "", "kind": "Service", "name": backend.name}],
                    "validation": {"caCertificateRefs": [{"group": "", "kind": "Secret", "name": secret}], "hostname": hostname},
                }
                metadata = {"name": backend.name, "namespace": backend.namespace}
                policy = {"apiVersion": API, "kind": "BackendTLSPolicy", "metadata": metadata, "spec": spec}
                made.setdefault((backend.namespace, backend.name), policy)
    return list(made.values())


def drawn_into_tls(routes: list[Route]) -> list[Loss]:
    """Rules that spoke otherwise to a Service that now has a BackendTLSPolicy: it is for whoever uses the Service."""
    verified: dict[tuple[str, str], tuple[object, str]] = {}
    for route in routes:
        value = _verification(route)
        for rule in route.rules if value else ():
            for backend in rule.backends:
                verified.setdefault((backend.namespace, backend.name), (value, rule.owner))
    return [
        _drawn_in(route, rule, backend, verified[backend.namespace, backend.name][1])
        for route in (routes if verified else ())
        for rule in route.rules
        for backend in rule.backends
        if verified.get((backend.namespace, backend.name), (None, ""))[0] not in (None, _verification(route))
    ]


def _verification(route: Route) -> object:
    return next((one.value for one in route.settings if one.kind == BACKEND_TLS), None)


def _drawn_in(route: Route, rule: Rule, backend: Backend, owner: str) -> Loss:
    said = f"Service {backend.namespace}/{backend.name} has a BackendTLSPolicy, since Ingress {owner} asks: it is for all routes"
    witness = f"{rule.matches[0].path.value} was passed on to it without, or with another authority"
    remedy, hosts = "a Service of its own, with the same selector", tuple(route.hostnames) or ("",)
    return Loss("differs", rule.where, f"Ingress {rule.owner}", said, remedy, BACKEND_TLS, witness, hosts)


def client_ca(layout: Layout, servers: list[Server], minor: int) -> dict[int, tuple[str, str, str]]:
    """The authority of clients for each Gateway, by its index: only if all of its https hosts ask for the same one."""
    if minor < FRONTEND_TLS_SINCE:
        return {}
    sets = {(one.namespace, one.name): one for one in layout.listener_sets}
    asked: dict[tuple[str, str], set[Any]] = {}
    for index, server in enumerate(servers):
        parent = layout.parents.get((index, "https"))
        if parent is None:
            continue
        home = sets.get((parent.namespace, parent.name)) if parent.kind == "ListenerSet" else None
        key = (home.gateway.namespace, home.gateway.name) if home else (parent.namespace, parent.name)
        asked.setdefault(key, set()).update(_asked(server))
    found = {}
    for number, one in enumerate(layout.gateways):
        values = asked.get((one.namespace, one.name), set())
        if len(values) == 1 and (value := next(iter(values))) is not None:
            found[number] = value
    return found


def _asked(server: Server) -> set[Any]:
    """What the https rules of a host ask for: an authority, or None."""
    rules = [rule for rule in server.rules if rule.scheme != "http"]
    return {next((one.value for one in rule.settings if one.kind == CLIENT_CA), None) for rule in rules}


def frontend(gateway: Gateway, value: tuple[str, str, str]) -> Fields:
    """spec.tls of a Gateway whose clients show certificates."""
    namespace, name, mode = value
    reference = {"group": "", "kind": "Secret", "name": name} | (
        {"namespace": namespace} if namespace != gateway.namespace else {}
    )
    return {"frontend": {"default": {"validation": {"caCertificateRefs": [reference], "mode": mode}}}}


def grant_for(gateway: Gateway, value: tuple[str, str, str]) -> list[Grant]:
    """The grant for an authority of another namespace."""
    namespace, name, _ = value
    return [] if namespace == gateway.namespace else [Grant(namespace, "Gateway", gateway.namespace, "Secret", (name,))]


def is_held(setting: Setting, route: Route, holders: set[tuple[str, str, str]]) -> bool:
    """Whether every listener of a route belongs to a Gateway that holds the setting. holders: kind, namespace and name."""
    return setting.kind == CLIENT_CA and all((one.kind, one.namespace, one.name) in holders for one in route.parents)
