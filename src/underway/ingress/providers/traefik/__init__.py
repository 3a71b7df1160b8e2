"""Traefik: the specification but for Prefix, which it compares letter by letter, and its annotations of routers and services.

Source: Traefik documentation, "Kubernetes Ingress" (annotations, strictPrefixMatching, which is off by default).
"""

from underway.ingress.ir import Plan
from underway.ingress.losses import Loss
from underway.ingress.providers import specified
from underway.ingress.providers.traefik import routers, services
from underway.ingress.source import Ingress, Source

name = "traefik"
controllers = ("traefik.io/ingress-controller",)
classes = ("traefik",)
prefixes = ("traefik.ingress.kubernetes.io/",)
FAMILIES = (routers, services)


def plan(ingresses: list[Ingress], source: Source, class_name: str) -> tuple[Plan, list[Loss]]:
    """The hosts and rules of Ingresses of one class."""
    made, losses, owns = specified.plan(ingresses, source, class_name, prefixes[0], FAMILIES, ())
    losses = [loss for loss in losses if loss.code != "E4"]
    losses += specified.say_string_prefixes(ingresses, ("Prefix", "ImplementationSpecific"), name)
    for server in made.servers:
        secured = {key for key, own in owns.items() if own.words("router.entrypoints") == ("websecure",)}
        server.rules = [routers.on_https(rule) if rule.owner in secured and server.tls else rule for rule in server.rules]
    for own in owns.values():
        losses += own.losses
    return made, losses
