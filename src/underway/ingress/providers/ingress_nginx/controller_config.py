"""The ConfigMap of the controller: what every Ingress has unless it says otherwise, and what holds for all hosts alike.

Owns which ConfigMap is the controller's, and what becomes of its keys. A key that is an annotation, too, is laid under the
annotations of each Ingress; a loss that comes of it is about the ConfigMap.
Source: kubernetes/ingress-nginx internal/ingress/defaults/main.go (the keys that are annotations, too),
internal/ingress/controller/config/config.go; docs/user-guide/nginx-configuration/configmap.md.
"""

from typing import NamedTuple

import msgspec

from underway.ingress.losses import Loss, Where
from underway.ingress.source import Borrowed, ConfigMap, Ingress, Source

LABELS = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}  # of the Helm chart
NAME_END, OLD_NAME = "ingress-nginx-controller", "nginx-configuration"
HTTPS_CODE, CODES = 308, (301, 302, 307, 308)
ACME = "/.well-known/acme-challenge"  # the default of no-tls-redirect-locations

_DEFAULTS = """
    app-root custom-http-errors denylist-source-range force-ssl-redirect limit-rate limit-rate-after load-balance
    preserve-trailing-slash proxy-body-size proxy-buffer-size proxy-buffering proxy-buffers-number proxy-connect-timeout
    proxy-cookie-domain proxy-cookie-path proxy-next-upstream proxy-next-upstream-timeout proxy-next-upstream-tries
    proxy-read-timeout proxy-redirect-from proxy-redirect-to proxy-request-buffering proxy-send-timeout service-upstream
    ssl-redirect upstream-hash-by upstream-hash-by-subset upstream-hash-by-subset-size use-port-in-redirects
    whitelist-source-range
"""
DEFAULTS = frozenset(_DEFAULTS.split())
SAME_AS = {"whitelist-source-range": "allowlist-source-range"}  # an alias: either annotation replaces the default


class Key(NamedTuple):
    """A key that is no annotation. reason: what is lost; remedy: the nearest; guards: access is more open without it."""

    name: str
    reason: str
    remedy: str
    guards: bool = False


HSTS = "Strict-Transport-Security: max-age=31536000; includeSubDomains"  # config.go, NewDefault
HEADERS = "no field of a Gateway sets headers for all hosts"
ADDRESSES = "who the client is, is a setting of the data plane"
KEYS: tuple[Key, ...] = (
    Key("global-auth-url", "every host asked who the client is", "a SecurityPolicy with extAuth on the Gateway", guards=True),
    Key("block-cidrs", "addresses were refused everywhere", "a SecurityPolicy with authorization on the Gateway", guards=True),
    Key("block-user-agents", "clients were refused by User-Agent", "a web application firewall", guards=True),
    Key("block-referers", "requests were refused by Referer", "a web application firewall", guards=True),
    Key("enable-modsecurity", "ModSecurity looked at every request", "a web application firewall", guards=True),
    Key("enable-owasp-modsecurity-crs", "ModSecurity looked at every request", "a web application firewall", guards=True),
    Key("location-snippet", "raw configuration of nginx in every location", "SnippetsPolicy, by hand", guards=True),
    Key("server-snippet", "raw configuration of nginx in every server", "SnippetsPolicy, by hand", guards=True),
    Key("http-snippet", "raw configuration of nginx", "SnippetsPolicy, by hand", guards=True),
    Key("add-headers", f"headers of answers: {HEADERS}", "responseHeaderModifier in every rule"),
    Key("proxy-set-headers", f"headers to backends: {HEADERS}", "requestHeaderModifier in every rule"),
    Key("hide-headers", f"headers of answers: {HEADERS}", "responseHeaderModifier.remove in every rule"),
    Key("hsts", f"Strict-Transport-Security: {HEADERS}", "responseHeaderModifier in the rules of https listeners"),
    Key("use-forwarded-headers", ADDRESSES, "ClientTrafficPolicy clientIPDetection; NginxProxy rewriteClientIP"),
    Key("forwarded-for-header", ADDRESSES, "ClientTrafficPolicy clientIPDetection; NginxProxy rewriteClientIP"),
    Key("enable-real-ip", ADDRESSES, "ClientTrafficPolicy clientIPDetection; NginxProxy rewriteClientIP"),
    Key("use-proxy-protocol", ADDRESSES, "ClientTrafficPolicy proxyProtocol; NginxProxy rewriteClientIP"),
    Key("ssl-protocols", "versions of TLS are a setting of the listener", "ClientTrafficPolicy tls.minVersion"),
    Key("ssl-ciphers", "no standard field chooses ciphers", "ClientTrafficPolicy tls.ciphers"),
    Key("use-gzip", "answers were compressed", "BackendTrafficPolicy compression"),
    Key("enable-brotli", "answers were compressed", "BackendTrafficPolicy compression"),
    Key(
        "limit-req-status-code", "the status of a refused request is each implementation's own", "clients should take 429 and 503"
    ),
)
BY_NAME = {key.name: key for key in KEYS}
OFF = ("", "false", "off")


