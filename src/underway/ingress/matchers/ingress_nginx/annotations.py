"""The annotations of ingress-nginx: what they set, which only tune, and which the judge cannot know the effect of.

Source: kubernetes/ingress-nginx internal/ingress/annotations; docs/user-guide/nginx-configuration/annotations.md.
"""

from collections.abc import Mapping

import msgspec

PREFIX = "nginx.ingress.kubernetes.io/"
CORS_METHODS = "GET, PUT, POST, DELETE, PATCH, OPTIONS"
CORS_HEADERS = (
    "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization"  # cors/main.go
)
CORS_AGE_S = 1728000
# What changes neither the backend nor what it sees: times, buffers, TLS details, stickiness, logs. Not compared, as documented.
_TUNING = """
    affinity affinity-canary-behavior affinity-mode client-body-buffer-size enable-access-log enable-opentelemetry
    enable-rewrite-log http2-push-preload load-balance opentelemetry-operation-name opentelemetry-trust-incoming-span
    proxy-body-size proxy-buffer-size proxy-buffering proxy-buffers-number proxy-busy-buffers-size proxy-connect-timeout
    proxy-http-version proxy-max-temp-file-size proxy-next-upstream proxy-next-upstream-timeout proxy-next-upstream-tries
    proxy-read-timeout proxy-request-buffering proxy-send-timeout proxy-ssl-ciphers proxy-ssl-name proxy-ssl-protocols
    proxy-ssl-secret proxy-ssl-server-name proxy-ssl-verify proxy-ssl-verify-depth service-upstream
    session-cookie-change-on-failure session-cookie-conditional-samesite-none session-cookie-domain session-cookie-expires
    session-cookie-max-age session-cookie-name session-cookie-path session-cookie-samesite session-cookie-secure ssl-ciphers
    ssl-prefer-server-ciphers upstream-hash-by upstream-hash-by-subset upstream-hash-by-subset-size use-port-in-redirects
"""
TUNING = frozenset(_TUNING.split())
_KNOWN = """
    app-root backend-protocol canary canary-by-cookie canary-by-header canary-by-header-pattern canary-by-header-value
    canary-weight canary-weight-total connection-proxy-header cors-allow-credentials cors-allow-headers cors-allow-methods
    cors-allow-origin cors-expose-headers cors-max-age enable-cors force-ssl-redirect from-to-www-redirect permanent-redirect
    permanent-redirect-code preserve-trailing-slash rewrite-target server-alias ssl-passthrough ssl-redirect temporal-redirect
    temporal-redirect-code upstream-vhost use-regex x-forwarded-prefix
"""
KNOWN = frozenset(_KNOWN.split())
TRUE, FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")  # strconv.ParseBool


Opaque = tuple[tuple[str, str], ...]
NOTHING: Mapping[str, str] = {}


class Canary(msgspec.Struct, frozen=True):
    """When a request goes to the other backend: header before cookie before weight."""

    header: str = ""
    value: str = ""
    pattern: str = ""
    cookie: str = ""
    weight: int = 0
    total: int = 100


class Settings(msgspec.Struct, frozen=True):
    """The annotations of one Ingress, as they apply to its locations. redirect: address and status."""

    use_regex: bool = False
    target: str = ""
    ssl_redirect: bool = True
    force_ssl_redirect: bool = False
    keep_slash: bool = False
    app_root: str = ""
    redirect: tuple[str, int] | None = None
    from_to_www: bool = False
    canary: Canary | None = None
    aliases: tuple[str, ...] = ()
    vhost: str = ""
    forwarded_prefix: str = ""
    connection: str = ""
    passthrough: bool = False
    attributes: tuple[tuple[str, str], ...] = ()
    opaque: tuple[tuple[str, str], ...] = ()


NONE = Settings(ssl_redirect=False)  # of locations that no Ingress owns


