"""proxy-buffering, proxy-buffers-number, proxy-buffer-size, proxy-busy-buffers-size: where answers wait."""

import re

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("proxy-buffering", "proxy-buffers-number", "proxy-buffer-size", "proxy-busy-buffers-size")
SIZE = re.compile(r"^\d{1,4}[kmg]?$")
DEFAULT_SIZE, DEFAULT_NUMBER = "4k", 4  # proxy-buffer-size and proxy-buffers-number of the controller's ConfigMap


def apply(own: Annotations, rule: Rule) -> None:
    """Write how answers are buffered. value: (on, number, size, busy size)."""
    given = tuple(key for key in KEYS if key in own)
    if not given:
        return
    size, busy = own.text("proxy-buffer-size", DEFAULT_SIZE).lower(), own.text("proxy-busy-buffers-size").lower()
    if not SIZE.match(size) or (busy and not SIZE.match(busy)):
        own.lose("invalid", given[0], "has a size that nginx does not take; its defaults stay")
        return
    on = own.text("proxy-buffering", "on" if len(given) > ("proxy-buffering" in own) else "off") == "on"
    value = on, own.number("proxy-buffers-number", DEFAULT_NUMBER), size, busy
    rule.settings += (Setting("buffers", value, given),)
