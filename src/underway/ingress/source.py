"""The Ingresses, classes and Services of a set of documents, ready for providers: of one version, complete, in a fixed order.

Owns what is skipped and why: an object that the API server would refuse, or of which a part is not known, takes no part at all.
What a controller makes of an Ingress is in `providers`.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from underway.ingress.losses import Loss, Path, Where, named, spelled
from underway.ingress.versions import CLASS_ANNOTATION, NEW, OLD_GROUPS, converted
from underway.ingress.versions.edits import applied

HOST = re.compile(r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
ADDRESS = re.compile(r"^[0-9.]+$")
NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
PATH_CHARACTERS = re.compile(r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$")  # HTTPPathMatch, Gateway API
PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")
PATH_LENGTH_MAX = 1024  # HTTPPathMatch.value
LIST_DEPTH_MAX = 4


def is_path(value: str) -> bool:
    """Whether a route may have a path, Exact or PathPrefix (CEL of HTTPPathMatch)."""
    bad = any(part in value for part in ("//", "/./", "/../", "%2f", "%2F", "#"))
    return not bad and not value.endswith(("/..", "/.")) and bool(PATH_CHARACTERS.match(value))


class Service(msgspec.Struct, frozen=True, gc=False):
    """The ports of a Service by name, and the protocol that each says it speaks (appProtocol)."""

    ports: dict[str, int]
    protocols: dict[int, str] = {}


class IngressPath(msgspec.Struct, frozen=True, gc=False):
    """One path of one rule. service: "" for a backend that is a resource (group, kind, name)."""

    path: str
    path_type: str
    service: str
    port: int
    where: Where
    resource: tuple[str, str, str] = ("", "", "")


class IngressRule(msgspec.Struct, frozen=True, gc=False):
    """A host and its paths."""

    host: str
    paths: tuple[IngressPath, ...]
    where: Where


class Tls(msgspec.Struct, frozen=True, gc=False):
    """Hosts and the Secret of their certificate; "" if none is named."""

    hosts: tuple[str, ...]
    secret: str
    where: Where


class Ingress(msgspec.Struct, frozen=True, gc=False):
    """An Ingress of v1 that the API server would take."""

    namespace: str
    name: str
    class_name: str
    created: str
    annotations: dict[str, str]
    rules: tuple[IngressRule, ...]
    tls: tuple[Tls, ...]
    default: IngressPath | None
    where: Where

    @property
    def key(self) -> str:
        """namespace/name."""
        return f"{self.namespace}/{self.name}"

    @property
    def object(self) -> str:
        """As messages name it."""
        return f"Ingress {self.key}"


class ConfigMap(msgspec.Struct, frozen=True, gc=False):
    """What a ConfigMap holds."""

    data: dict[str, str]
    labels: dict[str, str]
    where: Where


class Borrowed(msgspec.Struct, frozen=True, gc=False):
    """Where a setting really stands that an Ingress has from somewhere else."""

    object: str
    where: Where


class Source(msgspec.Struct):
    """What was read. ingresses: oldest first, then by namespace and name, as controllers sort them.

    borrowed: settings that Ingresses do not say themselves, by the Ingress as messages name it and the annotation.
    """

    ingresses: list[Ingress] = []
    controllers: dict[str, str] = {}
    default_class: str = ""
    services: dict[str, Service] = {}
    config_maps: dict[str, ConfigMap] = {}
    borrowed: dict[tuple[str, str], Borrowed] = {}
    losses: list[Loss] = []


class _Refused(Exception):
    """An object takes no part: `loss` says why."""

    def __init__(self, kind: str, path: Path, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.kind, self.path, self.reason, self.remedy = kind, path, reason, remedy


def source_of(documents: list[Any]) -> Source:
    """Everything that decides about routing, and what had to be skipped. documents: plain JSON values of any kind."""
    source = Source()
    objects = [
        (values, where) for index, document in enumerate(documents) for values, where in _objects(document, Where(index), 0)
    ]
    for values, where in objects:
        _keep(source, values, where)
    seen: set[str] = set()
    for values, where in objects:
        if values.get("kind") != "Ingress" or values.get("apiVersion") not in (NEW, *OLD_GROUPS["Ingress"]):
            continue
        _add(source, values, where, seen)
    source.ingresses.sort(key=lambda one: (one.created, one.key))
    return source


def _objects(values: Any, where: Where, depth: int) -> Iterator[tuple[dict[str, Any], Where]]:
    if not isinstance(values, dict):
        return
    kind, items = str(values.get("kind", "")), values.get("items")
    if not kind.endswith("List") or not isinstance(items, list) or depth >= LIST_DEPTH_MAX:
        yield values, where
        return
    for index, item in enumerate(items):
        if isinstance(item, dict) and "kind" not in item and kind != "List":
            item = {"kind": kind.removesuffix("List"), "apiVersion": values.get("apiVersion"), **item}
        yield from _objects(item, Where(where.source, (*where.path, "items", index)), depth + 1)


def _keep(source: Source, values: dict[str, Any], where: Where) -> None:
    """Take in what Ingresses refer to."""
    kind, spec = values.get("kind"), _mapping(values.get("spec"))
    metadata = _mapping(values.get("metadata"))
    key = f"{metadata.get('namespace') or 'default'}/{metadata.get('name')}"
    if kind == "IngressClass":
        source.controllers[str(metadata.get("name"))] = str(spec.get("controller", ""))
        if _mapping(metadata.get("annotations")).get("ingressclass.kubernetes.io/is-default-class") == "true":
            source.default_class = str(metadata.get("name"))
    elif kind == "Service":
        ports = [port for port in spec.get("ports") or () if isinstance(port, dict) and isinstance(port.get("port"), int)]
        protocols = {port["port"]: str(port["appProtocol"]) for port in ports if port.get("appProtocol")}
        source.services[key] = Service({str(port.get("name", "")): port["port"] for port in ports}, protocols)
    elif kind == "ConfigMap":
        data, labels = (
            {str(name): str(text) for name, text in _mapping(one).items()} for one in (values.get("data"), metadata.get("labels"))
        )
        source.config_maps[key] = ConfigMap(data, labels, where)


def _add(source: Source, values: dict[str, Any], where: Where, seen: set[str]) -> None:
    name = named(values)
    try:
        if values["apiVersion"] != NEW:
            values = applied(values, converted(values, where.source, "v1").edits)
        ingress = _ingress(values, where, source.services)
        _once(ingress, seen)
    except _Refused as refused:
        at = Where(where.source, where.path + refused.path)
        reason = f"{spelled(refused.path)} {refused.reason}".strip()
        source.losses.append(Loss(refused.kind, at, name, f"{reason}; the whole Ingress is left out", refused.remedy))
        return
    seen.add(ingress.key)
    source.ingresses.append(ingress)


def _once(ingress: Ingress, seen: set[str]) -> None:
    if ingress.key in seen:
        raise _Refused("skipped", (), f"stands twice: {ingress.key} was given before", "give each Ingress once")


def _ingress(values: dict[str, Any], where: Where, services: dict[str, Service]) -> Ingress:
    metadata, spec = _mapping(values.get("metadata")), _mapping(values.get("spec"))
    name, namespace = metadata.get("name"), metadata.get("namespace") or "default"
    if not isinstance(name, str) or not NAME.match(name):
        raise _Refused("invalid", ("metadata",), f"has no name that the API takes: {name!r}", "name the object")
    annotations = {str(key): str(value) for key, value in _mapping(metadata.get("annotations")).items()}
    field, annotation = spec.get("ingressClassName"), annotations.get(CLASS_ANNOTATION)
    if field and annotation and field != annotation:
        reason = f"is {field!r}, the annotation {CLASS_ANNOTATION} is {annotation!r}"
        raise _Refused("invalid", ("spec", "ingressClassName"), reason, "keep the one that is meant")
    reader = _Reader(str(namespace), where, services)
    default = reader.backend(spec["defaultBackend"], ("spec", "defaultBackend")) if spec.get("defaultBackend") else None
    rules = tuple(reader.rule(rule, ("spec", "rules", index)) for index, rule in enumerate(_sequence(spec, "rules", ("spec",))))
    if not rules and default is None:
        raise _Refused("invalid", ("spec",), "has neither rules nor a defaultBackend", "give one of them")
    tls = tuple(reader.tls(one, ("spec", "tls", index)) for index, one in enumerate(_sequence(spec, "tls", ("spec",))))
    created = str(metadata.get("creationTimestamp") or "")
    return Ingress(str(namespace), name, str(field or annotation or ""), created, annotations, rules, tls, default, where)


class _Reader:
    """Reads the parts of one Ingress. Raises _Refused."""

    def __init__(self, namespace: str, where: Where, services: dict[str, Service]) -> None:
        self.namespace, self.base, self.services = namespace, where, services

    def at(self, path: Path) -> Where:
        """Where a field of the Ingress stands."""
        return Where(self.base.source, self.base.path + path)

    def rule(self, values: Any, path: Path) -> IngressRule:
        """One rule."""
        values = _mapping(values)
        host = str(values.get("host") or "")
        if host and (not HOST.match(host) or ADDRESS.match(host)):
            reason = f"is {host!r}: no DNS name in lower case, nor *. and one"
            raise _Refused("invalid", (*path, "host"), reason, "hosts are names, never addresses; * stands alone in front")
        http = values.get("http")
        if http is not None and not _mapping(http).get("paths"):
            raise _Refused("invalid", (*path, "http"), "has no paths", "give a path, or take http away")
        listed = _sequence(_mapping(http), "paths", (*path, "http"))
        paths = tuple(self.path(one, (*path, "http", "paths", number)) for number, one in enumerate(listed))
        return IngressRule(host, paths, self.at(path))

    def path(self, values: Any, path: Path) -> IngressPath:
        """One path."""
        values = _mapping(values)
        said, kind = str(values.get("path") or ""), values.get("pathType")
        if kind not in PATH_TYPES:
            raise _Refused("invalid", (*path, "pathType"), f"is {kind!r}", f"write {', '.join(PATH_TYPES)}")
        if not said.startswith("/") and (said or kind != "ImplementationSpecific"):
            raise _Refused("invalid", (*path, "path"), f"is {said!r}: it must begin with /", "")
        bad = next((part for part in ("//", "/./", "/../", "%2f", "%2F") if part in said), "")
        bad = bad or next((end for end in ("/..", "/.") if said.endswith(end)), "")
        if kind != "ImplementationSpecific" and bad:
            raise _Refused("invalid", (*path, "path"), f"holds {bad!r}: the API refuses it in {kind} paths", "write it without")
        if kind != "ImplementationSpecific" and not PATH_CHARACTERS.match(said):
            reason = "has characters that a route's path may not have"
            raise _Refused("skipped", (*path, "path"), reason, "percent-encode them")
        if len(said) > PATH_LENGTH_MAX:
            reason = f"is {len(said)} characters long; a route's path has at most {PATH_LENGTH_MAX}"
            raise _Refused("skipped", (*path, "path"), reason, "shorten it")
        backend = self.backend(values.get("backend"), (*path, "backend"))
        return msgspec.structs.replace(backend, path=said or "/", path_type=kind, where=self.at(path))

    def backend(self, values: Any, path: Path) -> IngressPath:
        """A Service with the number of its port, or a resource."""
        values = _mapping(values)
        service, resource = values.get("service"), values.get("resource")
        if service and resource:
            raise _Refused("invalid", path, "names a Service and a resource", "keep one")
        if isinstance(resource, dict) and resource.get("kind") and resource.get("name"):
            named_ = (str(resource.get("apiGroup") or ""), str(resource["kind"]), str(resource["name"]))
            return IngressPath("/", "Prefix", "", 0, self.at(path), named_)
        service = _mapping(service)
        name, port = service.get("name"), _mapping(service.get("port"))
        if not isinstance(name, str) or not NAME.match(name):
            raise _Refused("invalid", path, "names no Service", "every path needs a Service, or a resource")
        number, port_name = port.get("number"), port.get("name")
        if port_name and number:
            raise _Refused("invalid", (*path, "service", "port"), "has a name and a number", "keep one")
        if not port_name:
            if not isinstance(number, int) or not 1 <= number <= 65535:
                raise _Refused("invalid", (*path, "service", "port"), f"has no number from 1 to 65535: {number!r}", "")
            return IngressPath("/", "Prefix", name, number, self.at(path))
        return IngressPath("/", "Prefix", name, self._port(name, str(port_name), path), self.at(path))

    def _port(self, service: str, port: str, path: Path) -> int:
        known = self.services.get(f"{self.namespace}/{service}")
        where = (*path, "service", "port", "name")
        if known is None:
            reason = f"is {port!r}, and Service {self.namespace}/{service} is not among the files: routes want its number"
            remedy = "write the number without quotes" if port.isdigit() else "give the Service too, with -f"
            raise _Refused("skipped", where, reason, remedy)
        if port not in known.ports:
            has = ", ".join(sorted(name for name in known.ports if name)) or "no named port"
            raise _Refused("skipped", where, f"is {port!r}; Service {self.namespace}/{service} has {has}", "mend the name")
        return known.ports[port]

    def tls(self, values: Any, path: Path) -> Tls:
        """Hosts and a Secret."""
        values = _mapping(values)
        hosts = tuple(str(host) for host in _sequence(values, "hosts", path))
        bad = next((host for host in hosts if not HOST.match(host)), None)
        if bad is not None:
            raise _Refused("invalid", (*path, "hosts"), f"holds {bad!r}: no DNS name", "")
        return Tls(hosts, str(values.get("secretName") or ""), self.at(path))


def _mapping(values: Any) -> dict[str, Any]:
    return values if isinstance(values, dict) else {}


def _sequence(values: dict[str, Any], key: str, path: Path) -> list[Any]:
    found = values.get(key)
    if found is not None and not isinstance(found, list):
        raise _Refused("invalid", (*path, key), "is no list", "")
    return found or []