def settings_of(annotations: Mapping[str, str], under: Mapping[str, str] = NOTHING, more: Opaque = ()) -> Settings:
    """The settings of one Ingress. annotations: all of its annotations; an invalid value counts as its default, as there.

    under: what the controller's ConfigMap says for all; more: of its settings those whose effect is not known here.
    """
    own = {key.removeprefix(PREFIX): value.strip() for key, value in annotations.items() if key.startswith(PREFIX)}
    own = {**under, **own}
    if not own and not more:
        return Settings()

    def flag(key: str, default: bool) -> bool:
        value = own.get(key, "")
        return value in TRUE if value in (*TRUE, *FALSE) else default

    return Settings(
        use_regex=flag("use-regex", False),
        target=own.get("rewrite-target", ""),
        ssl_redirect=flag("ssl-redirect", True),
        force_ssl_redirect=flag("force-ssl-redirect", False),
        keep_slash=flag("preserve-trailing-slash", False),
        app_root=own.get("app-root", "") if own.get("app-root", "").startswith("/") else "",
        redirect=_redirect(own),
        from_to_www=flag("from-to-www-redirect", False),
        canary=_canary(own) if flag("canary", False) else None,
        aliases=tuple(part.strip() for part in own.get("server-alias", "").split(",") if part.strip()),
        vhost=own.get("upstream-vhost", ""),
        forwarded_prefix=own.get("x-forwarded-prefix", ""),
        connection=own.get("connection-proxy-header", ""),
        passthrough=flag("ssl-passthrough", False),
        attributes=_attributes(own, flag("enable-cors", False), flag("cors-allow-credentials", True)),
        opaque=tuple(sorted([*more, *((key, value) for key, value in own.items() if key not in KNOWN and key not in TUNING)])),
    )


def _number(own: Mapping[str, str], key: str, default: int) -> int:
    value = own.get(key, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else default


def _redirect(own: Mapping[str, str]) -> tuple[str, int] | None:
    """Temporal before permanent; a status out of range is the default."""
    if own.get("temporal-redirect", "").startswith("http"):
        status = _number(own, "temporal-redirect-code", 302)
        return own["temporal-redirect"], status if 300 <= status <= 308 else 302
    if own.get("permanent-redirect"):
        status = _number(own, "permanent-redirect-code", 301)
        return own["permanent-redirect"], status if 300 <= status <= 308 else 301
    return None


def _canary(own: Mapping[str, str]) -> Canary:
    return Canary(
        own.get("canary-by-header", ""),
        own.get("canary-by-header-value", ""),
        own.get("canary-by-header-pattern", ""),
        own.get("canary-by-cookie", ""),
        _number(own, "canary-weight", 0),
        max(_number(own, "canary-weight-total", 100), 100),
    )


def _attributes(own: Mapping[str, str], cors: bool, credentials: bool) -> tuple[tuple[str, str], ...]:
    found = []
    protocol = own.get("backend-protocol", "HTTP").upper()
    if protocol in ("GRPC", "GRPCS"):
        found.append(("backend-protocol", "GRPC"))
    elif protocol in ("FCGI", "AUTO_HTTP"):
        found.append(("backend-protocol", protocol))
    if protocol in ("HTTPS", "GRPCS"):
        found.append(("backend-tls", "yes"))
    if cors:
        lists = {
            "origins": own.get("cors-allow-origin", "*"),
            "methods": own.get("cors-allow-methods", CORS_METHODS),
            "headers": own.get("cors-allow-headers", CORS_HEADERS),
            "exposes": own.get("cors-expose-headers", ""),
        }
        parts = [f"{name} {' '.join(sorted(text.replace(',', ' ').split()))}" for name, text in lists.items()]
        said = "with" if credentials else "without"
        found.append(("cors", "; ".join([*parts, f"{said} credentials", f"age {_number(own, 'cors-max-age', CORS_AGE_S)}"])))
    return tuple(sorted(found))
