"""Ingress as networking.k8s.io/v1 specifies it, whoever the controller is.

Source: k8s.io/api networking/v1/types.go; "Ingress" in the Kubernetes documentation (path types, examples, hostname wildcards).
Where the specification is silent, `Parameters` says which reading is meant.
"""

from typing import Literal, NamedTuple

import msgspec

from underway.ingress.matchers.answer import Answer, Backend, nothing
from underway.ingress.matchers.paths import PathTable
from underway.ingress.matchers.request import Request
from underway.ingress.matchers.router import Condition, PathAtom, View
from underway.ingress.matchers.services import Services
from underway.ingress.objects.ingress import Ingress, IngressBackend
from underway.ingress.objects.manifests import Manifests

name = "ingress-v1"
DEFAULT_CERTIFICATE = "(the controller's default certificate)"
KINDS = {"exact": "exact", "prefix": "elements", "string-prefix": "string"}


class Parameters(msgspec.Struct, frozen=True):
    """The points that the specification leaves open.

    precise_first: a precise host shuts out wildcards and rules without host; fallthrough: what has no path there is looked for
    in the next less specific host; implementation_specific: how paths of that type match. Where two Ingresses have the same
    host, path and type, the older one wins, then the first by namespace/name.
    """

    precise_first: bool = True
    fallthrough: bool = False
    implementation_specific: Literal["exact", "prefix", "string-prefix"] = "prefix"


AS_DOCUMENTED = Parameters()


class Entry(NamedTuple):
    """One path of one rule."""

    path: str
    kind: str
    answer: Answer


class HostTable:
    """The paths of one host."""

    def __init__(self) -> None:
        self.paths: PathTable[Entry] = PathTable()
        self.entries: list[Entry] = []
        self.default: Answer | None = None

    def best(self, path: str) -> Entry | None:
        """The longest matching path; of two of one length the exact one."""
        by_prefix = (next(self.paths.by_elements(path), None), next(self.paths.by_string(path), None))
        # "/a" and "/a/" have the same elements but not the same length; of equals the first, which is the oldest, stays.
        return max((hit for hits in (self.paths.exact.get(path), *by_prefix) for hit in hits or ()), key=_weight, default=None)


def _weight(entry: Entry) -> tuple[int, bool]:
    return len(entry.path), entry.kind == "exact"


class IngressV1:
    """All Ingresses of a set of files as one specification."""

    name = name

    def __init__(self, manifests: Manifests, parameters: Parameters = AS_DOCUMENTED) -> None:
        self.parameters = parameters
        self.problems: list[str] = []
        self._services = Services(manifests.services)
        self._hosts: dict[str, HostTable] = {}
        self._default: Answer | None = None
        self._secrets: dict[str, set[str]] = {}
        ordered = sorted(manifests.ingresses, key=lambda one: (one.metadata.creation_timestamp, one.key))
        for ingress in ordered:
            self._add(ingress)
        for ingress in sorted(ordered, key=lambda one: bool(one.spec.rules)):
            if self._default is None and ingress.spec.default_backend is not None:
                self._default = self._answer(ingress, ingress.spec.default_backend, "spec.defaultBackend")

    def _add(self, ingress: Ingress) -> None:
        default = ingress.spec.default_backend
        for index, rule in enumerate(ingress.spec.rules):
            table = self._hosts.setdefault(rule.host.lower(), HostTable())
            if table.default is None and default is not None:
                table.default = self._answer(ingress, default, "spec.defaultBackend")
            for number, path in enumerate(rule.http.paths if rule.http else ()):
                where = f"spec.rules[{index}].http.paths[{number}]"
                kind = self._kind(path.path_type)
                said = path.path or "/"
                answer = self._answer(ingress, path.backend, f"{where} ({path.path_type} {said} of {rule.host or 'any host'})")
                entry = Entry(said, kind, answer)
                table.paths.add(kind, said, entry)
                table.entries.append(entry)
        for tls in ingress.spec.tls:
            secret = f"{ingress.metadata.namespace}/{tls.secret_name}" if tls.secret_name else DEFAULT_CERTIFICATE
            for host in tls.hosts or tuple(rule.host for rule in ingress.spec.rules):
                self._secrets.setdefault(host.lower(), set()).add(secret)

    def _kind(self, path_type: str) -> str:
        said = {"Exact": "exact", "Prefix": "prefix"}.get(path_type, self.parameters.implementation_specific)
        return KINDS[said]

    def _answer(self, ingress: Ingress, backend: IngressBackend, where: str) -> Answer:
        rule = f"Ingress {ingress.key} {where}"
        if backend.service is None:
            kind = backend.resource.kind if backend.resource else "nothing"
            undefined = f"{rule} has {kind} as backend: what a controller makes of it is not specified"
            return nothing(503, rule, undefined)
        namespace = ingress.metadata.namespace
        port = self._services.port(namespace, backend.service)
        return Answer("backend", backends=(Backend(namespace, backend.service.name, port),), rule=rule)

    def hosts(self) -> set[str]:
        """The hosts of all rules and of TLS."""
        return {*self._hosts, *self._secrets}

    def views(self, _scheme: str, host: str, _port: int = 0, /) -> list[View]:
        """One: an Ingress says nothing of several data planes."""
        keys = (host, f"*.{host.partition('.')[2]}", "")
        tables = [self._hosts[key] for key in keys if key in self._hosts]
        secrets = next((self._secrets[key] for key in keys if key in self._secrets), None)
        return [HostView(tables, self._default, self.parameters, frozenset(secrets) if secrets else None)]


