"""The answers of ingress-nginx: redirects first, then the location's rewrite, its backend and that one's canary."""

import re
from collections.abc import Callable, Iterable

import msgspec

from underway.ingress.matchers.answer import Answer, Backend, Change, location, nothing
from underway.ingress.matchers.expressions import NotDecidable, compiled
from underway.ingress.matchers.ingress_nginx.annotations import Canary, Settings
from underway.ingress.matchers.ingress_nginx.config import Config, config_of
from underway.ingress.matchers.ingress_nginx.locations import Chosen, Locations, normalised
from underway.ingress.matchers.ingress_nginx.servers import CATCH_ALL, Alternative, Alternatives, Location, Server, servers_of
from underway.ingress.matchers.request import Request
from underway.ingress.matchers.router import Condition, PathAtom, View
from underway.ingress.matchers.services import Services
from underway.ingress.objects.manifests import Manifests

PASSTHROUGH = "(passed through)"
_WILDCARD_LABEL = re.compile(r"[A-Za-z0-9_-]+")
_REST = re.compile(r"\^?[A-Za-z0-9/_-]*(?P<slash>\(/\|\$\)|/\?)?(?P<rest>\(?\.[*+]\)?)\$?")
_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")


class NginxRouter:
    """All Ingresses of a set of files as one controller serves them."""

    name = "ingress-nginx"

    def __init__(self, manifests: Manifests) -> None:
        self.problems: list[str] = []
        self._config = config_of(manifests.config_maps)
        self._servers, self._alternatives = servers_of(manifests.ingresses, Services(manifests.services), self._config)
        self._locations: dict[str, Locations] = {}
        # Of two servers with one name nginx takes the first, and the controller writes them by name.
        self._aliases: dict[str, Server] = {}
        for _, server in sorted(self._servers.items()):
            for alias in server.aliases:
                self._aliases.setdefault(alias.lower(), server)
        self._www: dict[str, str] = {}
        for host, server in self._servers.items():
            if server.from_to_www and host != CATCH_ALL and not host.startswith("*"):
                other = host[4:] if host.startswith("www.") else f"www.{host}"
                if other not in self._servers:
                    self._www[other] = host

    def hosts(self) -> set[str]:
        """The hosts of servers, aliases and redirects between www and not."""
        named = {"" if host == CATCH_ALL else host for host in self._servers}
        return named | set(self._www) | {alias for alias in self._aliases if not alias.startswith("~")}

    def views(self, _scheme: str, host: str, _port: int = 0, /) -> list[View]:
        """One: a controller is one data plane, whatever the namespaces."""
        if host in self._www:  # its server is written before all others
            return [Redirecting(self._www[host], self._secret_of_twin(host), self._config.https_code)]
        server = self._server(host)
        locations = self._locations.get(server.host)
        if locations is None:
            locations = self._locations[server.host] = Locations(server.locations)
        passes = server.passthrough and host == server.host
        return [NginxView(server, locations, self._alternatives, self._secret(host), passes, self._config)]

    def _secret(self, host: str) -> str:
        """The certificate of a host: its own, else the wildcard's above it. Source: lua/certificate.lua, get_pem_cert_uid.

        An alias is taken to be in its server's certificate, which is not read.
        """
        wider = f"*.{host.partition('.')[2]}"
        named = (self._servers.get(host), self._aliases.get(host), self._servers.get(wider), self._aliases.get(wider))
        return self._first_secret(named)

    def _secret_of_twin(self, host: str) -> str:
        """The certificate of a www twin: that of the server it leads to, else the wildcard's above its own name."""
        wider = f"*.{host.partition('.')[2]}"
        return self._first_secret((self._servers[self._www[host]], self._servers.get(wider), self._aliases.get(wider)))

    @staticmethod
    def _first_secret(named: Iterable[Server | None]) -> str:
        return next((server.secret for server in named if server is not None and server.secret), "")

    def _server(self, host: str) -> Server:
        """Exact names, then wildcard aliases (any depth), then the expressions made of wildcard hosts (one label)."""
        found = self._servers.get(host) or self._aliases.get(host)
        if found is not None and host != CATCH_ALL:
            return found
        rest = host.partition(".")[2]
        suffix = rest
        while suffix:
            if f"*.{suffix}" in self._aliases:
                return self._aliases[f"*.{suffix}"]
            suffix = suffix.partition(".")[2]
        wild = self._servers.get(f"*.{rest}")
        if wild is not None and _WILDCARD_LABEL.fullmatch(host.partition(".")[0]):
            return wild
        return self._servers[CATCH_ALL]


