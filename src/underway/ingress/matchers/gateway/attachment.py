"""Which routes are attached to which listener of which Gateway, and why the others are not.

Source: sigs.k8s.io/gateway-api v1.6.1 gateway_types.go (Listeners, AllowedRoutes), listenerset_types.go, shared_types.go
(ParentReference), httproute_types.go (Hostnames).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from underway.ingress.matchers.gateway.grants import Grants
from underway.ingress.matchers.gateway.parameters import Parameters
from underway.ingress.matchers.gateway.table import Table
from underway.ingress.objects.gateway import GROUP, Gateway, Listener, ListenerSet, ParentReference, RouteNamespaces
from underway.ingress.objects.manifests import Manifests
from underway.ingress.objects.route_refusal import gateway_refusal, listeners_refusal
from underway.model.selector import matches as selects
from underway.policy.hostname import intersection

KINDS = {"HTTP": ("HTTPRoute", "GRPCRoute"), "HTTPS": ("HTTPRoute", "GRPCRoute"), "TLS": ("TLSRoute",)}
NAMESPACE_LABEL = "kubernetes.io/metadata.name"


class Socket:
    """A listener that is accepted: of a Gateway or of a ListenerSet that is attached to it."""

    def __init__(self, gateway: str, owner_kind: str, owner: str, listener: Listener, expressions: str) -> None:
        self.gateway, self.owner_kind, self.owner, self.listener = gateway, owner_kind, owner, listener
        self.namespace = owner.partition("/")[0]
        self.hosts: dict[str, Table] = {}
        self.kinds: dict[str, str] = {}
        self._expressions = expressions

    def table(self, hostname: str, kind: str) -> Table | None:
        """The matches of one hostname; None where routes of another kind were there first, for the two are never mixed."""
        if self.kinds.setdefault(hostname, kind) != kind:
            return None
        return self.hosts.setdefault(hostname, Table(self._expressions))

    @property
    def passthrough(self) -> bool:
        """Whether TLS is not terminated here."""
        return self.listener.tls is not None and self.listener.tls.mode == "Passthrough"


class Attached(NamedTuple):
    """A route at a listener, with the hostnames that both allow."""

    socket: Socket
    hostnames: tuple[str, ...]


class Attachment:
    """All listeners of all Gateways. problems: what is refused or not attached, in sentences."""

    def __init__(self, manifests: Manifests, grants: Grants, parameters: Parameters) -> None:
        self._grants, self._parameters = grants, parameters
        self._labels = {one.metadata.name: one.metadata.labels for one in manifests.namespaces}
        self.problems: list[str] = []
        self.sockets: dict[str, list[Socket]] = {}
        self._by_owner: dict[tuple[str, str], list[Socket]] = {}
        for gateway in manifests.gateways:
            self._add_gateway(gateway)
        gateways = {one.metadata.key: one for one in manifests.gateways}
        for listener_set in sorted(manifests.listener_sets, key=lambda one: (one.metadata.creation_timestamp, one.metadata.key)):
            self._add_listener_set(listener_set, gateways)

    def _add_gateway(self, gateway: Gateway) -> None:
        key = gateway.metadata.key
        why = gateway_refusal(gateway)
        if why:
            self.problems.append(f"the API server refuses Gateway {key}: {why}")
            return
        self.sockets[key] = []
        for listener in gateway.spec.listeners:
            self._open(key, "Gateway", key, listener)

    def _add_listener_set(self, one: ListenerSet, gateways: dict[str, Gateway]) -> None:
        key, parent = one.metadata.key, one.spec.parent_ref
        of = f"{parent.namespace or one.metadata.namespace}/{parent.name}"
        why = listeners_refusal(one.spec.listeners)
        if not why and of not in self.sockets:
            why = f"Gateway {of} is not there"
        if not why and not self._from(
            gateways[of].spec.allowed_listeners.namespaces, of.partition("/")[0], one.metadata.namespace
        ):
            why = f"Gateway {of} allows no ListenerSet of namespace {one.metadata.namespace}"
        if why:
            self.problems.append(f"ListenerSet {key}: {why}")
            return
        for listener in one.spec.listeners:
            self._open(of, "ListenerSet", key, listener)

    def _open(self, gateway: str, kind: str, owner: str, listener: Listener) -> None:
        """Accept a listener unless it cannot serve. Earlier ones win over later ones of the same port."""
        named = f"listener {listener.name} of {kind} {owner}"
        for other in self.sockets[gateway]:
            same_port = other.listener.port == listener.port
            clear = "HTTP" in (other.listener.protocol, listener.protocol) and other.listener.protocol != listener.protocol
            if same_port and (
                clear or (other.listener.protocol, other.listener.hostname) == (listener.protocol, listener.hostname)
            ):
                self.problems.append(f"{named} is in conflict with listener {other.listener.name} of {other.owner}")
                return
        if why := self._certificates(kind, owner, listener):
            self.problems.append(f"{named}: {why}")
            return
        socket = Socket(gateway, kind, owner, listener, self._parameters.expressions)
        self.sockets[gateway].append(socket)
        self._by_owner.setdefault((kind, owner), []).append(socket)

    def _certificates(self, kind: str, owner: str, listener: Listener) -> str:
        """Why a listener has no certificate to terminate TLS with, or ""."""
        terminates = listener.protocol in ("HTTPS", "TLS") and not (listener.tls and listener.tls.mode == "Passthrough")
        if not terminates:
            return ""
        references = listener.tls.certificate_refs if listener.tls else ()
        if not references:
            return "has no certificateRef"
        namespace = owner.partition("/")[0]
        for one in references:
            if not self._grants.allows(kind, namespace, "Secret", one.namespace or namespace, one.name):
                return f"no ReferenceGrant lets it use Secret {one.namespace}/{one.name}"
        return ""

    def _from(self, allowed: RouteNamespaces, own: str, other: str) -> bool:
        """Whether an object of namespace `other` may attach to one of `own`."""
        match allowed.from_:
            case "All":
                return True
            case "Selector" if allowed.selector is not None:
                labels = {NAMESPACE_LABEL: other, **self._labels.get(other, {})}
                return selects(allowed.selector, labels)
            case "Same":
                return own == other
            case _:
                return False

    def attach(self, kind: str, route: Any) -> Iterator[Attached]:
        """The listeners that a route is attached to; `problems` says why there is none."""
        namespace, key = route.metadata.namespace, route.metadata.key
        for parent in route.spec.parent_refs:
            if parent.group != GROUP or parent.kind not in ("Gateway", "ListenerSet"):
                continue
            owner = f"{parent.namespace or namespace}/{parent.name}"
            reasons = []
            for socket in self._by_owner.get((parent.kind, owner), ()):
                why, hostnames = self._accepts(socket, parent, kind, namespace, route.spec.hostnames)
                if hostnames:
                    yield Attached(socket, hostnames)
                reasons.append(why)
            if not any(reason == "" for reason in reasons):
                said = reasons[0] if reasons else f"{parent.kind} {owner} has no listener that serves"
                self.problems.append(f"{kind} {key} is not attached: {said}")

    def _accepts(
        self, socket: Socket, parent: ParentReference, kind: str, namespace: str, hostnames: tuple[str, ...]
    ) -> tuple[str, tuple[str, ...]]:
        """Why a listener does not take a route, or the hostnames under which it does."""
        listener = socket.listener
        named = f"listener {listener.name} of {socket.owner_kind} {socket.owner}"
        if parent.section_name and parent.section_name != listener.name:
            return f"no listener is named {parent.section_name}", ()
        if parent.port is not None and parent.port != listener.port:
            return f"{named} has port {listener.port}", ()
        kinds = tuple(one.kind for one in listener.allowed_routes.kinds if one.group == GROUP)
        if kind not in KINDS.get(listener.protocol, ()) or (listener.allowed_routes.kinds and kind not in kinds):
            return f"{named} takes no {kind}", ()
        if not self._from(listener.allowed_routes.namespaces, socket.namespace, namespace):
            return f"{named} takes no routes of namespace {namespace}", ()
        both = tuple(
            dict.fromkeys(common for one in hostnames or ("",) if (common := intersection(listener.hostname, one)) is not None)
        )
        return ("", both) if both else (f"{named} has hostname {listener.hostname}, the route none that intersects", ())
