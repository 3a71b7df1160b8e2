"""service.sticky.cookie*, service.passhostheader, service.serversscheme, service.nativelb: how backends are reached."""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = (
    "service.sticky.cookie", "service.sticky.cookie.name", "service.sticky.cookie.samesite", "service.sticky.cookie.secure",
    "service.sticky.cookie.httponly", "service.passhostheader", "service.serversscheme", "service.nativelb",
)  # fmt: skip


def apply(own: Annotations, rule: Rule) -> None:
    """Write stickiness and how endpoints are found."""
    if own.flag("service.sticky.cookie", default=False):
        value = own.text("service.sticky.cookie.name", "traefik"), 0, "", own.text("service.sticky.cookie.samesite")
        rule.settings += (Setting("session-cookie", value, ("service.sticky.cookie",)),)
    if own.flag("service.nativelb", default=False):
        rule.settings += (Setting("service-upstream", value=True, keys=("service.nativelb",)),)
    if not own.flag("service.passhostheader", default=True):
        own.lose(
            "lost",
            "service.passhostheader",
            "is off: no field sends the backend's own name as Host",
            "URLRewrite hostname, by hand",
        )
    if own.text("service.serversscheme", "http") == "h2c":
        own.lose("lost", "service.serversscheme", "is h2c", "appProtocol: kubernetes.io/h2c on the port of the Service")
    elif own.text("service.serversscheme", "http") == "https":
        own.lose("lost", "service.serversscheme", "is https", "a BackendTLSPolicy for the Service")
