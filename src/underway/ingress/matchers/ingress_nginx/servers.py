"""Server blocks and locations, as the controller makes them of all Ingresses of all namespaces.

Source: kubernetes/ingress-nginx internal/ingress/controller/controller.go (getBackendServers, createServers,
mergeAlternativeBackends), location.go (updateServerLocations), store/store.go (sortIngressSlice).
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from underway.ingress.matchers.answer import Backend
from underway.ingress.matchers.ingress_nginx.annotations import NONE, Canary, Settings, settings_of
from underway.ingress.matchers.ingress_nginx.config import Config
from underway.ingress.matchers.services import Services
from underway.ingress.objects.ingress import HTTPIngressPath, Ingress, IngressBackend

CATCH_ALL = "_"
DEFAULT_CERTIFICATE = "(the controller's default certificate)"


class Location:
    """One location of one server. backend None: the controller's own default backend, which answers 404."""

    def __init__(self, path: str, path_type: str, backend: Backend | None, settings: Settings, rule: str, implied: bool) -> None:
        self.path, self.path_type, self.backend = path, path_type, backend
        self.settings, self.rule, self.implied = settings, rule, implied
        self.rule_path = path

    @property
    def rewrites(self) -> bool:
        """Whether the target is something other than the path itself."""
        return self.settings.target not in ("", self.path)

    def copy_exact(self) -> "Location":
        """The same as an exact location: what a Prefix without trailing slash becomes beside its directory."""
        made = Location(self.path, "Exact", self.backend, self.settings, self.rule, self.implied)
        made.rule_path = self.rule_path
        return made


class Server:
    """One host. secret: of its certificate, "" for none."""

    def __init__(self, host: str, location: Location, passthrough: bool) -> None:
        self.host = host
        self.locations = [location]
        self.aliases: tuple[str, ...] = ()
        self.secret = ""
        self.passthrough = passthrough
        self.from_to_www = False


class Alternative(NamedTuple):
    """A canary's backend, when it is taken, and the Ingress that asks for it."""

    backend: Backend
    canary: Canary
    ingress: str


class Alternatives:
    """The canaries of each upstream: a Service's port has one set of them, whichever location it is reached through."""

    def __init__(self) -> None:
        self.of: dict[str, list[Alternative]] = {}

    def first(self, backend: Backend) -> Alternative | None:
        """The canary of a backend: the balancer looks at the first alone."""
        return next(iter(self.of.get(backend.where, ())), None)


def in_order(ingresses: Iterable[Ingress]) -> list[Ingress]:
    """Oldest first; of one age, the last by namespace/name first."""
    by_name = sorted(ingresses, key=lambda one: one.key, reverse=True)
    return sorted(by_name, key=lambda one: one.metadata.creation_timestamp)


def servers_of(ingresses: Iterable[Ingress], services: Services, config: Config) -> tuple[dict[str, Server], Alternatives]:
    """All servers by host ("_" is the catch-all), and the canaries."""
    builder = _Builder(services)
    ordered = [(one, settings_of(one.metadata.annotations, config.under, config.opaque)) for one in in_order(ingresses)]
    main = [pair for pair in ordered if pair[1].canary is None]
    for ingress, settings in main:
        builder.create(ingress, settings)
    for ingress, settings in main:
        builder.configure(ingress, settings)
    for ingress, settings in main:
        builder.fill(ingress, settings)
    for ingress, settings in ordered:
        if settings.canary is not None and main:
            builder.merge(ingress, settings.canary)
    for server in builder.servers.values():
        server.aliases = tuple(alias for alias in dict.fromkeys(server.aliases) if alias not in builder.servers)
        server.locations = _expanded(server.locations)
    return builder.servers, builder.alternatives


