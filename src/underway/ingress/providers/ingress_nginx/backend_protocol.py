"""backend-protocol: what is spoken to backends."""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations
from underway.ingress.providers.ingress_nginx.backend_tls import ON

KEYS = ("backend-protocol",)


def apply(own: Annotations, rule: Rule) -> None:
    """GRPC makes a GRPCRoute; TLS towards backends is for BackendTLSPolicy."""
    protocol = own.text("backend-protocol", "HTTP").upper()
    if protocol in ("GRPC", "GRPCS"):
        rule.protocol = "GRPC"
    if protocol in ("HTTPS", "GRPCS") and own.text("proxy-ssl-verify") not in ON:
        reason = f"{protocol} without proxy-ssl-verify: nginx takes any certificate; a BackendTLSPolicy always verifies"
        remedy = "put appProtocol and a BackendTLSPolicy with the authority of the backend's certificate on the Service"
        own.lose("lost", "backend-protocol", reason, remedy)
    elif protocol not in ("HTTP", "HTTPS", "GRPC", "GRPCS"):
        rule.settings += (Setting(f"protocol-{protocol}", protocol, ("backend-protocol",)),)
