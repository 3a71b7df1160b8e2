"""Where routes attach: Gateways, ListenerSets and grants as values, and the wishes of who asked for them.

Owns the shapes that topologies make and emitters write. Which hosts go where is in `topologies`.
"""

import msgspec

from underway.ingress.ir import Certificate
from underway.ingress.losses import Loss

LISTENERS_MAX = 64  # gateway_types.go, listenerset_types.go
NEWEST = 6  # Gateway API 1.6
OLDEST = 4


class Options(msgspec.Struct, frozen=True):
    """What was asked for.

    minor: of the Gateway API, 1.minor; gateway_class: "" takes the class of the Ingresses; gateway: (namespace, name) of the
    shared Gateway; default_certificate: for hosts whose spec.tls names no Secret; open: emit routes even where a guard is lost.
    """

    emitter: str = "standard"
    minor: int = NEWEST
    topology: str = "namespace"
    provider: str = "auto"
    gateway_class: str = ""
    controller: str = ""
    gateway: tuple[str, str] = ("gateways", "")
    default_certificate: Certificate | None = None
    experimental: bool = False
    open: bool = False


class Listener(msgspec.Struct, frozen=True):
    """A port, a protocol and a hostname. namespaces: whose routes may attach; () is the Gateway's own."""

    name: str
    hostname: str
    port: int
    protocol: str
    certificates: tuple[Certificate, ...] = ()
    namespaces: tuple[str, ...] = ()


class Gateway(msgspec.Struct):
    """A Gateway. listener_namespaces: whose ListenerSets may attach. client_ca: of frontend validation."""

    namespace: str
    name: str
    class_name: str
    listeners: list[Listener] = []
    listener_namespaces: list[str] = []


class ListenerSet(msgspec.Struct):
    """Further listeners of a Gateway."""

    namespace: str
    name: str
    gateway: Gateway
    listeners: list[Listener] = []


class Parent(msgspec.Struct, frozen=True, gc=False):
    """A listener that a route attaches to."""

    kind: str
    namespace: str
    name: str
    section: str


class Grant(msgspec.Struct, frozen=True):
    """A ReferenceGrant: in the namespace of the target. from_kind: who refers; names: of Secrets or Services."""

    namespace: str
    from_kind: str
    from_namespace: str
    to_kind: str
    names: tuple[str, ...]
    from_group: str = "gateway.networking.k8s.io"


class Layout(msgspec.Struct):
    """Everything that routes attach to. parents: by the server's index and the scheme, "http", "https" or "tls"."""

    gateways: list[Gateway] = []
    listener_sets: list[ListenerSet] = []
    grants: list[Grant] = []
    parents: dict[tuple[int, str], Parent] = {}
    losses: list[Loss] = []


PORTS = {"http": (80, "HTTP"), "https": (443, "HTTPS"), "tls": (443, "TLS")}


def listener_name(scheme: str, host: str) -> str:
    """Unique for each host: no DNS name begins with -, so that "--" can only be the wildcard's."""
    return f"{scheme}-{host.replace('*.', '-')}" if host else scheme