def router(manifests: Manifests, parameters: Parameters = AS_DOCUMENTED) -> IngressV1:
    """The matcher."""
    return IngressV1(manifests, parameters)


class HostView:
    """One host."""

    def __init__(
        self, tables: list[HostTable], default: Answer | None, parameters: Parameters, certificates: frozenset[str] | None
    ) -> None:
        self.certificates = certificates
        self._tables = tables
        self._groups = [[table] for table in tables] if parameters.precise_first else [tables]
        if not parameters.fallthrough:
            self._groups = self._groups[:1]
        own = next((table.default for group in self._groups for table in group if table.default), None)
        self._default = own or default or nothing(404, "no rule matches, and there is no default backend")

    def atoms(self) -> list[PathAtom]:
        """The paths of the tables in play."""
        entries = (entry for group in self._groups for table in group for entry in table.entries)
        return [PathAtom(entry.kind, entry.path) for entry in entries]  # type: ignore[arg-type]

    def conditions(self, _: str) -> list[Condition]:
        """None: an Ingress sees host and path alone."""
        return []

    def answer(self, request: Request) -> Answer:
        """The longest matching path, then exact over prefix, then the default backend."""
        for group in self._groups:
            found = [entry for table in group if (entry := table.best(request.path))]
            if found:
                return max(found, key=_weight).answer
        return self._default

    def branches(self) -> list[tuple[PathAtom, list[Condition], Answer]]:
        """The paths, the longest first, and the default backend."""
        entries = sorted(
            (entry for group in self._groups for table in group for entry in table.entries), key=_weight, reverse=True
        )
        found = [(PathAtom(entry.kind, entry.path), list[Condition](), entry.answer) for entry in entries]  # type: ignore[arg-type]
        return [*found, (PathAtom("string", "/"), [], self._default)]

    def why(self, request: Request) -> list[str]:
        """Why each other path of the host does not answer."""
        chosen = self.answer(request)
        lines = []
        for table in self._tables:
            in_play = any(table in group for group in self._groups)
            others = (entry for entry in table.entries if entry.answer is not chosen)
            lines += [f"{entry.answer.rule}: {_reason(entry, request.path, chosen, in_play)}" for entry in others]
        return lines


def _reason(entry: Entry, path: str, chosen: Answer, in_play: bool) -> str:
    single = HostTable()
    single.paths.add(entry.kind, entry.path, entry)
    if single.best(path) is None:
        return f"its path does not match {path}"
    if not in_play:
        return "matches, but a more precise host shuts it out"
    return f"matches, but {chosen.rule} is longer, exact or older"
