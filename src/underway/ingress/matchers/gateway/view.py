"""The matcher of the Gateway API: which Gateway a host is at, which listener takes the request, which route answers."""

from typing import Any

from underway.ingress.matchers.answer import Answer, nothing
from underway.ingress.matchers.expressions import NotDecidable
from underway.ingress.matchers.gateway.attachment import Attachment, Socket
from underway.ingress.matchers.gateway.effects import World, answer_of, effect_of
from underway.ingress.matchers.gateway.grants import Grants
from underway.ingress.matchers.gateway.parameters import Parameters
from underway.ingress.matchers.gateway.table import Match, Table, grpc_match, http_match, reason
from underway.ingress.matchers.request import PORTS, Request
from underway.ingress.matchers.router import Condition, PathAtom, View
from underway.ingress.matchers.services import Services
from underway.ingress.objects.manifests import Manifests
from underway.ingress.objects.route import GRPCRouteMatch, HTTPRouteMatch
from underway.ingress.objects.route_refusal import route_refusal
from underway.policy.hostname import covers, patterns_of, specificity

PROTOCOLS = {"http": ("HTTP",), "https": ("HTTPS", "TLS")}
PASSTHROUGH = "(passed through)"


class GatewayRouter:
    """All Gateways of a set of files. problems: what is refused or not attached."""

    name = "gateway"

    def __init__(self, manifests: Manifests, parameters: Parameters) -> None:
        self.parameters = parameters
        grants = Grants(manifests.reference_grants)
        tls = frozenset(
            (policy.metadata.namespace, target.name)
            for policy in manifests.backend_tls_policies
            for target in policy.spec.target_refs
            if target.kind == "Service"
        )
        self._world = World(Services(manifests.services), grants, tls, parameters)
        self._attachment = Attachment(manifests, grants, parameters)
        self.problems = self._attachment.problems
        self._policies: dict[str, set[str]] = {}
        for policy in manifests.policies:
            for target in policy.targets:
                self._policies.setdefault(target, set()).add(policy.kind)
        routes: list[tuple[str, Any]] = [("HTTPRoute", one) for one in manifests.http_routes]
        routes += [("GRPCRoute", one) for one in manifests.grpc_routes] + [("TLSRoute", one) for one in manifests.tls_routes]
        for kind, route in sorted(routes, key=lambda pair: (pair[1].metadata.creation_timestamp, pair[1].metadata.key)):
            self._add(kind, route)
        for socket in self._sockets():
            for table in socket.hosts.values():
                table.sort()

    def _sockets(self) -> list[Socket]:
        return [socket for sockets in self._attachment.sockets.values() for socket in sockets]

    def _add(self, kind: str, route: Any) -> None:
        key = route.metadata.key
        why = "" if kind == "TLSRoute" else route_refusal(route)
        if why:
            self.problems.append(f"the API server refuses {kind} {key}: {why}")
            return
        made = [self._matches(kind, route, index, rule) for index, rule in enumerate(route.spec.rules)]
        matches = [match for listed in made for match in listed]
        for attached in self._attachment.attach(kind, route):
            for hostname in attached.hostnames:
                table = attached.socket.table(hostname, kind)
                if table is None:
                    self.problems.append(f"{kind} {key} is not attached: routes of another kind have hostname {hostname} already")
                    continue
                for match in matches:
                    table.add(match)

    def _matches(self, kind: str, route: Any, index: int, rule: Any) -> list[Match]:
        key, namespace = route.metadata.key, route.metadata.namespace
        where = f"{kind} {key} spec.rules[{index}]"
        order = (route.metadata.creation_timestamp, key, index)
        if kind == "TLSRoute":
            effect = effect_of(self._world, kind, namespace, where, (), rule.backend_refs)
            return [Match("any", ".*", (), order, effect, where)]
        effect = effect_of(self._world, kind, namespace, where, rule.filters, rule.backend_refs)
        if kind == "GRPCRoute":
            return [
                grpc_match(one, (*order, number), effect, where) for number, one in enumerate(rule.matches or (GRPCRouteMatch(),))
            ]
        return [
            http_match(one, (*order, number), effect, where) for number, one in enumerate(rule.matches or (HTTPRouteMatch(),))
        ]

    def hosts(self) -> set[str]:
        """The hostnames of listeners and of attached routes."""
        sockets = self._sockets()
        return {socket.listener.hostname for socket in sockets} | {host for socket in sockets for host in socket.hosts}

    def views(self, scheme: str, host: str, port: int = 0, /) -> list[View]:
        """The Gateways that claim the host most specifically; one that answers nothing if none does."""
        found: list[tuple[tuple[bool, int], HostView]] = []
        for gateway, sockets in self._attachment.sockets.items():
            view = self._view(gateway, sockets, scheme, host, port)
            if view is not None:
                found.append((view.claim, view))
        if not found:
            return [HostView("", [], [], self.parameters, self.problems, self._policies)]
        best = max(claim for claim, _ in found)
        return [view for claim, view in found if claim == best]

    def _view(self, gateway: str, sockets: list[Socket], scheme: str, host: str, port: int) -> "HostView | None":
        speaking = [one for one in sockets if one.listener.protocol in PROTOCOLS[scheme]]
        ports = {one.listener.port for one in speaking}
        wanted = port or (PORTS[scheme] if PORTS[scheme] in ports else min(ports, default=0))
        heard = [one for one in speaking if one.listener.port == wanted and covers(one.listener.hostname, host)]
        if not heard:
            return None
        heard.sort(key=lambda one: specificity(one.listener.hostname), reverse=True)
        if self.parameters.listener_isolation:
            heard = heard[:1]
        tables: list[tuple[str, Table, Socket]] = []
        for pattern in patterns_of(host):
            tables += [(pattern, one.hosts[pattern], one) for one in heard if pattern in one.hosts]
        return HostView(gateway, heard, tables, self.parameters, self.problems, self._policies)


