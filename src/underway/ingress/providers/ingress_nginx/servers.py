"""Server blocks and locations, as ingress-nginx makes them of all Ingresses of its class: the picture that is then converted.

Owns who wins where: the oldest Ingress, the implied location /, canaries by upstream, aliases, certificates. It must not know
routes.
Source: kubernetes/ingress-nginx internal/ingress/controller/controller.go (createServers, getBackendServers,
mergeAlternativeBackends), store/store.go (sortIngressSlice), internal/k8s/main.go (SetDefaultNGINXPathType).
"""

import msgspec

from underway.ingress.ir import Backend, Certificate
from underway.ingress.losses import Loss, Where
from underway.ingress.providers.annotations import Annotations
from underway.ingress.providers.ingress_nginx.canary import Canary, canary_of
from underway.ingress.providers.ingress_nginx.controller_config import Config
from underway.ingress.providers.table import backend_of, resource_loss
from underway.ingress.source import HOST, Ingress, IngressPath


class Location(msgspec.Struct):
    """One location. kind: Exact or Prefix, which ImplementationSpecific is too; backend None: the controller's own, which
    answers 404."""

    path: str
    kind: str
    backend: Backend | None
    own: Annotations
    where: Where
    implied: bool = False
    specific: bool = False

    @property
    def target(self) -> str:
        """What the path is rewritten to; "" if it is not, or to itself."""
        target = self.own.text("rewrite-target")
        return "" if target == self.path else target

    @property
    def regex(self) -> bool:
        """Whether this location makes all of its server regular expressions."""
        return bool(self.target) or self.own.flag("use-regex", default=False)


class ServerBlock(msgspec.Struct):
    """One host ("": the catch-all)."""

    host: str
    first: Ingress
    where: Where
    locations: list[Location]
    aliases: tuple[str, ...] = ()
    aliased: bool = False
    certificate: Certificate | None = None
    passthrough: bool = False
    www: bool = False


class Blocks(msgspec.Struct):
    """All servers by host and by every name that leads to them (aliases, www twins), and the first canary of each upstream."""

    servers: dict[str, ServerBlock] = {}
    names: dict[str, ServerBlock] = {}
    canaries: dict[Backend, Canary] = {}
    losses: list[Loss] = []
    config: Config = Config()


def blocks_of(owns: list[Annotations]) -> Blocks:
    """The servers of Ingresses. owns: their annotations, in any order."""
    by_name = sorted(owns, key=lambda own: own.ingress.key, reverse=True)
    ordered = sorted(by_name, key=lambda own: own.ingress.created)
    blocks = Blocks()
    main = [own for own in ordered if not own.flag("canary", default=False)]
    for own in main:
        _create(blocks, own)
    for own in main:
        _configure(blocks, own)
    for own in main:
        _fill(blocks, own)
    for own in ordered:
        if own.flag("canary", default=False):
            _merge(blocks, own)
    _settle_aliases(blocks)
    return blocks


def certificate_of(blocks: Blocks, name: str) -> Certificate | None:
    """The certificate that a name is answered with: its own, or that of *.name. An alias is taken to be in its server's.

    Source: rootfs/etc/nginx/lua/certificate.lua (get_pem_cert_uid), internal/ingress/controller/nginx.go (configureCertificates).
    """
    found = (blocks.names.get(each) for each in (name, f"*.{name.partition('.')[2]}"))
    return next((block.certificate for block in found if block is not None and block.certificate is not None), None)


def _settle_aliases(blocks: Blocks) -> None:
    """An alias that is a host is nothing; of two servers with one alias nginx takes the first, which is the first by name."""
    taken = {twin: block.host for block in blocks.servers.values() if (twin := twin_of(blocks, block))}
    for host in sorted(blocks.servers, key=lambda host: host or "_"):
        block = blocks.servers[host]
        kept = []
        for alias in block.aliases:
            if alias in taken:
                reason = f"{alias} is an alias of {taken[alias] or 'the catch-all'} too, which is the first by name and answers"
                hosts = (alias,)
                blocks.losses.append(Loss("note", block.where, block.first.object, reason, "", "server-alias", "", hosts))
            elif alias not in blocks.servers:
                taken[alias] = host
                kept.append(alias)
        block.aliases = tuple(kept)
    blocks.names = {name: blocks.servers[host] for name, host in taken.items()} | blocks.servers


def twin_of(blocks: Blocks, block: ServerBlock) -> str:
    """The name with www. in front, or without, that is sent to a block; "" if there is none to send."""
    if not block.www or not block.host or block.host.startswith("*."):
        return ""
    other = block.host.removeprefix("www.") if block.host.startswith("www.") else f"www.{block.host}"
    return "" if other in blocks.servers else other


