"""proxy-connect-timeout, proxy-read-timeout, proxy-send-timeout: how long nginx waits, between two reads or writes."""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout")
DEFAULT_S = 60  # proxy_read_timeout, proxy_send_timeout


def apply(own: Annotations, rule: Rule) -> None:
    """Write how long a pause may be. Where an emitter knows no pauses, the conversion limits the whole request."""
    if "proxy-connect-timeout" in own:
        seconds = own.number("proxy-connect-timeout", 5)
        rule.settings += (Setting("connect-timeout", seconds * 1000, ("proxy-connect-timeout",)),)
    given = tuple(key for key in KEYS[1:] if key in own)
    if not given:
        return
    longest = max(own.number(key, DEFAULT_S) for key in given)
    rule.settings += (Setting("idle-timeout", longest * 1000, given),)
