"""Ingress and IngressClass as networking.k8s.io/v1 has them, read from v1, networking v1beta1 and extensions/v1beta1.

Source: k8s.io/api networking/v1/types.go; for v1beta1 the fields that pkg/apis/networking/v1beta1/conversion.go renames.
"""

from typing import Any

from underway.model.meta import Model, ObjectMeta

OLD_VERSIONS = ("extensions/v1beta1", "networking.k8s.io/v1beta1")
CLASS_ANNOTATION = "kubernetes.io/ingress.class"


class ServiceBackendPort(Model, frozen=True):
    """The port of a Service, by name or by number; exactly one is set in a valid object."""

    name: str = ""
    number: int = 0


class IngressServiceBackend(Model, frozen=True):
    """A Service of the Ingress's own namespace."""

    name: str = ""
    port: ServiceBackendPort = ServiceBackendPort()


class TypedLocalObjectReference(Model, frozen=True):
    """Another object of the same namespace as a backend."""

    api_group: str | None = None
    kind: str = ""
    name: str = ""


class IngressBackend(Model, frozen=True):
    """Where requests go: a Service or a resource."""

    service: IngressServiceBackend | None = None
    resource: TypedLocalObjectReference | None = None


class HTTPIngressPath(Model, frozen=True):
    """One path of a host. path_type: Exact, Prefix or ImplementationSpecific; v1 has no default."""

    backend: IngressBackend
    path: str = ""
    path_type: str = ""


class HTTPIngressRuleValue(Model, frozen=True):
    """The paths of one rule."""

    paths: tuple[HTTPIngressPath, ...] = ()


class IngressRule(Model, frozen=True):
    """A host and its paths. host "": any; http None: everything of the host to the default backend."""

    host: str = ""
    http: HTTPIngressRuleValue | None = None


class IngressTLS(Model, frozen=True):
    """A Secret and the hosts it is for. No Secret's content is ever read."""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class IngressSpec(Model, frozen=True):
    """The desired routing."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    tls: tuple[IngressTLS, ...] = ()
    rules: tuple[IngressRule, ...] = ()


class Ingress(Model, frozen=True):
    """An Ingress."""

    metadata: ObjectMeta = ObjectMeta()
    spec: IngressSpec = IngressSpec()

    @property
    def key(self) -> str:
        """namespace/name."""
        return self.metadata.key

    @property
    def class_name(self) -> str:
        """The class that is asked for: the old annotation wins over the field, as controllers read it; "" if none is."""
        return self.metadata.annotations.get(CLASS_ANNOTATION, "") or self.spec.ingress_class_name or ""


class IngressClassSpec(Model, frozen=True):
    """Which controller serves the class."""

    controller: str = ""


class IngressClass(Model, frozen=True):
    """An IngressClass."""

    metadata: ObjectMeta = ObjectMeta()
    spec: IngressClassSpec = IngressClassSpec()


class ServicePort(Model, frozen=True):
    """One port of a Service."""

    port: int = 0
    name: str = ""
    app_protocol: str = ""


class ServiceSpec(Model, frozen=True):
    """What the judge reads of a Service: the names and protocols of its ports."""

    ports: tuple[ServicePort, ...] = ()


class Service(Model, frozen=True):
    """A Service."""

    metadata: ObjectMeta = ObjectMeta()
    spec: ServiceSpec = ServiceSpec()


def current(values: dict[str, Any]) -> dict[str, Any]:
    """An Ingress of an old version in the shape of v1; one of v1 as it is.

    values: the plain JSON of one Ingress. Only the fields that were renamed are touched, and pathType gets the old versions'
    default, ImplementationSpecific.
    """
    if values.get("apiVersion") not in OLD_VERSIONS or not isinstance(values.get("spec"), dict):
        return values
    spec = dict(values["spec"])
    if "backend" in spec:
        spec["defaultBackend"] = _backend(spec.pop("backend"))
    spec["rules"] = [_rule(rule) for rule in spec.get("rules") or ()]
    return {**values, "spec": spec}


def _rule(rule: Any) -> Any:
    if not isinstance(rule, dict) or not isinstance(rule.get("http"), dict):
        return rule
    paths = [
        {"pathType": "ImplementationSpecific", **path, "backend": _backend(path.get("backend"))}
        if isinstance(path, dict)
        else path
        for path in rule["http"].get("paths") or ()
    ]
    return {**rule, "http": {"paths": paths}}


def _backend(backend: Any) -> Any:
    if not isinstance(backend, dict) or "serviceName" not in backend:
        return backend
    rest = {key: value for key, value in backend.items() if key not in ("serviceName", "servicePort")}
    port = backend.get("servicePort", 0)
    return {**rest, "service": {"name": backend["serviceName"], "port": {"number" if isinstance(port, int) else "name": port}}}


def refusal(ingress: Ingress) -> str:
    """Why the API server refuses the Ingress, or "". Source: pkg/apis/networking/validation, ValidateIngressSpec and below."""
    if not ingress.spec.rules and ingress.spec.default_backend is None:
        return "either `defaultBackend` or `rules` must be specified"
    for index, rule in enumerate(ingress.spec.rules):
        for number, path in enumerate(rule.http.paths if rule.http else ()):
            if why := _path_refusal(path):
                return f"spec.rules[{index}].http.paths[{number}]: {why}"
    return ""


def _path_refusal(path: HTTPIngressPath) -> str:
    if path.path_type not in ("Exact", "Prefix", "ImplementationSpecific"):
        return f"pathType {path.path_type!r} is none; write Exact, Prefix or ImplementationSpecific"
    if path.path_type == "ImplementationSpecific":
        return "" if not path.path or path.path.startswith("/") else f"path {path.path!r} must be an absolute path"
    if not path.path.startswith("/"):
        return f"path {path.path!r} must be an absolute path"
    bad = next((part for part in ("//", "/./", "/../", "%2f", "%2F") if part in path.path), "")
    bad = bad or next((end for end in ("/..", "/.") if path.path.endswith(end)), "")
    return f"path {path.path!r} must not contain {bad!r}" if bad else ""
