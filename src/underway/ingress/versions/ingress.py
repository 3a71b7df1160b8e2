"""Ingress between extensions/v1beta1, networking.k8s.io/v1beta1 and networking.k8s.io/v1, by the API server's own rules.

Owns where each field goes and what is lost on objects that the API server would refuse. It must not know other kinds, lists or
text.
Source: k8s.io/kubernetes pkg/apis/networking/v1beta1 conversion.go and defaults.go, pkg/apis/networking/validation/validation.go.
"""

import re
from collections.abc import Iterator
from typing import Any

from underway.ingress.losses import Loss, Path, Where, named, spelled
from underway.ingress.versions.edits import Edit, Move, Remove, Set

DEFAULT_PATH_TYPE = "ImplementationSpecific"  # v1beta1's default, applied when an object is decoded; v1 has none
PORT_NAME = re.compile(r"^(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$")  # IANA_SVC_NAME, RFC 6335


class Ways:
    """Collects edits and losses for one object. base: where it lies in its document."""

    def __init__(self, values: dict[str, Any], source: int, base: Path) -> None:
        self.values, self.source, self.base = values, source, base
        self.edits: list[Edit] = []
        self.losses: list[Loss] = []

    def set(self, path: Path, value: Any, after: str = "") -> None:
        """Give a field a value."""
        self.edits.append(Set(self.base + path, value, after))

    def move(self, path: Path, to: Path) -> None:
        """Put a field elsewhere."""
        self.edits.append(Move(self.base + path, self.base + to))

    def remove(self, path: Path) -> None:
        """Take a field away."""
        self.edits.append(Remove(self.base + path))

    def lose(self, kind: str, path: Path, reason: str, remedy: str = "") -> None:
        """Say what is lost, or what the API server would refuse."""
        reason = f"{spelled(path)} {reason}"
        self.losses.append(Loss(kind, Where(self.source, self.base + path), named(self.values), reason, remedy))


def to_v1(ways: Ways) -> None:
    """v1beta1 (networking.k8s.io or extensions) to v1."""
    ways.set(("apiVersion",), "networking.k8s.io/v1")
    spec = ways.values.get("spec")
    if not isinstance(spec, dict):
        return
    _foreign(ways, spec, ("spec",), ("defaultBackend",), "v1beta1")
    for path, backend in _backends(spec, "backend"):
        _backend_to_v1(ways, path, backend)
    if "backend" in spec:
        ways.move(("spec", "backend"), ("spec", "defaultBackend"))
    for path, values in _paths(spec):
        if values.get("pathType") is None:
            ways.set((*path, "pathType"), DEFAULT_PATH_TYPE, "path")


def _backend_to_v1(ways: Ways, path: Path, backend: dict[str, Any]) -> None:
    _foreign(ways, backend, path, ("service",), "v1beta1")
    name, port = backend.get("serviceName"), backend.get("servicePort")
    if name in (None, "") and port in (None, 0):
        for key in ("serviceName", "servicePort"):
            if key in backend:
                ways.remove((*path, key))
        if "resource" not in backend:
            ways.lose("invalid", path, "names neither a Service nor a resource: the API server refuses it", "name one")
        return
    if "serviceName" in backend:
        ways.move((*path, "serviceName"), (*path, "service", "name"))
    if not name:
        ways.lose("invalid", path, "has a servicePort and no serviceName", "name the Service")
    if isinstance(port, str):
        ways.move((*path, "servicePort"), (*path, "service", "port", "name"))
        _judge_port_name(ways, (*path, "servicePort"), port)
    elif port in (None, 0):
        ways.remove((*path, "servicePort"))
        ways.lose("invalid", path, "has no servicePort", "v1 wants service.port.name or service.port.number")
    else:
        ways.move((*path, "servicePort"), (*path, "service", "port", "number"))
        if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
            ways.lose("invalid", (*path, "servicePort"), f"is {port!r}: no port number", "write 1 to 65535")


