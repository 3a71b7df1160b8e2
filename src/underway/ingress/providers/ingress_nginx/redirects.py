"""ssl-redirect, force-ssl-redirect, preserve-trailing-slash, permanent-redirect*, temporal-redirect*, from-to-www-redirect,
app-root.

Source: kubernetes/ingress-nginx rootfs/etc/nginx/lua/lua_ingress.lua (redirect_to_https), nginx.tmpl (app-root, from/to www),
internal/ingress/annotations/redirect.
"""

import msgspec

from underway.ingress.ir import EXACT, Match, Path, Redirect, Rule, Server
from underway.ingress.providers.annotations import Annotations, address
from underway.ingress.providers.ingress_nginx.controller_config import Config
from underway.ingress.providers.ingress_nginx.servers import Blocks, ServerBlock, certificate_of, twin_of

KEYS = (
    "ssl-redirect", "force-ssl-redirect", "preserve-trailing-slash", "permanent-redirect", "permanent-redirect-code",
    "temporal-redirect", "temporal-redirect-code", "from-to-www-redirect", "app-root",
)  # fmt: skip
CODES = (301, 302, 303, 307, 308)  # HTTPRequestRedirectFilter.statusCode


def apply(own: Annotations, rule: Rule) -> None:
    """permanent-redirect and temporal-redirect, the second before the first."""
    for kind, default in (("temporal", 302), ("permanent", 301)):
        target = own.text(f"{kind}-redirect")
        if target:
            code = own.number(f"{kind}-redirect-code", default)
            rule.redirect = _target(own, f"{kind}-redirect", target, code if 300 <= code <= 308 else default)
            if rule.redirect is None:
                rule.closed = True
            return


def _target(own: Annotations, key: str, target: str, code: int) -> Redirect | None:
    parts = address(target.replace("$request_uri", "").replace("$scheme", "https"))
    whole = target.endswith("$request_uri")
    if parts is None or "$" in parts.path or parts.query or parts.fragment:
        reason = f"{target!r} is more than scheme, host, port and path: a route has no field for it; its paths answer 500"
        own.lose("lost", key, reason, "write scheme, host and path outright")
        return None
    if code not in CODES:
        own.lose("differs", f"{key}-code", f"{code} is none of {CODES}; it became 302", "choose one of them")
        code = 302
    if not whole:
        own.lose("note", key, "drops the query of a request; a Gateway may add it to the new address")
    path = "" if whole and not parts.path.strip("/") else parts.path or "/"
    scheme = "" if target.startswith("$scheme") else parts.scheme
    return Redirect(code, scheme, parts.hostname or "", parts.port or 0, path)


def of_host(block: ServerBlock, server: Server, config: Config) -> None:
    """The way from http to https, and app-root, which comes before it."""
    to_https = {one.own.ingress.key: one.own for one in block.locations if _redirects(one.own, server)}
    # The implied location / takes its settings from the first Ingress, but for the catch-all: with it, the whole host goes.
    everywhere = all(_redirects(one.own, server) and not one.path.startswith(config.plain) for one in block.locations)
    whole = everywhere and not any(_answers_below(rule) for rule in server.rules)
    if whole and to_https:
        own = block.locations[0].own
        _say_slash(own, block)
        server.rules = [_to_https(own, block, (Match(),), config), *(_secured(rule) for rule in server.rules)]
    else:
        rules: list[Rule] = []
        for rule in server.rules:
            one = None if rule.matches[0].path.value.startswith(config.plain) else to_https.get(rule.owner)
            if one is not None and _secured(rule) is not rule:
                _say_slash(one, block)
                rules += [_to_https(one, block, rule.matches, config), _secured(rule)]
            else:
                rules.append(rule)
        server.rules = rules
        _implied_to_https(block, server, config)
    _app_root(block, server)


def _answers_below(rule: Rule) -> bool:
    """Whether a rule answers on http by itself, and more than one path: there it is more specific than a redirect for all."""
    return _secured(rule) is rule and rule.scheme != "tls" and any(match.path.kind != EXACT for match in rule.matches)


def _implied_to_https(block: ServerBlock, server: Server, config: Config) -> None:
    """The implied location / has no backend perhaps, but it redirects what nothing else takes."""
    root = block.locations[0]
    taken = any(match == Match() for rule in server.rules for match in rule.matches)
    if root.implied and root.backend is None and not taken and _redirects(root.own, server):
        server.rules.append(_to_https(root.own, block, (Match(),), config))


def _redirects(own: Annotations, server: Server) -> bool:
    forced = own.flag("force-ssl-redirect", default=False)
    return forced or (server.tls and own.flag("ssl-redirect", default=True))


def _secured(rule: Rule) -> Rule:
    """The rule on https alone; what redirects by itself does so before."""
    return rule if rule.scheme or rule.redirect is not None else msgspec.structs.replace(rule, scheme="https")


def _to_https(own: Annotations, block: ServerBlock, matches: tuple[Match, ...], config: Config) -> Rule:
    ingress = own.ingress
    redirect = Redirect(config.https_code, "https")
    return Rule(matches, ingress.namespace, ingress.key, block.where, redirect=redirect, scheme="http")


def _say_slash(own: Annotations, block: ServerBlock) -> None:
    if own.flag("preserve-trailing-slash", default=False) or "preserve-trailing-slash" in own.said:
        return
    own.said.add("preserve-trailing-slash")
    reason = "is off: the controller drops the last slash when it sends http to https; a Gateway keeps it"
    witness = f"GET http://{block.host or 'any.host'}/a/ goes to /a/, and went to /a"
    own.lose("note", "preserve-trailing-slash", reason, "", witness)


def _app_root(block: ServerBlock, server: Server) -> None:
    """A request for / alone goes to the application's root, before anything else is looked at."""
    own = next((one.own for one in block.locations if one.own.text("app-root")), None)
    if own is None:
        return
    root = own.text("app-root")
    if not root.startswith("/") or any(letter in root for letter in "?#$ "):
        own.lose("lost", "app-root", f"{root!r} is no plain path", "write an absolute path")
        return
    match = Match(Path(EXACT, "/"))
    rule = Rule((match,), own.ingress.namespace, own.ingress.key, own.where("app-root"), redirect=Redirect(302, path=root))
    server.rules = [rule, *(one for one in server.rules if {each.path for each in one.matches} != {match.path})]


def twins(block: ServerBlock, server: Server, blocks: Blocks) -> list[Server]:
    """The host with www. in front, or without: it sends everything to this one."""
    own = next(one.own for one in block.locations if one.own.flag("from-to-www-redirect", default=False))
    other = twin_of(blocks, block)
    if not other:
        own.lose("note", "from-to-www-redirect", "has nothing to redirect: the other name is a host of its own, or there is none")
        return []
    ingress = own.ingress
    rule = Rule(
        (Match(),),
        ingress.namespace,
        ingress.key,
        own.where("from-to-www-redirect"),
        redirect=Redirect(blocks.config.https_code, "", block.host),
    )
    certificate = certificate_of(blocks, other)
    twin = msgspec.structs.replace(server, host=other, rules=[rule], passthrough=False)
    twin.tls, twin.certificates = certificate is not None, (certificate,) if certificate is not None else ()
    return [twin]
