"""Small Ingresses, Gateways and routes for tests, as a file would have them, and the matchers over them."""

from typing import Any

from underway.ingress.matchers.ingress_v1 import AS_DOCUMENTED, IngressV1, Parameters
from underway.ingress.matchers.request import request_of
from underway.ingress.objects.manifests import Manifests, manifests_of

Path = tuple[str, str, str]  # pathType, path, Service


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
