"""router.entrypoints, router.middlewares, router.priority, router.pathmatcher, router.tls*: which requests a router takes."""

import msgspec

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = (
    "router.entrypoints", "router.middlewares", "router.priority", "router.pathmatcher", "router.tls", "router.tls.certresolver",
    "router.tls.options",
)  # fmt: skip
ENTRYPOINTS = ("web", "websecure")  # ports 80 and 443 of the chart


def apply(own: Annotations, rule: Rule) -> None:
    """Say what of a router has no counterpart; middlewares may guard anything."""
    odd = [word for word in own.words("router.entrypoints") if word not in ENTRYPOINTS]
    if odd:
        own.lose(
            "lost",
            "router.entrypoints",
            f"names {odd[0]}, whose port is not in the Ingress",
            "give the Gateway a listener of that port",
        )
    if own.text("router.middlewares"):
        rule.settings += (Setting("middlewares", own.text("router.middlewares"), ("router.middlewares",), guards=True),)
    if own.text("router.priority"):
        reason = f"is {own.text('router.priority')}: a Gateway orders rules by its own precedence"
        own.lose("differs", "router.priority", reason, "", "requests that two routers match may go elsewhere")
    if own.text("router.pathmatcher", "PathPrefix") != "PathPrefix":
        reason = f"is {own.text('router.pathmatcher')}: its paths are not prefixes, and were not converted; they answer 500"
        own.lose("lost", "router.pathmatcher", reason, "write the paths as Exact or Prefix")
        rule.closed = True
    for key in ("router.tls.certresolver", "router.tls.options"):
        if own.text(key):
            own.lose("lost", key, "belongs to Traefik", "cert-manager's annotation on the Gateway; options of the implementation")


def on_https(rule: Rule) -> Rule:
    """The rule on the listener of port 443 alone."""
    return msgspec.structs.replace(rule, scheme="https")
