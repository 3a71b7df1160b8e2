"""How tests of the conversion speak: an Ingress in a line, routes as a table."""

from typing import Any

from underway.ingress.conversion import Conversion, convert
from underway.ingress.layout import Options
from underway.ingress.losses import Loss


def path(value: str, service: str = "s", kind: str = "Prefix", port: Any = 80) -> dict[str, Any]:
    named = {"number": port} if isinstance(port, int) else {"name": port}
    return {"path": value, "pathType": kind, "backend": {"service": {"name": service, "port": named}}}


def ingress(name: str = "web", hosts: dict[str, list[Any]] | None = None, **more: Any) -> dict[str, Any]:
    namespace, _, name = name.rpartition("/")
    rules = [
        ({"host": host} if host else {}) | ({"http": {"paths": paths}} if paths else {}) for host, paths in (hosts or {}).items()
    ]
    metadata: dict[str, Any] = {"name": name, "namespace": namespace or "shop"}
    for key in ("annotations", "creationTimestamp"):
        if key in more:
            metadata[key] = more.pop(key)
    spec = {"ingressClassName": "front", **more, **({"rules": rules} if rules else {})}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def nginx(
    name: str = "web", hosts: dict[str, list[Any]] | None = None, annotations: dict[str, str] | None = None, **more: Any
) -> Any:
    own = {f"nginx.ingress.kubernetes.io/{key}": value for key, value in (annotations or {}).items()}
    return ingress(name, hosts, ingressClassName="nginx", annotations=own, **more)


def made(*documents: Any, **options: Any) -> Conversion:
    return convert(list(documents), Options(**options))


def kinds(conversion: Conversion, kind: str) -> list[dict[str, Any]]:
    return [one for one in conversion.objects if one["kind"] == kind]


def table(conversion: Conversion, host: str = "", kind: str = "HTTPRoute", section: str = "") -> list[str]:
    """Every match of a host's routes, as "Kind value -> what happens"."""
    specs = [route["spec"] for route in kinds(conversion, kind) if not host or host in route["spec"].get("hostnames", [])]
    here = [spec for spec in specs if any(section in ("", parent["sectionName"]) for parent in spec["parentRefs"])]
    return [f"{_words(match)} -> {fate(rule)}" for spec in here for rule in spec["rules"] for match in rule["matches"]]


def _words(match: dict[str, Any]) -> str:
    headers = "".join(f" {one['name']}={one['value']}" for one in match.get("headers", []))
    return f"{match['path']['type']} {match['path']['value']}{headers}"


def fate(rule: dict[str, Any]) -> str:
    words = []
    for one in rule.get("filters", []):
        if one["type"] == "RequestRedirect":
            redirect = one["requestRedirect"]
            where = redirect.get("path", {}).get("replaceFullPath", "")
            said = (str(redirect["statusCode"]), redirect.get("scheme", ""), redirect.get("hostname", "") + where)
            words.append(" ".join(word for word in said if word))
        elif one["type"] == "URLRewrite":
            changed = one["urlRewrite"].get("path", {})
            words.append(
                f"as {changed.get('replacePrefixMatch', changed.get('replaceFullPath', one['urlRewrite'].get('hostname')))}"
            )
    backends = rule.get("backendRefs", [])
    words += [f"{one['name']}:{one.get('port')}" + (f"*{one['weight']}" if "weight" in one else "") for one in backends]
    return " ".join(words) or "500"


def said(losses: list[Loss], kind: str = "") -> list[str]:
    """Losses as "code reason", without notes unless asked for."""
    return [f"{loss.code} {loss.reason}".strip() for loss in losses if (loss.kind == kind if kind else loss.kind != "note")]


def codes(conversion: Conversion) -> set[str]:
    return {loss.code for loss in conversion.losses if loss.kind != "note"}
