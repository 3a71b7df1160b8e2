"""proxy-ssl-secret, -verify, -name, -server-name: TLS towards backends, verified, as BackendTLSPolicy has it."""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("proxy-ssl-secret", "proxy-ssl-verify", "proxy-ssl-name", "proxy-ssl-server-name")
ON = ("on", "true")
PROTOCOLS = ("HTTPS", "GRPCS")  # of backend-protocol: with others nginx speaks no TLS to backends


def apply(own: Annotations, rule: Rule) -> None:
    """Write whom a backend's certificate must be from. value: (namespace and name of the Secret with ca.crt, hostname)."""
    given = tuple(key for key in KEYS if key in own)
    if own.text("backend-protocol").upper() not in PROTOCOLS:
        for key in given:
            own.lose("note", key, "does nothing without backend-protocol HTTPS or GRPCS, and was left out")
        return
    if own.text("proxy-ssl-verify") not in ON:
        if "proxy-ssl-secret" in own:
            reason = (
                "without proxy-ssl-verify shows a certificate and takes any; a BackendTLSPolicy always verifies, so none was made"
            )
            own.lose(
                "lost",
                "proxy-ssl-secret",
                reason,
                "proxy-ssl-verify: on with proxy-ssl-name, once the backend's certificate is right",
            )
        return
    namespace, _, secret = own.text("proxy-ssl-secret").rpartition("/")
    name = own.text("proxy-ssl-name")
    if not secret or not name or namespace not in ("", own.ingress.namespace):
        reason = "needs proxy-ssl-secret of the same namespace and proxy-ssl-name: a BackendTLSPolicy names both"
        own.lose("lost", "proxy-ssl-verify", reason, "name both")
        return
    rule.settings += (Setting("backend-tls", (secret, name), given),)
