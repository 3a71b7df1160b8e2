"""auth-type, auth-secret*, auth-realm; auth-url, auth-method, auth-response-headers and their kin: who must say who they are.
Guards."""

import re

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations, address

KEYS = ("auth-type", "auth-secret", "auth-realm", "auth-url", "auth-response-headers")
IN_CLUSTER = re.compile(r"^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(\.[a-z0-9.-]+)?$")
PORTS = {"http": 80, "https": 443}


def apply(own: Annotations, rule: Rule) -> None:
    """Write basic and external authentication."""
    if own.text("auth-type"):
        _basic(own, rule)
    if own.text("auth-url"):
        _external(own, rule)


def _basic(own: Annotations, rule: Rule) -> None:
    keys = tuple(key for key in KEYS[:3] if key in own)
    secret = own.text("auth-secret")
    namespace, _, name = secret.rpartition("/")
    kind = own.text("auth-type")
    by_file = own.text("auth-secret-type", "auth-file") == "auth-file"
    usable = kind == "basic" and secret and namespace in ("", own.ingress.namespace) and by_file
    # A setting that no emitter knows is reported, and closes the route.
    rule.settings += (
        Setting("basic-auth" if usable else f"{kind}-auth-of-{secret}", (name, own.text("auth-realm")), keys, guards=True),
    )


def _external(own: Annotations, rule: Rule) -> None:
    keys = tuple(key for key in KEYS[3:] if key in own)
    url = address(own.text("auth-url"))
    host = IN_CLUSTER.match(url.hostname or "") if url else None
    if url is None or host is None or url.scheme != "http" or "$" in url.geturl() or url.query:
        reason = f"{own.text('auth-url')!r} is no http address of a Service; its routes answer 500 unless --open is given"
        own.lose("lost", "auth-url", reason, "put a Service, or an ExternalName, before it, and name that")
        rule.settings += (Setting("external-auth-by-url", own.text("auth-url"), keys[1:], guards=True),)
        return
    headers = own.words("auth-response-headers")
    value = host[2], host[1], url.port or PORTS[url.scheme], url.path or "/", headers
    rule.settings += (Setting("external-auth", value, keys, guards=True),)
