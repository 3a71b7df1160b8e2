"""Ingresses and routes as the rules about traffic read them: the paths of every Ingress, whatever its version.

Owns the reading of plain values. What a whole set of objects answers is for `ingress.matchers`, which rules cannot see
(docs/adr/0008): here stands only what one look at the objects shows.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from underway.lint.objects.meta import AnyThing
from underway.lint.picture import Picture

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"
CANARY_ANNOTATION = "nginx.ingress.kubernetes.io/canary"


class IngressPath(NamedTuple):
    """One path of one Ingress. service, port: of its backend, whatever the version; field: where it stands."""

    ingress: AnyThing
    host: str
    path: str
    type: str
    service: str
    port: int | str
    field: str


def ingress_paths(ingress: AnyThing) -> Iterator[IngressPath]:
    """Every path of an Ingress, of v1 or v1beta1."""
    for index, rule in enumerate(ingress.spec.get("rules") or ()):
        for number, path in enumerate((rule.get("http") or {}).get("paths") or ()):
            field = f"spec.rules[{index}].http.paths[{number}]"
            service, port = backend_of(path.get("backend") or {})
            kind = path.get("pathType") or "ImplementationSpecific"
            yield IngressPath(ingress, rule.get("host") or "", path.get("path") or "/", kind, service, port, field)


def backend_of(backend: dict[str, Any]) -> tuple[str, int | str]:
    """The Service and the port of a backend; "" and 0 where it is no Service."""
    if "serviceName" in backend:
        return backend["serviceName"], backend.get("servicePort", 0)
    service = backend.get("service") or {}
    port = service.get("port") or {}
    return service.get("name", ""), port.get("name") or port.get("number", 0)


def default_backend(ingress: AnyThing) -> dict[str, Any]:
    """The default backend, {} for none."""
    return ingress.spec.get("defaultBackend") or ingress.spec.get("backend") or {}


def class_of(ingress: AnyThing) -> str:
    """The class that an Ingress asks for: the annotation wins where both are there."""
    return ingress.metadata.annotations.get(CLASS_ANNOTATION) or ingress.spec.get("ingressClassName") or ""


def oldest_first(picture: Picture) -> list[AnyThing]:
    """The Ingresses by age and then by name, canaries left out: they stand beside another on purpose."""
    ingresses: tuple[AnyThing, ...] = picture.of("Ingress")
    main = [one for one in ingresses if one.metadata.annotations.get(CANARY_ANNOTATION) != "true"]
    return sorted(main, key=lambda one: (one.metadata.creation_timestamp, one.key))
