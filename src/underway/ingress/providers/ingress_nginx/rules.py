"""Locations as rules of routes: the matches, in the sound form where there is one, and what they do.

Owns paths, rewrites and the redirects of a whole host. Everything that does not hang on the path is read by the families.
"""

import msgspec

from underway.ingress.ir import EXACT, PREFIX, Match, Path, Plan, Redirect, Rewrite, Rule, Server, Setting
from underway.ingress.losses import Loss
from underway.ingress.providers.ingress_nginx import redirects
from underway.ingress.providers.ingress_nginx.canary import spread
from underway.ingress.providers.ingress_nginx.families import FAMILIES
from underway.ingress.providers.ingress_nginx.patterns import (
    LENGTH_MAX,
    Shape,
    beyond_re2,
    covers,
    rewrite_of,
    settled,
    shape_of,
    substitution,
)
from underway.ingress.providers.ingress_nginx.servers import Blocks, Location, ServerBlock, certificate_of
from underway.ingress.providers.table import bare_loss, wildcard_losses
from underway.ingress.source import Source


def plan_of(blocks: Blocks, source: Source, class_name: str) -> tuple[Plan, list[Loss]]:
    """The plan of all servers."""
    builder = _Builder(blocks, source)
    plan = Plan()
    for block in blocks.servers.values():
        plan.servers += builder.servers(block, class_name)
    losses = [*builder.losses, *wildcard_losses(plan.servers), *(loss for one in plan.servers for loss in bare_loss(one))]
    return plan, losses


