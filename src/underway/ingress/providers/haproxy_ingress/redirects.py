"""redirect-to, redirect-to-code, rewrite-target: where requests go, and as what."""

from underway.ingress.ir import Redirect, Rewrite, Rule
from underway.ingress.providers.annotations import Annotations, address

KEYS = ("redirect-to", "redirect-to-code", "rewrite-target")
CODES = (301, 302, 303, 307, 308)


def apply(own: Annotations, rule: Rule) -> None:
    """Write a redirect, or a rewrite of the path that matched: haproxy-ingress replaces the beginning alone."""
    target = own.text("redirect-to")
    if target:
        url, code = address(target), own.number("redirect-to-code", 302)
        if url is not None and not url.query and code in CODES:
            rule.redirect = Redirect(code, url.scheme, url.hostname or "", url.port or 0, url.path or "/")
        else:
            reason = f"{target!r} is more than scheme, host, port and path; its paths answer 500"
            own.lose("lost", "redirect-to", reason, "write them outright")
            rule.closed = True
    rewrite = own.text("rewrite-target")
    if rewrite.startswith("/"):
        rule.rewrite = Rewrite(prefix=rewrite)
    elif rewrite:
        own.lose("lost", "rewrite-target", f"{rewrite!r} is no path", "write an absolute path")
