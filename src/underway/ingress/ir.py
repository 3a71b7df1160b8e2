"""What lies between providers and emitters: hosts with rules, neutral towards both sides.

Providers know what a controller does with an Ingress and write it down here in its sound form; topologies and emitters know
Gateways. A setting that no neutral field holds is a `Setting`: an emitter that does not take it up must say so, since what is
left over is reported by the conversion itself.
"""

from typing import Any

import msgspec

from underway.ingress.losses import Where

EXACT, PREFIX, REGEX = "Exact", "PathPrefix", "RegularExpression"


class Backend(msgspec.Struct, frozen=True, gc=False):
    """Where requests go. port: 0 for a backend that is no Service. weight: None is the API's default of 1."""

    namespace: str
    name: str
    port: int = 0
    weight: int | None = None
    group: str = ""
    kind: str = "Service"


class Path(msgspec.Struct, frozen=True, gc=False):
    """kind: Exact, PathPrefix or RegularExpression."""

    kind: str = PREFIX
    value: str = "/"


class Header(msgspec.Struct, frozen=True, gc=False):
    """A header that must be there. kind: Exact or RegularExpression."""

    name: str
    value: str
    kind: str = EXACT


class Match(msgspec.Struct, frozen=True, gc=False):
    """Path and headers, all of which must hold. service, method: of a gRPC path."""

    path: Path = Path()
    headers: tuple[Header, ...] = ()
    method: str = ""


class Redirect(msgspec.Struct, frozen=True, gc=False):
    """What the client is sent to; what is empty stays as the request has it."""

    code: int = 302
    scheme: str = ""
    hostname: str = ""
    port: int = 0
    path: str = ""


class Rewrite(msgspec.Struct, frozen=True, gc=False):
    """What the backend sees. full_path and prefix exclude each other."""

    hostname: str = ""
    full_path: str | None = None
    prefix: str | None = None


class HeaderChange(msgspec.Struct, frozen=True, gc=False):
    """Headers that are set and removed."""

    set: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


class Cors(msgspec.Struct, frozen=True, gc=False):
    """Cross-origin requests. max_age_s: in seconds."""

    origins: tuple[str, ...] = ("*",)
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    credentials: bool = False
    max_age_s: int = 0


class Mirror(msgspec.Struct, frozen=True, gc=False):
    """A copy of each request goes here."""

    backend: Backend


class Setting(msgspec.Struct, frozen=True, gc=False):
    """What no neutral field holds. kind: a word that emitters know; keys: the annotations it comes from, for the report.

    guards: access is more open without it, so that a route without it must not answer.
    """

    kind: str
    value: Any
    keys: tuple[str, ...]
    guards: bool = False


class Rule(msgspec.Struct):
    """Matches that share one fate. where: the path or Ingress it comes from; owner: "namespace/name" of the Ingress.

    scheme: "http" or "https" for a rule of one listener alone. closed: it must not answer, since a guard could not be carried
    over. closed_by: guards of the whole controller that could not be, so that --open opens it.
    """

    matches: tuple[Match, ...]
    namespace: str
    owner: str
    where: Where
    backends: tuple[Backend, ...] = ()
    redirect: Redirect | None = None
    rewrite: Rewrite | None = None
    request_headers: HeaderChange | None = None
    response_headers: HeaderChange | None = None
    cors: Cors | None = None
    mirror: Mirror | None = None
    request_timeout_ms: int | None = None
    settings: tuple[Setting, ...] = ()
    scheme: str = ""
    protocol: str = "HTTP"
    closed: bool = False
    closed_by: tuple[str, ...] = ()

    def fate(self) -> tuple[Any, ...]:
        """All but the matches: rules with one fate may be one rule."""
        return (
            self.namespace, self.owner, self.backends, self.redirect, self.rewrite, self.request_headers, self.response_headers,
            self.cors, self.mirror, self.request_timeout_ms, self.settings, self.scheme, self.protocol, self.closed,
            self.closed_by,
        )  # fmt: skip


class Certificate(msgspec.Struct, frozen=True, gc=False):
    """A Secret that is named, never read."""

    namespace: str
    name: str


class Server(msgspec.Struct):
    """One hostname ("": all others) and its rules. namespace: of the first Ingress that names it; tls: https is answered.

    passthrough: TLS is not ended here; the backends of the first rule get the connections.
    """

    host: str
    namespace: str
    class_name: str
    where: Where
    object: str = ""
    rules: list[Rule] = []
    certificates: tuple[Certificate, ...] = ()
    tls: bool = False
    passthrough: bool = False


class Plan(msgspec.Struct):
    """The neutral form of a set of Ingresses."""

    servers: list[Server] = []