class Redirecting:
    """The server that from-to-www-redirect makes."""

    def __init__(self, to: str, secret: str, code: int) -> None:
        self._to, self._code, self.certificates = to, code, frozenset({secret}) if secret else None

    def atoms(self) -> list[PathAtom]:
        """A trailing slash is dropped, which paths that end in one show."""
        return [PathAtom("elements", "/")]

    def conditions(self, _: str, /) -> list[Condition]:
        """None."""
        return []

    def answer(self, request: Request) -> Answer:
        """To the other name."""
        path = request.path.removesuffix("/") if not request.query else request.path
        to = location(request, request.scheme, self._to, path, 0)
        return Answer("redirect", self._code, rule=f"from-to-www-redirect of {self._to}", location=to)

    def branches(self) -> list[tuple[PathAtom, list[Condition], Answer]]:
        """The redirect."""
        return [(PathAtom("string", "/"), [], self.answer(Request("")))]

    def why(self, _: Request) -> list[str]:
        """Nothing else is there."""
        return []


class NginxView:
    """One server."""

    def __init__(
        self, server: Server, locations: Locations, alternatives: Alternatives, secret: str, passes: bool, config: Config
    ) -> None:
        self._config = config
        self._server, self._locations, self._alternatives, self._secret = server, locations, alternatives, secret
        self._app_root = next((one for one in locations.all if one.settings.app_root), None)
        self._made: dict[int, Answer] = {}
        twice = locations.twice
        self._refused = f"nginx does not load this configuration: location {twice} of {server.host} stands twice" if twice else ""
        # TLS goes to the Service of the location /; the implied one has none, and connections end at port 0 of nothing. Names
        # are compared as they are (tcpproxy.Get), so that neither aliases nor what a wildcard stands for are passed through.
        self._root = next(one for one in locations.all if one.path == "/") if passes else None
        shown = PASSTHROUGH if self._root and not self._root.implied else secret
        self.certificates = frozenset({shown}) if shown else None

    def atoms(self) -> list[PathAtom]:
        """The paths of the locations; the root itself where app-root is set; what rewrites match."""
        found = self._locations.atoms()
        if self._app_root is not None:
            found.append(PathAtom("exact", "/"))
        return found

    def conditions(self, path: str, /) -> list[Condition]:
        """What the canary of the path's location looks at."""
        try:
            chosen = self._locations.choose(normalised(path))
        except NotDecidable:
            return []
        backend = chosen.location.backend if chosen.location else None
        other = self._alternatives.first(backend) if backend else None
        return _conditions(other.canary) if other else []

    def answer(self, request: Request) -> Answer:
        """The answer; undefined where it hangs on an expression that is not run, or where nginx would not start."""
        if self._refused:
            return nothing(503, undefined=self._refused)
        try:
            return self._answer(request)
        except NotDecidable as error:
            return nothing(404, undefined=str(error))

    def _answer(self, request: Request) -> Answer:
        path = normalised(request.path)
        if self._root is not None and request.scheme == "https":
            return self._passed_through(self._root)
        if self._app_root is not None and path == "/":
            plain = msgspec.structs.replace(request, query=())
            to = location(plain, request.scheme, request.host, self._app_root.settings.app_root, request.port)
            return Answer("redirect", 302, rule=f"app-root of {self._app_root.rule}", location=to)
        chosen = self._locations.choose(path)
        if chosen.location is None:
            return nothing(404, "no location matches")
        one = chosen.location
        if chosen.how == "slash":
            to = location(request, request.scheme, request.host, one.path, 0)
            return Answer("redirect", 301, rule=f"{one.rule}, whose location ends in a slash", location=to)
        return self._redirected(one, request) or self._proxied(one, path, request)

    @staticmethod
    def _passed_through(root: Location) -> Answer:
        if root.implied or root.backend is None:
            return nothing(503, root.rule, "ssl-passthrough without a path / connects https to nothing")
        return Answer("backend", backends=(root.backend,), rule=root.rule, attributes=(("tls", "passed through"),))

    def _redirected(self, one: Location, request: Request) -> Answer | None:
        settings = one.settings
        if settings.redirect is not None:
            url, unknown = _expanded_variables(settings.redirect[0], request)
            undefined = f"{one.rule}: the redirect has variable ${unknown}" if unknown else ""
            return Answer("redirect", settings.redirect[1], rule=one.rule, location=url, undefined=undefined)
        certain = settings.force_ssl_redirect or (settings.ssl_redirect and bool(self._secret))
        if request.scheme == "http" and certain and not one.rule_path.startswith(self._config.plain):
            to = location(request, "https", request.host, request.path, 0)
            if not settings.keep_slash:
                to = to.removesuffix("/")
            return Answer("redirect", self._config.https_code, rule=f"{one.rule}, ssl-redirect", location=to)
        return None

    def _proxied(self, one: Location, path: str, request: Request) -> Answer:
        """The backend and what it sees."""
        if one.backend is None:
            return nothing(404, one.rule)
        other = self._alternatives.first(one.backend)
        backends = _shared(one.backend, other, request) if other else (one.backend,)
        rewritten = self._rewritten(one, path) if one.rewrites else ""
        if not rewritten and not other:
            made = self._made.get(id(one))
            if made is None:
                made = self._made[id(one)] = _finished(one, backends, "")
            return made
        said = f"{one.rule}, canary Ingress {other.ingress}" if other else ""
        return _finished(one, backends, rewritten, said)

    @staticmethod
    def _rewritten(one: Location, path: str) -> str:
        """What `rewrite "(?i)PATH" TARGET break` makes of the path; "" if it does not match."""
        found = compiled(one.path, ignore_case=True).search(path)
        if found is None:
            return ""
        return re.sub(r"\$(\d)", lambda digit: _group(found.group, int(digit[1])), one.settings.target) or "/"

    def branches(self) -> list[tuple[PathAtom, list[Condition], Answer]]:
        """The locations, as the configuration lists them."""
        found: list[tuple[PathAtom, list[Condition], Answer]] = []
        for one in self._locations.all:
            atom = self._locations.atom(one)
            plain = Request(self._server.host, one.path, "https" if self._secret else "http")
            answer = self._redirected(one, plain)
            if answer is None and one.backend is not None:
                other = self._alternatives.first(one.backend)
                backends = _shared(one.backend, other, plain) if other else (one.backend,)
                answer = _finished(one, backends, one.settings.target if one.rewrites else "")
            found.append((atom, [], answer or nothing(404, one.rule)))
        return found

    def why(self, request: Request) -> list[str]:
        """Why each other location does not answer."""
        try:
            chosen = self._locations.choose(normalised(request.path))
        except NotDecidable as error:
            return [str(error)]
        how = "is no prefix of" if not self._locations.regex else "matches nothing at the beginning of"
        lines = [
            f"{one.rule}: {_reason(one, chosen, self._locations.regex, normalised(request.path), how)}"
            for one in self._locations.all
            if one is not chosen.location
        ]
        if self._locations.regex:
            lines.insert(
                0, "every location of this host is a regular expression: case does not matter, the longest path comes first"
            )
        return list(dict.fromkeys(lines))