def _judge_port_name(ways: Ways, path: Path, port: str) -> None:
    if port.isdigit():
        ways.lose(
            "invalid",
            path,
            f'is the text "{port}": the API takes it for the name of a port, which needs a letter',
            f"write the number {port} without quotes",
        )
    elif not PORT_NAME.match(port):
        ways.lose(
            "invalid",
            path,
            f"is {port!r}: no name of a port",
            "lower-case letters, digits and -, at most 15, at least one letter",
        )


def to_v1beta1(ways: Ways) -> None:
    """v1 to networking.k8s.io/v1beta1, which is gone from servers since 1.22."""
    ways.set(("apiVersion",), "networking.k8s.io/v1beta1")
    spec = ways.values.get("spec")
    if not isinstance(spec, dict):
        return
    _foreign(ways, spec, ("spec",), ("backend",), "v1")
    for path, backend in _backends(spec, "defaultBackend"):
        _backend_to_v1beta1(ways, path, backend)
    if "defaultBackend" in spec:
        ways.move(("spec", "defaultBackend"), ("spec", "backend"))
    for path, values in _paths(spec):
        if values.get("pathType") is None:
            reason = f"has no pathType, which v1 refuses; v1beta1 takes it for {DEFAULT_PATH_TYPE}"
            ways.lose("invalid", path, reason, "write Exact, Prefix or ImplementationSpecific")


def _backend_to_v1beta1(ways: Ways, path: Path, backend: dict[str, Any]) -> None:
    _foreign(ways, backend, path, ("serviceName", "servicePort"), "v1")
    service = backend.get("service")
    if not isinstance(service, dict):
        if "service" in backend:
            ways.remove((*path, "service"))
        if "resource" not in backend:
            ways.lose("invalid", path, "names neither a Service nor a resource: the API server refuses it", "name one")
        return
    port = service.get("port")
    port = port if isinstance(port, dict) else {}
    if not service.get("name") and not port.get("name") and not port.get("number"):
        ways.lose("lost", (*path, "service"), "is empty; v1beta1 cannot tell it from none", "name the Service and its port")
        ways.remove((*path, "service"))
        return
    if "name" in service:
        ways.move((*path, "service", "name"), (*path, "serviceName"))
    chosen, other = ("name", "number") if port.get("name") else ("number", "name")
    if other in port:
        ways.remove((*path, "service", "port", other))
        if port[other]:
            ways.lose(
                "lost", (*path, "service", "port"), "has a name and a number; v1beta1 holds one, the name", "keep one of them"
            )
    if chosen in port:
        ways.move((*path, "service", "port", chosen), (*path, "servicePort"))
    else:
        ways.lose("invalid", (*path, "service"), "has no port", "name the port or its number")
    ways.remove((*path, "service"))


def _foreign(ways: Ways, values: dict[str, Any], path: Path, keys: tuple[str, ...], version: str) -> None:
    """Fields of the other version: the API server drops them without a word when it decodes the object."""
    for key in keys:
        if key in values:
            ways.remove((*path, key))
            ways.lose(
                "lost", (*path, key), f"is no field of {version}: the API server drops it", "take it away, or mend apiVersion"
            )


def _backends(spec: dict[str, Any], default: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every backend with its path, under its old name."""
    if isinstance(spec.get(default), dict):
        yield ("spec", default), spec[default]
    for path, values in _paths(spec):
        if isinstance(values.get("backend"), dict):
            yield (*path, "backend"), values["backend"]


def _paths(spec: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every path of every rule, with where it stands."""
    rules = spec.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        http = rule.get("http") if isinstance(rule, dict) else None
        paths = http.get("paths") if isinstance(http, dict) else None
        for number, values in enumerate(paths if isinstance(paths, list) else ()):
            if isinstance(values, dict):
                yield ("spec", "rules", index, "http", "paths", number), values
