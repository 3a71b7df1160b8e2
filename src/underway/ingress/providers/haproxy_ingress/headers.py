"""headers, cors-*: what backends and clients see in headers."""

from underway.ingress.ir import Cors, HeaderChange, Rule
from underway.ingress.providers.annotations import Annotations

KEYS = (
    "headers", "cors-enable", "cors-allow-origin", "cors-allow-methods", "cors-allow-headers", "cors-allow-credentials",
    "cors-expose-headers", "cors-max-age",
)  # fmt: skip
DEFAULT_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")
DEFAULT_AGE_S = 86400


def apply(own: Annotations, rule: Rule) -> None:
    """Write headers of requests, one a line as "Name: value", and cross-origin settings."""
    pairs = [line.partition(":") for line in own.text("headers").splitlines() if line.strip()]
    kept = tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon and "%" not in value)
    if len(kept) < len(pairs):
        own.lose("lost", "headers", "has variables of HAProxy, which a route does not have", "write the values outright")
    if kept:
        rule.request_headers = HeaderChange(kept)
    if own.flag("cors-enable", default=False):
        origins, methods = own.words("cors-allow-origin") or ("*",), own.words("cors-allow-methods") or DEFAULT_METHODS
        age, credentials = own.number("cors-max-age", DEFAULT_AGE_S), own.flag("cors-allow-credentials", default=True)
        headers, expose = own.words("cors-allow-headers"), own.words("cors-expose-headers")
        rule.cors = Cors(origins, methods, headers, expose, credentials, max(age, 1))
