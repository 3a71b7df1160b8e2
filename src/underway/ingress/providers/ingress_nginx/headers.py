"""upstream-vhost, connection-proxy-header, x-forwarded-prefix, custom-headers: what backends and clients see in headers."""

import re

from underway.ingress.ir import HeaderChange, Rewrite, Rule
from underway.ingress.providers.annotations import Annotations

KEYS = ("upstream-vhost", "connection-proxy-header", "x-forwarded-prefix", "custom-headers")
NAME = re.compile(r"^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$")  # HTTPHeaderName
HOSTNAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")  # PreciseHostname
HEADERS_MAX = 16  # HTTPHeaderFilter.set


def apply(own: Annotations, rule: Rule) -> None:
    """Write headers into a rule."""
    vhost = own.text("upstream-vhost")
    if vhost and HOSTNAME.match(vhost):
        rule.rewrite = Rewrite(hostname=vhost)
    elif vhost:
        own.lose(
            "lost", "upstream-vhost", f"{vhost!r} is no plain hostname: a route rewrites Host to a name alone", "write a name"
        )
    changes: list[tuple[str, str]] = []
    if own.text("connection-proxy-header"):
        changes.append(("Connection", own.text("connection-proxy-header")))
    if own.text("x-forwarded-prefix") and own.text("rewrite-target"):
        changes.append(("X-Forwarded-Prefix", own.text("x-forwarded-prefix")))
    elif own.text("x-forwarded-prefix"):
        own.lose("note", "x-forwarded-prefix", "does nothing without rewrite-target, and was left out")
    kept = tuple(one for one in changes if _plain(own, *one))
    if kept:
        rule.request_headers = HeaderChange(kept)
    _custom(own, rule)


def _plain(own: Annotations, name: str, value: str) -> bool:
    if "$" not in value:
        return True
    key = "connection-proxy-header" if name == "Connection" else "x-forwarded-prefix"
    own.lose("lost", key, f"{value!r} uses a variable of nginx, which a route does not have", "write the value outright")
    return False


def _custom(own: Annotations, rule: Rule) -> None:
    """The headers of answers, from the ConfigMap that is named."""
    name = own.text("custom-headers")
    if not name:
        return
    namespace, _, short = name.rpartition("/")
    found = own.config_maps.get(f"{namespace or own.ingress.namespace}/{short}")
    data = found.data if found else None
    if data is None:
        own.lose("lost", "custom-headers", f"ConfigMap {name} is not among the files", "give it too, with -f")
        return
    pairs = tuple((key, value) for key, value in data.items() if NAME.match(key) and "$" not in value)
    if len(pairs) < len(data) or len(pairs) > HEADERS_MAX:
        reason = f"has headers that a route cannot set: variables, odd names, or more than {HEADERS_MAX}"
        own.lose("lost", "custom-headers", reason, "set them in the backend")
    if pairs:
        rule.response_headers = HeaderChange(pairs[:HEADERS_MAX])
