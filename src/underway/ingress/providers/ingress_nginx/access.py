"""whitelist-source-range, allowlist-source-range, denylist-source-range: who may ask at all. Guards: a route without them is
more open."""

import ipaddress

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("whitelist-source-range", "allowlist-source-range", "denylist-source-range")


def apply(own: Annotations, rule: Rule) -> None:
    """Write allowed and denied addresses."""
    for kind, keys in (("deny", KEYS[2:]), ("allow", KEYS[:2])):  # nginx asks in this order
        key = next((one for one in keys if own.text(one)), None)
        if key is None:
            continue
        try:
            ranges = tuple(str(ipaddress.ip_network(word, strict=False)) for word in own.words(key))
        except ValueError as error:
            own.lose("invalid", key, f"is no list of networks: {error}; the controller refuses the whole location", "mend it")
            rule.closed = True
            continue
        rule.settings += (Setting(kind, ranges, (key,), guards=True),)