def _reason(one: Location, chosen: Chosen, regex: bool, path: str, how: str) -> str:
    single = Locations([one])
    single.regex = regex
    try:
        takes = single.choose(path).how == "location"
    except NotDecidable as error:
        return str(error)
    if takes and chosen.location is not None:
        return f"matches, but {'exact or longer' if not regex else 'longer'} is {chosen.location.path}"
    return f"its location {'= ' if one.path_type == 'Exact' and not regex else ''}{one.path} {how} {path}"


def _group(group: Callable[[int], str | None], number: int) -> str:
    """A capture; one that took no part, or that is not there, is empty."""
    try:
        return group(number) or ""
    except (IndexError, LookupError, ValueError):
        return ""


def _expanded_variables(url: str, request: Request) -> tuple[str, str]:
    """A redirect's address with nginx's variables filled in, and the first variable that is not known."""
    query = "&".join(f"{key}={value}" for key, value in request.query)
    known = {
        "request_uri": request.path + (f"?{query}" if query else ""),
        "uri": normalised(request.path),
        "scheme": request.scheme,
        "host": request.host,
        "http_host": request.host,
        "args": query,
        "is_args": "?" if query else "",
    }
    names = [match[1] or match[2] for match in _VARIABLE.finditer(url)]
    unknown = next((name for name in names if name not in known), "")
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[2], match[0]), url), unknown


