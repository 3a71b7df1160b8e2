"""allowlist-source-range, whitelist-source-range, denylist-source-range, auth-secret, auth-url: guards of a route."""

import ipaddress

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("allowlist-source-range", "whitelist-source-range", "denylist-source-range", "auth-secret", "auth-realm", "auth-url")


def apply(own: Annotations, rule: Rule) -> None:
    """Write who may ask."""
    for kind, key in (("deny", KEYS[2]), ("allow", KEYS[0]), ("allow", KEYS[1])):
        if not own.text(key):
            continue
        try:
            ranges = tuple(str(ipaddress.ip_network(word, strict=False)) for word in own.words(key))
        except ValueError as error:
            own.lose("invalid", key, f"is no list of networks: {error}", "mend it")
            rule.closed = True
            continue
        rule.settings += (Setting(kind, ranges, (key,), guards=True),)
    if own.text("auth-secret"):
        name = own.text("auth-secret").rpartition("/")[2]
        rule.settings += (Setting("basic-auth", (name, own.text("auth-realm")), ("auth-secret",), guards=True),)
    if own.text("auth-url"):
        rule.settings += (Setting("external-auth-by-url", own.text("auth-url"), ("auth-url",), guards=True),)
