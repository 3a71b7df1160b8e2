"""limit-rps, limit-rpm, limit-burst-multiplier, limit-connections and their kin: how much one client may ask.

Source: kubernetes/ingress-nginx internal/ingress/annotations/ratelimit/main.go: burst is limit times multiplier, answered 503.
"""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("limit-rps", "limit-rpm", "limit-burst-multiplier", "limit-connections")
DEFAULT_MULTIPLIER = 5
BURST_MAX = 2**31 - 1  # int32 of RateLimitPolicy


def apply(own: Annotations, rule: Rule) -> None:
    """Write rates for each client's address. value: (requests, second or minute, burst)."""
    multiplier = own.number("limit-burst-multiplier", DEFAULT_MULTIPLIER) or DEFAULT_MULTIPLIER
    rates = []
    keys = []
    for key, unit in (("limit-rps", "Second"), ("limit-rpm", "Minute")):
        limit = own.number(key, 0)
        if limit:
            rates.append((limit, unit, min(limit * multiplier, BURST_MAX)))
            keys.append(key)
    if rates:
        more = ("limit-burst-multiplier",) if "limit-burst-multiplier" in own else ()
        rule.settings += (Setting("rate-limit", tuple(rates), (*keys, *more)),)
    if own.number("limit-connections", 0):
        rule.settings += (Setting("connection-limit", own.number("limit-connections", 0), ("limit-connections",)),)
