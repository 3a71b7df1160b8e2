"""affinity and session-cookie-*: the same backend for the same client.

Source: kubernetes/ingress-nginx internal/ingress/annotations/sessionaffinity/main.go.
"""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = (
    "affinity", "session-cookie-name", "session-cookie-max-age", "session-cookie-expires", "session-cookie-path",
    "session-cookie-samesite",
)  # fmt: skip
DEFAULT_NAME = "INGRESSCOOKIE"


def apply(own: Annotations, rule: Rule) -> None:
    """Write stickiness by cookie."""
    if own.text("affinity") != "cookie":
        if own.text("affinity"):
            own.lose("invalid", "affinity", f"is {own.text('affinity')!r}: the controller knows cookie alone")
        return
    lifetime_s = own.number("session-cookie-max-age", 0) or own.number("session-cookie-expires", 0)
    value = (
        own.text("session-cookie-name", DEFAULT_NAME),
        lifetime_s,
        own.text("session-cookie-path"),
        own.text("session-cookie-samesite"),
    )
    rule.settings += (Setting("session-cookie", value, tuple(key for key in KEYS if key in own)),)
