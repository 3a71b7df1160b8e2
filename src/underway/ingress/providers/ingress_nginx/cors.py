"""enable-cors and cors-*: the filter CORS, standard since 1.5.

Source: kubernetes/ingress-nginx internal/ingress/annotations/cors/main.go for the defaults.
"""

import re

from underway.ingress.ir import Cors, Rule
from underway.ingress.providers.annotations import Annotations

KEYS = (
    "enable-cors", "cors-allow-origin", "cors-allow-methods", "cors-allow-headers", "cors-allow-credentials",
    "cors-expose-headers", "cors-max-age",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")  # HTTPCORSFilter.allowMethods
DEFAULT_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")
DEFAULT_HEADERS = (
    "DNT", "Keep-Alive", "User-Agent", "X-Requested-With", "If-Modified-Since", "Cache-Control", "Content-Type", "Range",
    "Authorization",
)  # fmt: skip
DEFAULT_AGE_S = 1728000
ORIGIN = re.compile(r"^\*$|^https?://((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:[0-9]{1,5})?$")  # CORSOrigin
HEADER = re.compile(r"^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$")


def apply(own: Annotations, rule: Rule) -> None:
    """Write the filter into a rule."""
    if not own.flag("enable-cors", default=False):
        given = [key for key in KEYS[1:] if key in own]
        if given:
            own.lose("note", given[0], "does nothing without enable-cors, and was left out")
        return
    origins = _valid(own, "cors-allow-origin", ("*",), ORIGIN)
    methods = tuple(word for word in own.words("cors-allow-methods") or DEFAULT_METHODS if word in (*METHODS, "*"))
    headers = _valid(own, "cors-allow-headers", DEFAULT_HEADERS, HEADER)
    expose = _valid(own, "cors-expose-headers", (), HEADER)
    credentials = own.flag("cors-allow-credentials", default=True)
    age = own.number("cors-max-age", DEFAULT_AGE_S)
    rule.cors = Cors(_alone(origins), _alone(methods), _alone(headers), _alone(expose), credentials, max(age, 1))


def _alone(words: tuple[str, ...]) -> tuple[str, ...]:
    """A * stands alone."""
    return ("*",) if "*" in words else words


def _valid(own: Annotations, key: str, default: tuple[str, ...], pattern: re.Pattern[str]) -> tuple[str, ...]:
    words = own.words(key)
    kept = tuple(word for word in words if pattern.match(word))
    if len(kept) < len(words):
        bad = next(word for word in words if word not in kept)
        own.lose(
            "lost", key, f"{bad!r} is nothing that the filter CORS takes", "write it as scheme://host, or as a header's name"
        )
    return kept or default