def _finished(one: Location, backends: tuple[Backend, ...], rewritten: str, rule: str = "") -> Answer:
    settings = one.settings
    headers: list[Change] = []
    if settings.connection:
        headers.append(("set", "connection", settings.connection))
    if settings.forwarded_prefix and settings.target:
        headers.append(("set", "x-forwarded-prefix", settings.forwarded_prefix))
    kept = settings.attributes, settings.opaque, _undefined(settings), bool(rewritten) and not _keeps_the_rest(one)
    return Answer("backend", 0, backends, rule or one.rule, "", rewritten, settings.vhost, tuple(headers), *kept)


def _keeps_the_rest(one: Location) -> bool:
    """Whether the rewrite puts constant text before an unchanged rest of the path, or is constant: then one path shows it for all
    that match alike. The forms are LITERAL, LITERAL(.*), LITERAL(/|$)(.*) and their kin."""
    shape = _REST.fullmatch(one.path)
    used = re.findall(r"\$\d", one.settings.target)
    if not used:
        return True
    if shape is None or len(used) > 1 or not one.settings.target.endswith(used[0]):
        return False
    return used[0] == f"${2 if shape['slash'] and shape['slash'].startswith('(') else 1}" and shape["rest"].startswith("(")


def _undefined(settings: Settings) -> str:
    if "?" in settings.target or settings.target.startswith("http") or re.search(r"\$[^\d]", settings.target):
        return f"rewrite-target {settings.target!r} uses more than captures"
    return f"upstream-vhost {settings.vhost!r} uses a variable" if "$" in settings.vhost else ""


def _conditions(canary: Canary) -> list[Condition]:
    found = []
    if canary.header:
        name = canary.header.lower()
        values = [canary.value] if canary.value else [] if canary.pattern else ["always", "never"]
        found += [Condition("header", name, value) for value in values]
        if canary.pattern and not canary.value:
            found.append(Condition("header", name, canary.pattern, regex=True))
    if canary.cookie:
        found += [Condition("cookie", canary.cookie, value) for value in ("always", "never")]
    return found


def _shared(main: Backend, alternative: Alternative, request: Request) -> tuple[Backend, ...]:
    """The backends of a request, as route_to_alternative_balancer decides."""
    other, canary = alternative.backend, alternative.canary
    header = request.header(canary.header.lower()) if canary.header else None
    if header is not None:
        if canary.value:
            if header == canary.value:
                return (other,)
        elif canary.pattern:
            if compiled(canary.pattern).search(header) is not None:
                return (other,)
        elif header in ("always", "never"):
            return (other,) if header == "always" else (main,)
    cookie = request.cookie(canary.cookie) if canary.cookie else None
    if cookie in ("always", "never"):
        return (other,) if cookie == "always" else (main,)
    share = min(canary.weight, canary.total)
    if share in (0, canary.total):
        return (other,) if share else (main,)
    return (
        Backend(main.namespace, main.name, main.port, canary.total - share),
        Backend(other.namespace, other.name, other.port, share),
    )
