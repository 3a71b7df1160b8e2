"""custom-http-errors, default-backend: answers of backends that are replaced."""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("custom-http-errors", "default-backend")


def apply(own: Annotations, rule: Rule) -> None:
    """Write which codes go where: no emitter has that, so that it is reported."""
    for key in KEYS:
        if own.text(key):
            rule.settings += (Setting(key, own.text(key), (key,)),)
