"""auth-tls-secret, auth-tls-verify-client and their kin: clients must show a certificate. A guard of the whole listener."""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("auth-tls-secret", "auth-tls-verify-client")
MODES = {"on": "AllowValidOnly", "optional": "AllowInsecureFallback", "optional_no_ca": "AllowInsecureFallback"}


def apply(own: Annotations, rule: Rule) -> None:
    """Write whose certificates clients must show. Off asks for none."""
    secret, verify = own.text("auth-tls-secret"), own.text("auth-tls-verify-client", "on")
    if not secret or verify == "off":
        return
    encrypted = {host for one in own.ingress.tls for host in one.hosts}
    if any(host.host not in encrypted for host in own.ingress.rules):
        own.lose("note", "auth-tls-secret", "asks for nothing over http, and a host without a certificate has only that here")
    namespace, _, name = secret.rpartition("/")
    keys = tuple(key for key in KEYS if key in own)
    value = namespace or own.ingress.namespace, name, MODES.get(verify, "AllowValidOnly")
    rule.settings += (Setting("client-ca", value, keys, guards=True),)