class HostView:
    """One host at one Gateway through one scheme. claim: how specifically the Gateway speaks of the host.

    It speaks by its routes or, where none of them has the host, by the listener that it keeps for it.
    """

    def __init__(
        self,
        gateway: str,
        heard: list[Socket],
        tables: list[tuple[str, Table, Socket]],
        parameters: Parameters,
        problems: list[str],
        policies: dict[str, set[str]],
    ) -> None:
        self.gateway, self._heard, self._problems = gateway, heard, problems
        self._all = tables
        first = tables[0][0] if tables else ""
        self._tables = tables if parameters.hostname_fallback else [one for one in tables if one[0] == first]
        named = first if tables else heard[0].listener.hostname if heard else ""
        self.claim = (bool(named) and specificity(named)[0], len(named) if tables or named else -1)
        self.certificates = self._secrets()
        self._policies = policies

    def _secrets(self) -> frozenset[str] | None:
        if not self._tables or not self._heard or self._heard[0].listener.protocol == "HTTP":
            return None
        socket = self._heard[0]
        if socket.passthrough:
            return frozenset({PASSTHROUGH})
        references = socket.listener.tls.certificate_refs if socket.listener.tls else ()
        return frozenset(f"{one.namespace or socket.namespace}/{one.name}" for one in references)

    def atoms(self) -> list[PathAtom]:
        """The paths of the tables in play."""
        return [atom for _, table, _ in self._tables for atom in table.atoms()]

    def conditions(self, path: str, /) -> list[Condition]:
        """Methods, headers and parameters of every match whose path holds."""
        try:
            return [one for _, table, _ in self._tables for match in table.candidates(path) for one in match.conditions]
        except NotDecidable:
            return []

    def answer(self, request: Request) -> Answer:
        """The first match in order of precedence."""
        if not self._heard:
            return nothing(404, "no listener takes the host")
        try:
            for _, table, socket in self._tables:
                match = table.find(request)
                if match is not None:
                    return self._finished(match, request, socket)
        except NotDecidable as error:
            return nothing(404, undefined=str(error))
        return nothing(404, "no match of the attached routes holds")

    def _finished(self, match: Match, request: Request, socket: Socket) -> Answer:
        answer = answer_of(match.effect, request, match.value, request.port or socket.listener.port)
        if not self._policies and not socket.passthrough:
            return answer
        route = match.where.partition(" spec.")[0]
        targets = ("", route, f"Gateway {self.gateway}", f"{socket.owner_kind} {socket.owner}")
        kinds = sorted({kind for target in targets for kind in self._policies.get(target, ())})
        opaque = tuple((kind, "a policy that may change the answer") for kind in kinds)
        attributes = (*answer.attributes, ("tls", "passed through")) if socket.passthrough else answer.attributes
        return Answer(
            answer.answer, answer.status, answer.backends, answer.rule, answer.location, answer.path, answer.host,
            answer.headers, attributes, (*answer.opaque, *opaque), answer.undefined,
        )  # fmt: skip

    def branches(self) -> list[tuple[PathAtom, list[Condition], Answer]]:
        """The matches of the host's tables."""
        return [branch for _, table, _ in self._tables for branch in table.branches()]

    def why(self, request: Request) -> list[str]:
        """Why each other match of the host does not answer, and what is not attached at all."""
        chosen = self.answer(request)
        lines = []
        for pattern, table, socket in self._all:
            shut_out = (pattern, table, socket) not in self._tables
            for match in table.matches:
                if match.where == chosen.rule and not shut_out:
                    continue
                why = reason(match, request, chosen.rule or "the 404")
                if shut_out and why.startswith("matches"):
                    why = f"matches, but hostname {self._tables[0][0]} is more specific than {pattern or '(any)'}"
                lines.append(f"{match.where}: {why}")
        return [*dict.fromkeys(lines), *self._problems]
