"""Small Ingresses, Gateways and routes for tests, as a file would have them, and the matchers over them."""

from typing import Any

from underway.ingress.matchers.gateway.parameters import Parameters as GatewayParameters
from underway.ingress.matchers.gateway.view import GatewayRouter
from underway.ingress.matchers.ingress_nginx.view import NginxRouter
from underway.ingress.matchers.ingress_v1 import AS_DOCUMENTED, IngressV1, Parameters
from underway.ingress.matchers.request import request_of
from underway.ingress.objects.manifests import Manifests, manifests_of

Path = tuple[str, str, str]  # pathType, path, Service
BY_DEFAULT = GatewayParameters()


def ingress(name: str = "web", host: str = "shop.example", *paths: Path, **extra: Any) -> dict[str, Any]:
    """An Ingress of one host. extra: namespace, annotations, created, tls, default (a Service), class_name."""
    listed = [
        {"pathType": kind, "path": path, "backend": {"service": {"name": service, "port": {"number": 80}}}}
        for kind, path, service in paths
    ]
    spec: dict[str, Any] = {"rules": [{"host": host, "http": {"paths": listed}} if host else {"http": {"paths": listed}}]}
    if "default" in extra:
        spec["defaultBackend"] = {"service": {"name": extra["default"], "port": {"number": 80}}}
    if not paths:
        spec.pop("rules")
    if "tls" in extra:
        spec["tls"] = extra["tls"]
    if "class_name" in extra:
        spec["ingressClassName"] = extra["class_name"]
    metadata = {
        "name": name,
        "namespace": extra.get("namespace", "shop"),
        "creationTimestamp": extra.get("created", "2026-01-01T00:00:00Z"),
        "annotations": extra.get("annotations", {}),
    }
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def manifests(*documents: Any) -> Manifests:
    """The objects, none of them skipped."""
    found = manifests_of((document, f"test.yaml:{number}") for number, document in enumerate(documents, start=1))
    assert not found.skipped, found.skipped
    return found


def answered(router: Any, url: str, method: str = "GET", *headers: str) -> str:
    """Who answers: the Services with their weights, "301 LOCATION", or the status alone."""
    request = request_of(url, method, headers)
    answer = router.views(request.scheme, request.host, request.port)[0].answer(request)
    if answer.answer == "redirect":
        return f"{answer.status} {answer.location}"
    if answer.answer == "none":
        return str(answer.status)
    named = [(one.name or str(one.status), one.weight) for one in answer.backends if one.weight]
    return named[0][0] if len(named) == 1 else " + ".join(f"{name}*{weight}" for name, weight in named)


def specified(*documents: Any, parameters: Parameters = AS_DOCUMENTED) -> IngressV1:
    """The matcher of the specification."""
    return IngressV1(manifests(*documents), parameters)


def listener(name: str = "http", hostname: str = "", port: int = 80, protocol: str = "HTTP", **extra: Any) -> dict[str, Any]:
    """A listener. extra: certificates (Secret names), mode, from_ (All by default), kinds, selector."""
    made: dict[str, Any] = {"name": name, "port": port, "protocol": protocol}
    if hostname:
        made["hostname"] = hostname
    if "certificates" in extra or "mode" in extra:
        references = [{"name": one} for one in extra.get("certificates", ())]
        made["tls"] = {"mode": extra.get("mode", "Terminate"), "certificateRefs": references}
    namespaces = {"from": extra.get("from_", "All")} | ({"selector": extra["selector"]} if "selector" in extra else {})
    made["allowedRoutes"] = {"namespaces": namespaces} | ({"kinds": extra["kinds"]} if "kinds" in extra else {})
    return made


def gateway(name: str = "edge", *listeners: dict[str, Any], namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    """A Gateway; with one HTTP listener for any host if none is given."""
    body = {"gatewayClassName": "any", "listeners": list(listeners or (listener(),)), **spec}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": metadata, "spec": body}


def match(path: str = "", kind: str = "PathPrefix", method: str = "", headers: Any = (), query: Any = ()) -> dict[str, Any]:
    """A match of an HTTPRoute. headers, query: dicts."""
    made: dict[str, Any] = {"path": {"type": kind, "value": path}} if path else {}
    if method:
        made["method"] = method
    if headers:
        made["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    if query:
        made["queryParams"] = [{"name": name, "value": value} for name, value in query.items()]
    return made


def rule(service: str = "", *matches: dict[str, Any], filters: Any = (), **backends: int) -> dict[str, Any]:
    """A rule of an HTTPRoute: to one Service, or to several with weights (name=weight)."""
    weights = backends or ({service: 1} if service else {})
    refs = [{"name": name.replace("_", "-"), "port": 80, "weight": weight} for name, weight in weights.items()]
    return {k: v for k, v in {"matches": list(matches), "filters": list(filters), "backendRefs": refs}.items() if v}


def route(name: str, hostnames: Any, *rules: dict[str, Any], **extra: Any) -> dict[str, Any]:
    """An HTTPRoute (or extra kind=). extra: namespace, created, parents (of "edge" if none is given)."""
    metadata = {
        "name": name,
        "namespace": extra.get("namespace", "shop"),
        "creationTimestamp": extra.get("created", "2026-01-01T00:00:00Z"),
    }
    spec = {"parentRefs": extra.get("parents", [{"name": "edge"}]), "hostnames": list(hostnames), "rules": list(rules)}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": extra.get("kind", "HTTPRoute"),
        "metadata": metadata,
        "spec": spec,
    }


def grant(namespace: str, from_namespace: str, kind: str = "HTTPRoute", to: str = "Service", name: str = "") -> dict[str, Any]:
    """A ReferenceGrant in `namespace`."""
    target = {"group": "", "kind": to} | ({"name": name} if name else {})
    source = {"group": "gateway.networking.k8s.io", "kind": kind, "namespace": from_namespace}
    metadata = {"name": "grant", "namespace": namespace}
    spec = {"from": [source], "to": [target]}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "ReferenceGrant", "metadata": metadata, "spec": spec}


def routed(*documents: Any, parameters: GatewayParameters = BY_DEFAULT) -> GatewayRouter:
    """The matcher of the Gateway API."""
    return GatewayRouter(manifests(*documents), parameters)


def nginx(*documents: Any) -> NginxRouter:
    """The matcher of ingress-nginx."""
    return NginxRouter(manifests(*documents))


def annotated(**annotations: str) -> dict[str, str]:
    """Annotations of ingress-nginx: use_regex="true" and the like."""
    return {f"nginx.ingress.kubernetes.io/{name.replace('_', '-')}": value for name, value in annotations.items()}
