"""configuration-snippet, server-snippet: raw configuration of nginx. Only another nginx can take it."""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("configuration-snippet", "server-snippet")


def apply(own: Annotations, rule: Rule) -> None:
    """Write the raw text with its context. It may guard anything, so that a route without it does not answer."""
    contexts = (("configuration-snippet", "http.server.location"), ("server-snippet", "http.server"))
    found = tuple((context, own.text(key)) for key, context in contexts if own.text(key))
    if found:
        keys = tuple(key for key in KEYS if own.text(key))
        rule.settings += (Setting("snippets", found, keys, guards=True),)
