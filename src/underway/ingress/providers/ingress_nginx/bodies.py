"""proxy-body-size, client-body-buffer-size, proxy-request-buffering: how large a request may be, and where it waits."""

import re

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("proxy-body-size", "client-body-buffer-size")
SIZE = re.compile(r"^(\d{1,4})([kKmMgG]?)$")
UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def apply(own: Annotations, rule: Rule) -> None:
    """Write the sizes. value: (bytes, as nginx writes it); 0 is no limit."""
    for key, kind in zip(KEYS, ("body-size", "body-buffer"), strict=True):
        found = SIZE.match(own.text(key))
        if found:
            unit = found[2].lower()
            rule.settings += (Setting(kind, (int(found[1]) * UNITS[unit], found[1] + unit), (key,)),)
        elif own.text(key):
            own.lose("invalid", key, f"is {own.text(key)!r}: no size of nginx; the controller leaves its default")
