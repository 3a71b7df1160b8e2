"""Providers: what a controller makes of Ingresses, one package each, one line here.

Each has `name`, the `controllers` and `classes` it is known by, the `prefixes` of its annotations, and `plan`.
"""

from types import ModuleType

from underway.ingress.providers import haproxy_ingress, ingress_nginx, plain, traefik
from underway.ingress.source import Ingress, Source

PROVIDERS: tuple[ModuleType, ...] = (ingress_nginx, haproxy_ingress, traefik, plain)


def provider_of(ingress: Ingress, source: Source, wanted: str) -> ModuleType:
    """Whose an Ingress is: as asked for, by its class's controller, by the class's name, by its annotations; else plain."""
    if wanted != "auto":
        return next(provider for provider in PROVIDERS if provider.name == wanted)
    class_name = ingress.class_name or source.default_class
    controller = source.controllers.get(class_name, "")
    for provider in PROVIDERS:
        if controller and controller in provider.controllers:
            return provider
    for provider in PROVIDERS:
        if not controller and class_name in provider.classes:
            return provider
    for provider in PROVIDERS:
        if not class_name and any(key.startswith(prefix) for key in ingress.annotations for prefix in provider.prefixes):
            return provider
    return plain