def _create(blocks: Blocks, own: Annotations) -> None:
    ingress = own.ingress
    default = backend_of(ingress, ingress.default) if ingress.default and ingress.default.service else None
    if default is not None and ingress.default is not None and not ingress.rules:
        bare = own.without(_plain(ingress.annotations, own.prefix))
        location = Location("/", "Prefix", default, bare, ingress.default.where)
        block = blocks.servers.setdefault("", ServerBlock("", ingress, ingress.default.where, [location]))
        if block.locations[0].implied:
            block.locations[0] = location
        return
    for rule in ingress.rules:
        if rule.host in blocks.servers:
            continue
        where = ingress.default.where if ingress.default else rule.where
        # The catch-all is there before any Ingress: its / is the controller's own, whatever defaultBackend says.
        mine = own if rule.host else own.without(_plain({}, own.prefix))
        implied = Location("/", "Prefix", default if rule.host else None, mine, where, implied=True)
        passthrough = bool(rule.host) and own.flag("ssl-passthrough", default=False)
        blocks.servers[rule.host] = ServerBlock(rule.host, ingress, rule.where, [implied], passthrough=passthrough)


def _plain(annotations: dict[str, str], prefix: str) -> dict[str, str]:
    """The annotations of the catch-all's own location, which takes neither redirects nor rewrites: not even ssl-redirect."""
    skipped = ("redirect", "rewrite", "app-root", "use-regex")
    kept = {key: text for key, text in annotations.items() if not any(word in key for word in skipped)}
    return kept | {f"{prefix}ssl-redirect": "false"}


def _configure(blocks: Blocks, own: Annotations) -> None:
    ingress = own.ingress
    for rule in ingress.rules:
        block = blocks.servers[rule.host]
        if not block.aliased:  # even by an expression, which is left out
            block.aliases, block.aliased = _aliases(own), bool(own.words("server-alias"))
        if block.certificate is None:
            block.certificate = _certificate(ingress, rule.host)


def _aliases(own: Annotations) -> tuple[str, ...]:
    words = own.words("server-alias")
    kept = tuple(word for word in words if HOST.match(word))
    if len(kept) < len(words):
        bad = next(word for word in words if word not in kept)
        own.lose("lost", "server-alias", f"{bad!r} is no hostname: a listener takes names, and *. in front", "name the hosts")
    return kept


def _certificate(ingress: Ingress, host: str) -> Certificate | None:
    """Of the tls entry that names the host, else of one whose wildcard covers it, as its certificate would."""
    for wanted in (host, f"*.{host.partition('.')[2]}"):
        for tls in ingress.tls:
            if wanted in tls.hosts:
                return Certificate(ingress.namespace, tls.secret)
    return None


def _fill(blocks: Blocks, own: Annotations) -> None:
    ingress = own.ingress
    for rule in ingress.rules:
        block = blocks.servers[rule.host]
        for path in rule.paths:
            blocks.losses += resource_loss(ingress, path)
            if path.service:
                _place(blocks, block, own, path)


def _place(blocks: Blocks, block: ServerBlock, own: Annotations, path: IngressPath) -> None:
    kind = "Exact" if path.path_type == "Exact" else "Prefix"
    specific = path.path_type == "ImplementationSpecific"
    made = Location(path.path, kind, backend_of(own.ingress, path), own, path.where, specific=specific)
    www = own.flag("from-to-www-redirect", default=False)
    for index, location in enumerate(block.locations):
        if location.path != made.path:
            continue
        if location.kind != made.kind:
            break  # the controller looks at the first location of a path alone
        if location.implied:
            block.locations[index], block.www = made, block.www or www
        else:
            _duplicate(blocks, block, location, made)
        return
    block.locations.append(made)
    block.www = block.www or www


def _duplicate(blocks: Blocks, block: ServerBlock, winner: Location, loser: Location) -> None:
    if winner.backend == loser.backend and winner.own is loser.own:
        return
    host = block.host or "the catch-all"
    reason = f"{host}{loser.path} is also in {winner.own.ingress.object}, which answers; the route keeps it so"
    loss = Loss("note", loser.where, loser.own.ingress.object, reason, "take one of them away", "E8", "", (block.host,))
    blocks.losses.append(loss)


def _merge(blocks: Blocks, own: Annotations) -> None:
    """A canary joins the upstream of the same host, path and type, wherever else that upstream is used."""
    ingress, canary = own.ingress, canary_of(own)
    for rule in ingress.rules:
        block = blocks.servers.get(rule.host)
        for path in rule.paths:
            if not path.service:
                continue
            other = backend_of(ingress, path)
            mains = _mains(block.locations if block else [], path, other)
            for main in mains:
                blocks.canaries.setdefault(main, msgspec.structs.replace(canary, backend=other))
            if mains:
                continue
            reason = f"{rule.host}{path.path} is a canary of no path: the controller ignores it, and so does the conversion"
            blocks.losses.append(Loss("note", path.where, ingress.object, reason, "give the main Ingress too", "canary"))


def _mains(locations: list[Location], path: IngressPath, other: Backend) -> list[Backend]:
    """The upstreams that a canary joins, up to the first location that has the canary's own."""
    kind = "Exact" if path.path_type == "Exact" else "Prefix"
    found: list[Backend] = []
    for location in locations:
        if location.backend == other:
            break
        if location.backend is not None and (location.path, location.kind) == (path.path, kind):
            found.append(location.backend)
    return found
