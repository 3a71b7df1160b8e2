"""affinity, session-cookie-name, balance-algorithm, limit-rps, proxy-body-size, timeout-server, timeout-connect: what policies
say."""

import re

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = (
    "affinity", "session-cookie-name", "balance-algorithm", "limit-rps", "proxy-body-size", "timeout-server", "timeout-connect",
)  # fmt: skip
TIME = re.compile(r"^(\d{1,6})(ms|s|m|h)$")
MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
SIZE = re.compile(r"^(\d{1,4})([km]?)$")
BYTES = {"": 1, "k": 1024, "m": 1024**2}
BALANCE = {"roundrobin": "round_robin", "leastconn": "ewma"}
DEFAULT_COOKIE = "INGRESSCOOKIE"


def apply(own: Annotations, rule: Rule) -> None:
    """Write settings that emitters know by the same words as those of other controllers."""
    if own.text("affinity") == "cookie":
        cookie = own.text("session-cookie-name", DEFAULT_COOKIE), 0, "", ""
        rule.settings += (Setting("session-cookie", cookie, ("affinity",)),)
    if own.text("balance-algorithm") in BALANCE:
        rule.settings += (Setting("load-balance", BALANCE[own.text("balance-algorithm")], ("balance-algorithm",)),)
    elif own.text("balance-algorithm"):
        own.lose("lost", "balance-algorithm", f"{own.text('balance-algorithm')!r} has no counterpart", "roundrobin or leastconn")
    if own.number("limit-rps", 0):
        limit = own.number("limit-rps", 0)
        rule.settings += (Setting("rate-limit", ((limit, "Second", limit),), ("limit-rps",)),)
    size = SIZE.match(own.text("proxy-body-size").lower())
    if size:
        number = int(size[1]) * BYTES[size[2]]
        rule.settings += (Setting("body-size", (number, size[1] + size[2]), ("proxy-body-size",)),)
    for key, kind in (("timeout-server", "idle-timeout"), ("timeout-connect", "connect-timeout")):
        found = TIME.match(own.text(key))
        if found:
            rule.settings += (Setting(kind, int(found[1]) * MILLISECONDS[found[2]], (key,)),)
        elif own.text(key):
            own.lose("invalid", key, f"is {own.text(key)!r}: no time of HAProxy")