class _Builder:
    """Makes rules of locations. templates: what the families say of each Ingress, made once."""

    def __init__(self, blocks: Blocks, source: Source) -> None:
        self.blocks, self.source = blocks, source
        self.losses: list[Loss] = []
        self._templates: dict[int, Rule] = {}

    def servers(self, block: ServerBlock, class_name: str) -> list[Server]:
        """The server of a block, and those of its aliases and its www twin."""
        # A target that is the path makes no expression, until the path gets its slash.
        if any(location.regex for location in _expanded(block.locations)):
            rules = self._expressions(block)
        else:
            self._say_twice(block)
            rules = self._prefixes(block)
        own = Server(block.host, block.first.namespace, class_name, block.where, block.first.object, rules)
        if block.passthrough:
            self._passthrough(block, own)
        made = []
        for name in (block.host, *block.aliases):
            server = msgspec.structs.replace(own, host=name, rules=list(own.rules))
            if name != block.host and own.passthrough:  # names are compared as they are
                server.passthrough, server.rules = False, [rule for rule in own.rules if rule.protocol != "TLS"]
            self._certify(block, server)
            redirects.of_host(block, server, self.blocks.config)
            self._protocols(block, server)
            made.append(server)
        if block.www:
            made += redirects.twins(block, made[0], self.blocks)
        return made

    def _certify(self, block: ServerBlock, server: Server) -> None:
        """Give a name its certificate, and say where spec.tls leaves it to the controller."""
        certificate = certificate_of(self.blocks, server.host)
        if certificate is None:
            return
        server.tls, server.certificates = True, (certificate,)
        if not certificate.name:
            where = next(tls.where for tls in block.first.tls) if block.first.tls else block.where
            reason = "spec.tls names no Secret: the controller's default certificate answered; a listener needs one"
            remedy, hosts = "--default-certificate NAMESPACE/NAME", (server.host,)
            self.losses.append(Loss("lost", where, block.first.object, reason, remedy, "", "", hosts))

    def _passthrough(self, block: ServerBlock, server: Server) -> None:
        """TLS goes to the backend of / as it comes, unless there is none."""
        root = next(one for one in block.locations if one.path == "/")
        if block.host.startswith("*."):
            reason = "passes on connections to this very name, which no client asks for: https is answered as without it"
            root.own.lose("note", "ssl-passthrough", reason)
            return
        if root.implied or root.backend is None:
            reason = "needs a path / of type Prefix, and there is none: the controller connects https to nothing"
            root.own.lose("note", "ssl-passthrough", reason)
            return
        server.passthrough = True
        root.own.lose(
            "note",
            "ssl-passthrough",
            "works where the controller runs with --enable-ssl-passthrough alone; a Gateway has no such flag",
        )
        rule = Rule(
            (Match(),),
            root.own.ingress.namespace,
            root.own.ingress.key,
            root.where,
            (root.backend,),
            scheme="tls",
            protocol="TLS",
        )
        server.rules.append(rule)

    def _protocols(self, block: ServerBlock, server: Server) -> None:
        """GRPCRoute and HTTPRoute may not share a host of a listener, and a GRPCRoute knows methods, not paths."""
        spoken = [rule for rule in server.rules if rule.protocol == "GRPC"]
        if not spoken:
            return
        mixed = any(_speaks(server, scheme) >= {"GRPC", "HTTP"} for scheme in ("http", "https"))
        own = next(one.own for one in block.locations if one.own.ingress.key == spoken[0].owner)
        if not mixed and all(_grpc(rule) for rule in spoken):
            reason = "became a GRPCRoute, which takes gRPC requests alone, by service and method"
            method = next((path for rule in spoken for path in (rule.matches[0].path,) if _below_method(path)), None)
            witness = (
                f"GET http://{block.host or 'any.host'}{method.value}/x was answered by it, and now is not" if method else ""
            )
            own.lose("differs" if method else "note", "backend-protocol", reason, witness=witness)
            return
        server.rules = [msgspec.structs.replace(rule, protocol="HTTP") if rule in spoken else rule for rule in server.rules]
        why = "the host speaks HTTP too" if mixed else "a path is not of the form /package.Service/Method, or is rewritten"
        reason = f"{own.text('backend-protocol')} became an HTTPRoute: {why}, and a GRPCRoute cannot have that"
        own.lose("lost", "backend-protocol", reason, "appProtocol: kubernetes.io/h2c on the port of the Service")

    def template(self, location: Location) -> Rule:
        """What the annotations of a location's Ingress say, whatever the path."""
        own = location.own
        found = self._templates.get(id(own))
        if found is None:
            found = Rule((), own.ingress.namespace, own.ingress.key, own.ingress.where)
            for family in FAMILIES:
                family.apply(own, found)
            found.closed_by = self.blocks.config.guards
            self._templates[id(own)] = found
        return found

    def rules(self, location: Location, path: Path, rewrite: Rewrite | None) -> list[Rule]:
        """The rules of a location that takes a path."""
        template = self.template(location)
        if location.backend is None and template.redirect is None:
            return []
        backends = (location.backend,) if location.backend is not None else ()
        rule = msgspec.structs.replace(template, matches=(Match(path),), where=location.where, backends=backends)
        if rewrite is not None:
            vhost = template.rewrite.hostname if template.rewrite else ""
            rule.rewrite = msgspec.structs.replace(rewrite, hostname=vhost)
        if template.redirect is not None or location.backend is None:
            # A redirect is the whole answer: nothing is added to it, nothing reaches a backend.
            return [msgspec.structs.replace(rule, backends=(), cors=None, mirror=None, request_headers=None, rewrite=None)]
        canary = self.blocks.canaries.get(location.backend)
        return spread(rule, canary) if canary is not None else [rule]

    def _prefixes(self, block: ServerBlock) -> list[Rule]:
        """A host without regular expressions: = first, then the longest prefix, which routes do alike."""
        rules: list[Rule] = []
        paths = {(one.path, one.kind) for one in block.locations}
        for location in block.locations:
            if location.kind == "Exact":
                rules += self.rules(location, Path(EXACT, location.path), None)
                if location.path.endswith("/") and location.path != "/":
                    rules += self._slash(location, location.path, paths)
            else:
                stem = location.path.rstrip("/") or "/"
                if location.path != stem:
                    rules += self._slash(location, location.path, paths)
                elif (stem + "/", "Prefix") in paths and stem != "/":
                    # nginx refuses two locations /p/ (`_say_twice`); the longer text is the one that comes first.
                    rules += self.rules(location, Path(EXACT, stem), None)
                    continue
                self._say_specific(block, location)
                rules += self.rules(location, Path(PREFIX, stem), None)
        return _first_of_each(rules)

    def _say_twice(self, block: ServerBlock) -> None:
        """A Prefix is a directory and an exact location; what stands twice so, nginx refuses to load."""
        exact = {one.path for one in block.locations if one.kind == "Exact"}
        seen: set[tuple[str, str]] = set()
        for one in block.locations:
            made = [(one.kind, one.path)]
            if one.kind == "Prefix" and one.path != "/":
                made = [("Prefix", one.path.rstrip("/") + "/"), *([] if one.path in exact else [("Exact", one.path)])]
            twice = next((name for name in made if name in seen), None)
            seen |= set(made)
            if twice is not None:
                reason = f"{twice[0]} {twice[1]} makes one location twice, which nginx refuses to load: no change comes through"
                owner, hosts = one.own.ingress.object, (block.host,)
                self.losses.append(Loss("note", one.where, owner, reason, "keep one of them", "E8", "", hosts))

    def _say_specific(self, block: ServerBlock, location: Location) -> None:
        """E4: the API says nothing of ImplementationSpecific; this controller takes it for Prefix."""
        if not location.specific or location.path == "/":
            return
        reason = f"{location.path} is ImplementationSpecific, which this controller takes for Prefix: so does the route"
        witness = f"GET http://{block.host or 'any.host'}{location.path}x is not answered by it"
        owner, hosts = location.own.ingress.object, (block.host,)
        self.losses.append(Loss("note", location.where, owner, reason, "write Prefix", "E4", witness, hosts))

    def _slash(self, location: Location, path: str, paths: set[tuple[str, str]]) -> list[Rule]:
        """E6: nginx sends /p to /p/ by itself where a location ends in a slash and nothing else takes /p."""
        stem = path.rstrip("/")
        if location.backend is None or (stem, "Exact") in paths or (stem, "Prefix") in paths:
            return []
        own = location.own.ingress
        redirect = Redirect(301, path=path)
        return [Rule((Match(Path(EXACT, stem)),), own.namespace, own.key, location.where, redirect=redirect)]

    def _expressions(self, block: ServerBlock) -> list[Rule]:
        """E5: a host of regular expressions: the longest text first, case does not count, ^ is the only anchor."""
        ordered = sorted(_expanded(block.locations), key=lambda one: one.path, reverse=True)
        ordered.sort(key=lambda one: len(one.path), reverse=True)
        rules: list[Rule] = []
        before: list[tuple[Location, Shape]] = []
        for location in ordered:
            shape = shape_of(location.path)
            shadow = next((one for one, other in before if covers(other, shape)), None)
            if shadow is not None:
                if not location.implied and location in block.locations and shadow.path.rstrip("/") != location.path.rstrip("/"):
                    self._note(block, location, f"{location.path} never answers: {shadow.path} is tried first")
                continue
            before.append((location, shape))
            if self._beyond(block, location, shape):
                continue
            made = self._expression(location, shape)
            if made:
                self._say_shape(block, location, shape)
                rules += made
        return _first_of_each(rules)

    def _beyond(self, block: ServerBlock, location: Location, shape: Shape) -> bool:
        """Whether an expression is none for a route: it is left out, and that is said."""
        odd = beyond_re2(location.path) if shape.kind == "opaque" else ""
        if not odd and len(shape.path.value) <= LENGTH_MAX:
            return False
        why = odd or f"is longer than {LENGTH_MAX} characters with its anchor"
        witness = f"requests for it at {block.host or 'any host'} are answered by another path, or not at all"
        owner, hosts = location.own.ingress.object, (block.host,)
        reason = f"{location.path[:60]} {why}; it was left out"
        self.losses.append(Loss("skipped", location.where, owner, reason, "write it without", "E5", witness, hosts))
        return True

    def _expression(self, location: Location, shape: Shape) -> list[Rule]:
        if not location.target:
            return self.rules(location, shape.path, None)
        target = settled(location.path, location.target)
        rewrite = rewrite_of(shape, target)
        if rewrite is not None:
            return self.rules(location, shape.path, rewrite if rewrite != Rewrite() else None)
        # No field of a route has it: an emitter with regular expressions takes it up, else the path does not answer.
        regex = Setting("regex-rewrite", substitution(location.path, target), ("rewrite-target",), guards=True)
        made = self.rules(location, shape.path, None)
        return [msgspec.structs.replace(rule, settings=(*rule.settings, regex)) for rule in made]

    def _note(self, block: ServerBlock, location: Location, reason: str) -> None:
        loss = Loss("note", location.where, location.own.ingress.object, reason, "take it away", "E5", "", (block.host,))
        self.losses.append(loss)

    def _say_shape(self, block: ServerBlock, location: Location, shape: Shape) -> None:
        """What a route does not do as the expression did, with a request that shows it."""
        witness = _witness(shape)
        if not witness:
            return
        became = f"it became {shape.path.kind} {shape.path.value}"
        reason = f"{location.path} is a regular expression on this host: anchored in front alone, blind to case; {became}"
        said = f"GET http://{block.host or 'any.host'}{witness[0]} {witness[1]}"
        remedy = "look whether anybody asks so; envoy-gateway and others take RegularExpression too"
        hosts = (block.host,)
        self.losses.append(Loss("differs", location.where, location.own.ingress.object, reason, remedy, "E5", said, hosts))


