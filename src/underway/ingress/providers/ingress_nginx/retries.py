"""proxy-next-upstream, -tries, -timeout: when a request is tried again.

Source: nginx ngx_http_proxy_module proxy_next_upstream; defaults of ingress-nginx: error timeout, 3 tries.
"""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("proxy-next-upstream", "proxy-next-upstream-tries", "proxy-next-upstream-timeout")
DEFAULT_TRIES = 3


def apply(own: Annotations, rule: Rule) -> None:
    """Write the number of attempts and the answers that call for one."""
    given = tuple(key for key in KEYS[:2] if key in own)
    if not given:
        return
    words = own.text("proxy-next-upstream").split()
    codes = tuple(int(word[5:]) for word in words if word.startswith("http_") and word[5:].isdigit())
    attempts = 0 if "off" in words else max(own.number("proxy-next-upstream-tries", DEFAULT_TRIES) - 1, 0)
    rule.settings += (Setting("retry", (attempts, codes), given),)
