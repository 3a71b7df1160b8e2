"""Ingresses as the rules about traffic read them: the paths of every Ingress, whatever its version.

What a whole set of objects answers is for `ingress.matchers`, which rules cannot see (docs/adr/0007): here stands only what
one look at the objects shows.
"""

from collections.abc import Iterator
from typing import NamedTuple

from underway.lint.objects.traffic import Ingress
from underway.lint.picture import Picture

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"
CANARY_ANNOTATION = "nginx.ingress.kubernetes.io/canary"


class IngressRoute(NamedTuple):
    """One path of one Ingress. service, port: of its backend, whatever the version; field: where it stands."""

    ingress: Ingress
    host: str
    path: str
    type: str
    service: str
    port: int | str
    field: str


def ingress_paths(ingress: Ingress) -> Iterator[IngressRoute]:
    """Every path of an Ingress, of v1 or v1beta1."""
    for index, rule in enumerate(ingress.spec.rules):
        for number, path in enumerate(rule.http.paths if rule.http else ()):
            field = f"spec.rules[{index}].http.paths[{number}]"
            backend = path.backend
            kind = path.path_type or "ImplementationSpecific"
            yield IngressRoute(ingress, rule.host, path.path or "/", kind, backend.service_of, backend.port_of, field)


def class_of(ingress: Ingress) -> str:
    """The class that an Ingress asks for: the annotation wins where both are there."""
    return ingress.metadata.annotations.get(CLASS_ANNOTATION) or ingress.spec.ingress_class_name


def oldest_first(picture: Picture) -> list[Ingress]:
    """The Ingresses by age and then by name, canaries left out: they stand beside another on purpose."""
    main = [one for one in picture.of(Ingress) if one.metadata.annotations.get(CANARY_ANNOTATION) != "true"]
    return sorted(main, key=lambda one: (one.metadata.creation_timestamp, one.metadata.key))
