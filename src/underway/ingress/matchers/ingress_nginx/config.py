"""The controller's ConfigMap: what lies under the annotations of every Ingress, and what holds for all hosts.

Source: kubernetes/ingress-nginx internal/ingress/defaults/main.go, internal/ingress/controller/config/config.go.
"""

from collections.abc import Iterable, Mapping

import msgspec

from underway.ingress.matchers.ingress_nginx.annotations import Opaque
from underway.ingress.objects.manifests import ConfigMap

ACME = "/.well-known/acme-challenge"
# Settings that an annotation of the same name replaces, as far as they change who answers or what a backend sees.
_UNDER = """
    custom-http-errors denylist-source-range force-ssl-redirect preserve-trailing-slash proxy-cookie-domain proxy-cookie-path
    proxy-redirect-from proxy-redirect-to ssl-redirect whitelist-source-range app-root
"""
UNDER = frozenset(_UNDER.split())
# Settings of all hosts that may change any answer, or keep it from somebody.
_OPAQUE = """
    add-headers block-cidrs block-referers block-user-agents enable-modsecurity enable-owasp-modsecurity-crs global-auth-url
    hide-headers http-snippet location-snippet proxy-set-headers server-snippet
"""
OPAQUE = frozenset(_OPAQUE.split())


class Config(msgspec.Struct, frozen=True):
    """under: annotations without prefix; https_code: of redirects; plain: paths that begin so are not redirected to https."""

    under: Mapping[str, str] = {}
    opaque: Opaque = ()
    https_code: int = 308
    plain: tuple[str, ...] = (ACME,)


def config_of(config_maps: Iterable[ConfigMap]) -> Config:
    """The settings in the ConfigMap that is the controller's, by the labels of its chart or its usual names."""
    for one in sorted(config_maps, key=lambda each: each.metadata.key):
        name, labels = one.metadata.name, one.metadata.labels
        labelled = (
            labels.get("app.kubernetes.io/name") == "ingress-nginx" and labels.get("app.kubernetes.io/component") == "controller"
        )
        if not (labelled or name.endswith("ingress-nginx-controller") or name == "nginx-configuration"):
            continue
        data = {key: text.strip() for key, text in one.data.items()}
        under = {key: text for key, text in data.items() if key in UNDER}
        opaque = tuple((key, text) for key, text in sorted(data.items()) if key in OPAQUE and text not in ("", "false"))
        code = data.get("http-redirect-code", "")
        plain = tuple(part.strip() for part in data.get("no-tls-redirect-locations", ACME).split(",") if part.strip())
        return Config(under, opaque, int(code) if code in ("301", "302", "307", "308") else 308, plain)
    return Config()
