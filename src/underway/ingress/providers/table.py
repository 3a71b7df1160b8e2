"""The paths of one host as a Gateway will see them: one rule for each path and kind, and what loses against what.

Owns the bookkeeping that all providers share; which paths are equal, and who wins, each says by the key and the order it adds
them.
"""

import msgspec

from underway.ingress.ir import PREFIX, Backend, Match, Path, Rule, Server
from underway.ingress.losses import Loss
from underway.ingress.source import Ingress, IngressPath


class Entry(msgspec.Struct):
    """A rule, the path as it was written, and whose it is."""

    rule: Rule
    raw: str
    kind: str
    ingress: Ingress


class Table:
    """The paths of one host, by kind and path. The first that is added stays."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.entries: dict[tuple[str, str], Entry] = {}

    def add(self, key: tuple[str, str], entry: Entry) -> Entry | None:
        """Put an entry in; the one that is there already is returned instead."""
        found = self.entries.get(key)
        if found is None:
            self.entries[key] = entry
        return found

    def finish(self) -> Server:
        """The server with its rules, in the order they came."""
        self.server.rules = [entry.rule for entry in self.entries.values()]
        return self.server


def backend_of(ingress: Ingress, path: IngressPath) -> Backend:
    """What a path's backend is for a route."""
    if path.service:
        return Backend(ingress.namespace, path.service, path.port)
    group, kind, name = path.resource
    return Backend(ingress.namespace, name, 0, None, group, kind)


def rule_of(ingress: Ingress, path: IngressPath, kind: str, value: str) -> Rule:
    """A rule that sends a path to its backend, and nothing else."""
    match = Match(Path(kind, value))
    return Rule((match,), ingress.namespace, ingress.key, path.where, (backend_of(ingress, path),))


def resource_loss(ingress: Ingress, path: IngressPath) -> list[Loss]:
    """A backend that is no Service is for the implementation to know."""
    if path.service:
        return []
    group, kind, name = path.resource
    reason = f"the backend is {kind}.{group} {name}: whether a Gateway knows that kind depends on its implementation"
    return [Loss("lost", path.where, ingress.object, reason, "use a Service, or look whether the implementation takes it")]


def catch_all(ingress: Ingress, backend: IngressPath) -> Entry:
    """The default backend as a rule for everything."""
    return Entry(rule_of(ingress, backend, PREFIX, "/"), "/", PREFIX, ingress)


def wildcard_losses(servers: list[Server]) -> list[Loss]:
    """E1: * is one label in an Ingress, and one or more in the Gateway API. servers: of one class."""
    wild = {server.host: server for server in servers if server.host.startswith("*.") and server.rules}
    found = [_wildcard(server) for server in wild.values()]
    for server in servers:
        wider = None if server.tls or server.passthrough else _wider(server.host, wild)
        if wider is not None:
            reason = f"{server.host} has no certificate; a listener for {wider.host} takes its https from now on"
            witness = f"GET https://{server.host.replace('*', 'any')}/ is answered with the certificate of {wider.host}"
            remedy = "give it a certificate, and with it a listener of its own"
            found.append(Loss("differs", server.where, server.object, reason, remedy, "E1", witness, (server.host,)))
    return found


def _wider(host: str, wild: dict[str, Server]) -> Server | None:
    """A wildcard with https that covers a host by more than one label, as only a Gateway lets it."""
    rest = host.partition(".")[2].partition(".")[2]
    while rest:
        found = wild.get(f"*.{rest}")
        if found is not None and (found.tls or found.passthrough):
            return found
        rest = rest.partition(".")[2]
    return None


def _wildcard(server: Server) -> Loss:
    rest = server.host[2:]
    reason = (
        f"{server.host} stands for one label in an Ingress; a Gateway lets it stand for several, and nothing in it says otherwise"
    )
    witness = f"GET http://a.b.{rest}/ was not answered by this host, and now is"
    remedy = f"name the hosts one by one, or give *.b.{rest} a listener of its own where it matters"
    return Loss("differs", server.where, server.object, reason, remedy, "E1", witness, (server.host,))


def bare_loss(server: Server) -> list[Loss]:
    """A host of which no path has a backend: its listener is there, and no route."""
    if not server.host or any(rule.scheme != "http" for rule in server.rules):
        return []
    reason = f"{server.host} has no path that answers: its listener has no route, and says 404"
    witness = ""
    if server.host.startswith("*."):
        witness = f"GET http://a.b.{server.host[2:]}/ was not for this host, and now is"
    elif server.tls:
        witness = f"GET https://{server.host}/ is answered 404; a Gateway may not answer where no route is"
    kind, remedy = ("differs", "take the host away") if witness else ("note", "")
    return [Loss(kind, server.where, server.object, reason, remedy, "", witness, (server.host,))]