def _speaks(server: Server, scheme: str) -> set[str]:
    """The protocols of a host's rules on one listener."""
    return {rule.protocol for rule in server.rules if rule.scheme in ("", scheme)}


def _grpc(rule: Rule) -> bool:
    parts = [match.path.value[1:].split("/") for match in rule.matches if match.path != Path()]
    kinds = {match.path.kind for match in rule.matches}
    fits = all((len(part) == 2 and all(part)) or (len(part) == 1 and EXACT not in kinds) for part in parts)
    return fits and kinds <= {EXACT, PREFIX} and rule.rewrite is None and rule.redirect is None and rule.cors is None


def _below_method(path: Path) -> bool:
    """Whether a path takes more than /package.Service/Method, which no gRPC client asks for."""
    return path.kind == PREFIX and path.value.strip("/").count("/") == 1


def _witness(shape: Shape) -> tuple[str, str] | None:
    was, now = "was answered by it, and now is not", "was not answered by it, and now is"
    if shape.kind == "all":
        return None
    if shape.kind == "opaque":
        return "/", "may be answered otherwise: the order of regular expressions is each implementation's own"
    if shape.kind in ("string", "exact") and shape.kind == "string":
        return f"{shape.literal}x", was
    if shape.literal.upper() != shape.literal:
        return shape.literal.upper(), was
    return (shape.literal, now) if shape.slash else None


def _expanded(locations: list[Location]) -> list[Location]:
    """A Prefix that neither rewrites nor is an expression is a directory and a path, even on a host of expressions."""
    found: list[Location] = []
    for one in locations:
        plain = one.path == "/" or one.kind != "Prefix" or one.regex
        if plain:
            found.append(one)
            continue
        directory = one.path if one.path.endswith("/") else one.path + "/"
        found += [msgspec.structs.replace(one, path=directory), one]
    return found


def _first_of_each(rules: list[Rule]) -> list[Rule]:
    """Of rules with equal matches the first stays: it was tried first."""
    kept: dict[tuple[Match, ...], Rule] = {}
    for rule in rules:
        kept.setdefault(rule.matches, rule)
    return list(kept.values())
