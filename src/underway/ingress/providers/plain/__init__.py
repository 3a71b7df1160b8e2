"""Ingress as networking.k8s.io/v1 specifies it, for controllers that nothing more is known of.

Source: k8s.io/api networking/v1/types.go. Where the text is silent: a precise host shuts out wildcards, and what has no path in a
host goes to the default backend.
"""

from underway.ingress.ir import EXACT, PREFIX, Certificate, Plan, Server
from underway.ingress.losses import Loss, Where
from underway.ingress.providers.table import Entry, Table, catch_all, resource_loss, rule_of, wildcard_losses
from underway.ingress.source import Ingress, IngressPath, Source

name = "plain"
controllers: tuple[str, ...] = ()
classes: tuple[str, ...] = ()
prefixes: tuple[str, ...] = ()


def plan(ingresses: list[Ingress], source: Source, class_name: str) -> tuple[Plan, list[Loss]]:
    """The hosts and rules of Ingresses of one class. source: what they refer to."""
    del source
    tables: dict[str, Table] = {}
    defaults: dict[str, tuple[Ingress, IngressPath]] = {}
    losses: list[Loss] = []
    for ingress in ingresses:
        for rule in ingress.rules:
            server = Server(rule.host, ingress.namespace, class_name, rule.where, ingress.object)
            table = tables.setdefault(rule.host, Table(server))
            if ingress.default is not None:
                defaults.setdefault(rule.host, (ingress, ingress.default))
            for path in rule.paths:
                losses += _add(table, ingress, path)
    add_defaults(tables, defaults, ingresses, class_name)
    for table in tables.values():
        _drop_shadowed(table, losses)
    servers = [table.finish() for table in tables.values()]
    losses += add_certificates(servers, ingresses, class_name)
    losses += wildcard_losses(servers)
    return Plan(servers), losses


def _add(table: Table, ingress: Ingress, path: IngressPath) -> list[Loss]:
    kind = EXACT if path.path_type == "Exact" else PREFIX
    value = path.path if kind == EXACT else path.path.rstrip("/") or "/"
    entry = Entry(rule_of(ingress, path, kind, value), path.path, kind, ingress)
    found = table.add((kind, value), entry)
    losses = resource_loss(ingress, path)
    host = table.server.host
    if found is not None:
        if len(path.path) > len(found.raw):
            table.entries[kind, value], entry, found = entry, found, entry
        losses += duplicate(entry, found, host)
    elif path.path_type == "ImplementationSpecific" and path.path != "/":
        reason = f"{path.path} is ImplementationSpecific: each controller has its own reading; it became PathPrefix"
        witness = f"GET http://{host or 'any.host'}{path.path}x may have been answered by this path, and now is not"
        losses.append(Loss("differs", path.where, ingress.object, reason, "write Prefix or Exact", "E4", witness, (host,)))
    return losses


def duplicate(loser: Entry, winner: Entry, host: str) -> list[Loss]:
    """E8: one path of one host twice; the older Ingress keeps it."""
    same = winner.rule.backends == loser.rule.backends
    if same and winner.ingress.key == loser.ingress.key:
        return []
    reason = f"{host or 'the host of all'}{loser.raw} is also in {winner.ingress.object}, which keeps it"
    witness = f"GET http://{host or 'any.host'}{loser.raw} goes to {winner.rule.backends[0].name}"
    kind = "note" if same else "differs"
    return [Loss(kind, loser.rule.where, loser.ingress.object, reason, "take one of them away", "E8", witness, (host,))]


def add_defaults(
    tables: dict[str, Table], defaults: dict[str, tuple[Ingress, IngressPath]], ingresses: list[Ingress], class_name: str
) -> None:
    """E3: a Gateway does not look further once a host is chosen, so the default backend goes into every host, and one for the
    rest."""
    ordered = sorted(ingresses, key=lambda one: bool(one.rules))
    general = next(((one, one.default) for one in ordered if one.default is not None), None)
    if general is not None and "" not in tables:
        ingress = general[0]
        tables[""] = Table(Server("", ingress.namespace, class_name, general[1].where, ingress.object))
    for host, table in tables.items():
        default = defaults.get(host) or general
        if default is not None:
            table.add((PREFIX, "/"), catch_all(*default))


def _drop_shadowed(table: Table, losses: list[Loss]) -> None:
    """E2: Prefix /p/ matches /p too and is the longer, so that Exact /p never answers; in a Gateway Exact would."""
    host = table.server.host
    for (kind, value), entry in list(table.entries.items()):
        winner = table.entries.get((PREFIX, value)) if kind == EXACT else None
        if winner is not None and len(winner.raw) > len(entry.raw):
            del table.entries[kind, value]
            reason = (
                f"Exact {value} never answers beside Prefix {winner.raw}, the longer path; it was left out so that this stays so"
            )
            losses.append(
                Loss("note", entry.rule.where, entry.ingress.object, reason, "take it away", "E2", "", (host,)),
            )


def add_certificates(servers: list[Server], ingresses: list[Ingress], class_name: str) -> list[Loss]:
    """Give hosts the certificates that spec.tls names for them."""
    secrets: dict[str, list[Certificate]] = {}
    origins: dict[str, tuple[Where, str]] = {}
    losses: list[Loss] = []
    for ingress in ingresses:
        for tls in ingress.tls:
            hosts = tls.hosts or tuple(rule.host for rule in ingress.rules)
            if not tls.secret:
                reason = "spec.tls names no Secret: the controller's default certificate answered; a listener needs one"
                losses.append(
                    Loss("lost", tls.where, ingress.object, reason, "--default-certificate NAMESPACE/NAME", "", "", hosts)
                )
            for host in hosts:
                listed = secrets.setdefault(host, [])
                origins.setdefault(host, (tls.where, ingress.object))
                certificate = Certificate(ingress.namespace, tls.secret)
                if certificate not in listed:
                    listed.append(certificate)
    by_host = {server.host: server for server in servers}
    for host, certificates in secrets.items():
        if host not in by_host:
            template = by_host.get(f"*.{host.partition('.')[2]}") or by_host.get("")
            where, name = origins[host]
            server = Server(host, certificates[0].namespace, class_name, where, name)
            server.rules = list(template.rules) if template else []
            by_host[host] = server
            servers.append(server)
            if not server.rules:
                reason = f"spec.tls names {host}, which no rule has: its listener has a certificate and no route"
                witness = f"GET https://{host}/ is answered 404; a Gateway may not answer where no route is"
                losses.append(Loss("differs", where, name, reason, "take it away", "tls", witness, (host,)))
    for server in servers:
        keys = (server.host, f"*.{server.host.partition('.')[2]}", "")
        found = next((secrets[key] for key in keys if key in secrets), None)
        if found is not None:
            server.tls, server.certificates = True, tuple(found)
    return losses