class Config(msgspec.Struct, frozen=True):
    """What holds for all hosts. key: namespace/name of the ConfigMap, "" if the files have none; data: as it is written.

    https_code: of redirects to https; plain: paths that begin so are never redirected to https.
    """

    key: str = ""
    data: dict[str, str] = {}
    where: Where = Where(0)
    https_code: int = HTTPS_CODE
    plain: tuple[str, ...] = (ACME,)

    @property
    def guards(self) -> tuple[str, ...]:
        """The keys that closed something and find no place: no route may be open without them."""
        return tuple(key.name for key in KEYS if key.guards and self.data.get(key.name, "") not in OFF)


def config_of(source: Source) -> Config:
    """The controller's settings; the defaults where the files hold no ConfigMap that is the controller's."""
    found = next(((key, one) for key, one in sorted(source.config_maps.items()) if _is_controllers(key, one)), None)
    if found is None:
        return Config()
    key, one = found
    code = one.data.get("http-redirect-code", "")
    kept = int(code) if code.isdigit() and int(code) in CODES else HTTPS_CODE
    plain = tuple(word.strip() for word in one.data.get("no-tls-redirect-locations", ACME).split(",") if word.strip())
    return Config(key, one.data, one.where, kept, plain)


def _is_controllers(key: str, one: ConfigMap) -> bool:
    name = key.partition("/")[2]
    return LABELS.items() <= one.labels.items() or name.endswith(NAME_END) or name == OLD_NAME


def under(ingress: Ingress, config: Config, source: Source, prefix: str) -> Ingress:
    """The Ingress with the controller's settings under its own."""
    borrowed = {
        prefix + key: text
        for key, text in config.data.items()
        if key in DEFAULTS
        and prefix + key not in ingress.annotations
        and prefix + SAME_AS.get(key, key) not in ingress.annotations
    }
    for annotation in borrowed:
        where = Where(config.where.source, (*config.where.path, "data", annotation.removeprefix(prefix)))
        source.borrowed[ingress.object, annotation] = Borrowed(f"ConfigMap {config.key}", where)
    return msgspec.structs.replace(ingress, annotations=borrowed | ingress.annotations) if borrowed else ingress


def hsts_of(config: Config, encrypted: tuple[tuple[str, Ingress, Where], ...]) -> list[Loss]:
    """What browsers are told by default. encrypted: each host with a certificate, its Ingress and where it names the host.

    Only a note, and one for all hosts: it changes what browsers ask from then on, not who answers them.
    """
    if not encrypted or "hsts" in config.data:
        return []  # said by the ConfigMap, it is a loss of its own, or off
    _, first, where = encrypted[0]
    reason = f"ingress-nginx adds {HSTS} to answers over https unless told otherwise; a Gateway does not"
    remedy = "responseHeaderModifier in the rules of https listeners, if browsers are to go on as they do"
    return [Loss("note", where, first.object, reason, remedy, "hsts", "", tuple(host for host, *_ in encrypted))]


def losses_of(config: Config, hosts: tuple[str, ...]) -> list[Loss]:
    """What of the ConfigMap is not carried over. hosts: of all Ingresses of the controller."""
    found = []
    for key, text in config.data.items():
        known = BY_NAME.get(key)
        where = Where(config.where.source, (*config.where.path, "data", key))
        if key in DEFAULTS or key in ("http-redirect-code", "no-tls-redirect-locations") or (known and text in OFF):
            continue
        if known is None:
            reason = f"{key} is a setting of nginx itself; each data plane has its own"
            found.append(Loss("note", where, f"ConfigMap {config.key}", reason, "", key, "", hosts))
            continue
        closed = "; every route answers 500 until this is settled, or --open is given" if known.guards else ""
        reason = f"{key}: {known.reason}{closed}"
        found.append(Loss("lost", where, f"ConfigMap {config.key}", reason, known.remedy, key, "", hosts))
    return found