class _Builder:
    def __init__(self, services: Services) -> None:
        self._services = services
        catch_all = Location("/", "Prefix", None, NONE, "the controller's default backend", implied=True)
        self.servers = {CATCH_ALL: Server(CATCH_ALL, catch_all, passthrough=False)}
        self.alternatives = Alternatives()

    def _backend(self, ingress: Ingress, backend: IngressBackend) -> Backend | None:
        if backend.service is None:
            return None
        namespace = ingress.metadata.namespace
        return Backend(namespace, backend.service.name, self._services.port(namespace, backend.service))

    def create(self, ingress: Ingress, settings: Settings) -> None:
        """The servers of an Ingress, each with its implied location /."""
        given = ingress.spec.default_backend
        default = self._backend(ingress, given) if given else None
        rule = f"Ingress {ingress.key} spec.defaultBackend" if default else "the controller's default backend"
        first = self.servers[CATCH_ALL].locations[0]
        if default is not None and not ingress.spec.rules and first.implied:
            self.servers[CATCH_ALL].locations[0] = Location("/", "Prefix", default, _plain(settings), rule, implied=False)
        for one in ingress.spec.rules:
            host = one.host.lower() or CATCH_ALL
            if host not in self.servers:
                location = Location("/", "Prefix", default, settings, rule, implied=True)
                self.servers[host] = Server(host, location, settings.passthrough)

    def configure(self, ingress: Ingress, settings: Settings) -> None:
        """Aliases and certificates: the first Ingress that has any for a host decides."""
        for one in ingress.spec.rules:
            server = self.servers[one.host.lower() or CATCH_ALL]
            server.aliases = server.aliases or settings.aliases
            server.secret = server.secret or _secret(ingress, one.host.lower())

    def fill(self, ingress: Ingress, settings: Settings) -> None:
        """The locations of an Ingress; of equal host, path and type the first one stays."""
        for index, one in enumerate(ingress.spec.rules):
            server = self.servers[one.host.lower() or CATCH_ALL]
            for number, path in enumerate(one.http.paths if one.http else ()):
                backend = self._backend(ingress, path.backend)
                if backend is None:
                    continue
                said = f"{path.path_type} {path.path or '/'} of {one.host or 'any host'}"
                rule = f"Ingress {ingress.key} spec.rules[{index}].http.paths[{number}] ({said})"
                if self._place(server, Location(path.path or "/", _type(path), backend, settings, rule, implied=False)):
                    server.from_to_www = server.from_to_www or settings.from_to_www

    @staticmethod
    def _place(server: Server, made: Location) -> bool:
        for index, location in enumerate(server.locations):
            if location.path != made.path:
                continue
            if location.path_type != made.path_type:
                break
            if location.implied:
                server.locations[index] = made
            return location.implied
        server.locations.append(made)
        return True

    def merge(self, ingress: Ingress, canary: Canary) -> None:
        """Put a canary's backends beside those of the same host, path and type."""
        for one in ingress.spec.rules:
            server = self.servers.get(one.host.lower() or CATCH_ALL)
            for path in one.http.paths if one.http and server else ():
                other = self._backend(ingress, path.backend)
                if other is not None:
                    self._merge(server.locations if server else [], path, Alternative(other, canary, ingress.key))

    def _merge(self, locations: list[Location], path: HTTPIngressPath, other: Alternative) -> None:
        for location in locations:
            if location.backend is None:
                continue
            if location.backend.where == other.backend.where:
                return
            if (location.path, location.path_type) == (path.path or "/", _type(path)):
                listed = self.alternatives.of.setdefault(location.backend.where, [])
                if all(one.backend.where != other.backend.where for one in listed):
                    listed.append(other)


def _type(path: HTTPIngressPath) -> str:
    """ImplementationSpecific is Prefix here. Source: internal/k8s/main.go, SetDefaultNGINXPathType (docs/adr)."""
    return "Exact" if path.path_type == "Exact" else "Prefix"


def _plain(settings: Settings) -> Settings:
    """The settings of a catch-all: rewrites and redirects do not apply to it."""
    return msgspec.structs.replace(
        settings,
        redirect=None,
        from_to_www=False,
        target="",
        use_regex=False,
        ssl_redirect=False,
        force_ssl_redirect=False,
        app_root="",
    )


def _secret(ingress: Ingress, host: str) -> str:
    """The Secret of the first tls entry that names the host, else of one whose wildcard covers it, as its certificate would."""
    namespace = ingress.metadata.namespace
    for wanted in (host, f"*.{host.partition('.')[2]}"):
        for tls in ingress.spec.tls:
            if wanted and wanted in (one.lower() for one in tls.hosts):
                return f"{namespace}/{tls.secret_name}" if tls.secret_name else DEFAULT_CERTIFICATE
    return ""


def _expanded(locations: list[Location]) -> list[Location]:
    """The longest path first; a Prefix becomes a directory and an exact location, unless it rewrites or is an expression."""
    ordered = sorted(locations, key=lambda one: one.path, reverse=True)
    ordered.sort(key=lambda one: len(one.path), reverse=True)
    exact = {one.path for one in ordered if one.path_type == "Exact"}
    found: list[Location] = []
    for one in ordered:
        plain = one.path == "/" or one.path_type != "Prefix" or one.rewrites or one.settings.use_regex
        copies = [] if plain or one.path in exact else [one.copy_exact()]
        if not plain and not one.path.endswith("/"):
            one.path += "/"
        found += [one, *copies]
    return found
