"""Gateway API objects of a layout and its routes, as plain JSON values of the standard channel.

Owns the fields and which version of the Gateway API has them. Policies of implementations are in `policies`.
Source: sigs.k8s.io/gateway-api v1.6.1, v1.5.1 and v1.4.1, config/crd/standard.
"""

from typing import Any

from underway.ingress.ir import EXACT, Backend, Cors, Header, HeaderChange, Match, Redirect, Rewrite, Rule
from underway.ingress.layout import Gateway, Grant, Listener, ListenerSet, Parent
from underway.ingress.losses import Loss
from underway.ingress.routes import Route

GROUP = "gateway.networking.k8s.io"
API = f"{GROUP}/v1"
SECOND = 1000
DIGITS_MAX = 99_999  # of one number in a duration
FROM = "underway.dev/converted-from"
CORS_SINCE, CODES_SINCE, GRANT_V1_SINCE, TLS_ROUTE_SINCE = 5, 5, 5, 5  # minor versions of the Gateway API
OLD_CODES = {308: 301, 307: 302, 303: 302}  # before 1.5 a redirect is 301 or 302


def duration(milliseconds: int) -> str:
    """A duration as the Gateway API writes it (GEP-2257)."""
    seconds, rest = divmod(milliseconds, SECOND)
    hours, short = divmod(seconds, 3600) if seconds > DIGITS_MAX else (0, seconds)
    parts = (hours, "h"), (short, "s"), (rest, "ms")
    return "".join(f"{min(number, DIGITS_MAX)}{unit}" for number, unit in parts if number) or "0s"


def gateway_class(name: str, controller: str) -> dict[str, Any]:
    """The class that an implementation takes up."""
    return {"apiVersion": API, "kind": "GatewayClass", "metadata": {"name": name}, "spec": {"controllerName": controller}}


def gateway(one: Gateway, tls: dict[str, Any]) -> dict[str, Any]:
    """A Gateway. tls: what spec.tls holds."""
    spec: dict[str, Any] = {
        "gatewayClassName": one.class_name,
        "listeners": [listener(each, one.namespace) for each in one.listeners],
    }
    if one.listener_namespaces:
        spec["allowedListeners"] = {"namespaces": _namespaces(tuple(sorted(one.listener_namespaces)), one.namespace)}
    if tls:
        spec["tls"] = tls
    return {"apiVersion": API, "kind": "Gateway", "metadata": {"name": one.name, "namespace": one.namespace}, "spec": spec}


def listener_set(one: ListenerSet) -> dict[str, Any]:
    """A ListenerSet."""
    parent = {"name": one.gateway.name}
    if one.gateway.namespace != one.namespace:
        parent = {"namespace": one.gateway.namespace, **parent}
    spec = {"parentRef": parent, "listeners": [listener(each, one.namespace) for each in one.listeners]}
    return {"apiVersion": API, "kind": "ListenerSet", "metadata": {"name": one.name, "namespace": one.namespace}, "spec": spec}


def listener(one: Listener, namespace: str) -> dict[str, Any]:
    """A listener of a Gateway or ListenerSet in a namespace."""
    made: dict[str, Any] = {"name": one.name}
    if one.hostname:
        made["hostname"] = one.hostname
    made |= {"port": one.port, "protocol": one.protocol}
    if one.protocol == "HTTPS":
        refs = [
            {"name": each.name} | ({"namespace": each.namespace} if each.namespace != namespace else {})
            for each in one.certificates
        ]
        made["tls"] = {"mode": "Terminate", "certificateRefs": refs}
    elif one.protocol == "TLS":
        made["tls"] = {"mode": "Passthrough"}
    if one.namespaces and one.namespaces != (namespace,):
        made["allowedRoutes"] = {"namespaces": _namespaces(one.namespaces, namespace)}
    return made


def _namespaces(names: tuple[str, ...], own: str) -> dict[str, Any]:
    if names == (own,):
        return {"from": "Same"}
    expression = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(names)}
    return {"from": "Selector", "selector": {"matchExpressions": [expression]}}


def grant(one: Grant, minor: int) -> dict[str, Any]:
    """A ReferenceGrant in the namespace of what is referred to."""
    version = API if minor >= GRANT_V1_SINCE else f"{GROUP}/v1beta1"
    name = f"{one.from_kind.lower()}s-of-{one.from_namespace}-to-{one.to_kind.lower()}s"
    spec = {
        "from": [{"group": one.from_group, "kind": one.from_kind, "namespace": one.from_namespace}],
        "to": [{"group": "", "kind": one.to_kind, "name": name} for name in one.names],
    }
    return {"apiVersion": version, "kind": "ReferenceGrant", "metadata": {"name": name, "namespace": one.namespace}, "spec": spec}


def route(one: Route, minor: int, losses: list[Loss]) -> dict[str, Any]:
    """A route of any kind, with no policy."""
    owners = list(dict.fromkeys(rule.owner for rule in one.rules))
    annotation = ", ".join(f"Ingress {owner}" for owner in owners[:8])
    spec: dict[str, Any] = {"parentRefs": [parent(each, one.namespace) for each in one.parents]}
    if one.hostnames:
        spec["hostnames"] = one.hostnames
    writers = {"HTTPRoute": http_rule, "GRPCRoute": grpc_rule, "TLSRoute": tls_rule}
    spec["rules"] = [writers[one.kind](rule, minor, losses) for rule in one.rules]
    metadata = {"name": one.name, "namespace": one.namespace, "annotations": {FROM: annotation}}
    return {"apiVersion": API, "kind": one.kind, "metadata": metadata, "spec": spec}


def parent(one: Parent, namespace: str) -> dict[str, Any]:
    """What a route attaches to."""
    made = {"group": GROUP, "kind": one.kind} if one.kind != "Gateway" else {}
    if one.namespace != namespace:
        made["namespace"] = one.namespace
    return made | {"name": one.name, "sectionName": one.section}


def http_rule(rule: Rule, minor: int, losses: list[Loss]) -> dict[str, Any]:
    """One rule of an HTTPRoute."""
    made: dict[str, Any] = {"matches": [http_match(match) for match in rule.matches]}
    if rule.closed:
        return made
    filters = list(filters_of(rule, minor, losses))
    if filters:
        made["filters"] = filters
    if rule.backends and rule.redirect is None:
        made["backendRefs"] = [backend(one, rule.namespace) for one in rule.backends]
    if rule.request_timeout_ms is not None and rule.redirect is None:
        made["timeouts"] = {"request": duration(rule.request_timeout_ms)}
    return made


def http_match(match: Match) -> dict[str, Any]:
    """Path and headers."""
    made: dict[str, Any] = {"path": {"type": match.path.kind, "value": match.path.value}}
    if match.headers:
        made["headers"] = [_header(one) for one in match.headers]
    return made


def _header(one: Header) -> dict[str, Any]:
    return ({} if one.kind == EXACT else {"type": one.kind}) | {"name": one.name, "value": one.value}


def filters_of(rule: Rule, minor: int, losses: list[Loss]) -> list[dict[str, Any]]:
    """The filters of a rule, each kind once."""
    made: list[dict[str, Any]] = []
    if rule.request_headers is not None:
        made.append({"type": "RequestHeaderModifier", "requestHeaderModifier": _changes(rule.request_headers)})
    if rule.response_headers is not None:
        made.append({"type": "ResponseHeaderModifier", "responseHeaderModifier": _changes(rule.response_headers)})
    if rule.cors is not None:
        if minor >= CORS_SINCE:
            made.append({"type": "CORS", "cors": _cors(rule.cors)})
        else:
            losses.append(_too_new(rule, "CORS", "the filter CORS", CORS_SINCE))
    if rule.mirror is not None:
        made.append({"type": "RequestMirror", "requestMirror": {"backendRef": backend(rule.mirror.backend, rule.namespace)}})
    if rule.redirect is not None:
        made.append({"type": "RequestRedirect", "requestRedirect": _redirect(rule, rule.redirect, minor, losses)})
    elif rule.rewrite is not None:
        made.append({"type": "URLRewrite", "urlRewrite": _rewrite(rule.rewrite)})
    return made


def _too_new(rule: Rule, code: str, what: str, since: int) -> Loss:
    return Loss(
        "lost",
        rule.where,
        f"Ingress {rule.owner}",
        f"{what} is in the Gateway API since 1.{since}",
        f"--gateway-api 1.{since}",
        code,
    )


def _changes(change: HeaderChange) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if change.set:
        made["set"] = [{"name": name, "value": value} for name, value in change.set]
    if change.remove:
        made["remove"] = list(change.remove)
    return made


def _cors(cors: Cors) -> dict[str, Any]:
    made: dict[str, Any] = {"allowOrigins": list(cors.origins)}
    if cors.methods:
        made["allowMethods"] = list(cors.methods)
    if cors.headers:
        made["allowHeaders"] = list(cors.headers)
    if cors.expose:
        made["exposeHeaders"] = list(cors.expose)
    if cors.credentials:
        made["allowCredentials"] = True
    return made | ({"maxAge": cors.max_age_s} if cors.max_age_s else {})


def _redirect(rule: Rule, one: Redirect, minor: int, losses: list[Loss]) -> dict[str, Any]:
    made: dict[str, Any] = {"scheme": one.scheme} if one.scheme else {}
    if one.hostname:
        made["hostname"] = one.hostname
    if one.port:
        made["port"] = one.port
    if one.path:
        made["path"] = {"type": "ReplaceFullPath", "replaceFullPath": one.path}
    code = one.code if minor >= CODES_SINCE else OLD_CODES.get(one.code, one.code)
    if code != one.code:
        reason = f"redirects with {one.code}; before 1.{CODES_SINCE} a Gateway has 301 and 302, so it became {code}"
        witness = f"a POST that is redirected becomes a GET, which {one.code} does not allow"
        losses.append(
            Loss(
                "differs", rule.where, f"Ingress {rule.owner}", reason, f"--gateway-api 1.{CODES_SINCE}", "redirect-code", witness
            )
        )
    return made | {"statusCode": code}


def _rewrite(one: Rewrite) -> dict[str, Any]:
    made: dict[str, Any] = {"hostname": one.hostname} if one.hostname else {}
    if one.full_path is not None:
        made["path"] = {"type": "ReplaceFullPath", "replaceFullPath": one.full_path}
    elif one.prefix is not None:
        made["path"] = {"type": "ReplacePrefixMatch", "replacePrefixMatch": one.prefix}
    return made


def backend(one: Backend, namespace: str) -> dict[str, Any]:
    """A reference to a Service, or to what else is named."""
    made: dict[str, Any] = {} if one.kind == "Service" else {"group": one.group, "kind": one.kind}
    made["name"] = one.name
    if one.namespace != namespace:
        made["namespace"] = one.namespace
    if one.port:
        made["port"] = one.port
    return made | ({"weight": one.weight} if one.weight is not None else {})


def grpc_rule(rule: Rule, minor: int, losses: list[Loss]) -> dict[str, Any]:
    """One rule of a GRPCRoute: a path is /package.Service/Method."""
    made: dict[str, Any] = {}
    matches = [_grpc_match(match) for match in rule.matches]
    if all(matches):
        made["matches"] = matches
    if rule.closed:
        return made
    filters = [one for one in filters_of(rule, minor, losses) if one["type"] not in ("URLRewrite", "CORS", "RequestRedirect")]
    if filters:
        made["filters"] = filters
    return made | {"backendRefs": [backend(one, rule.namespace) for one in rule.backends]}


def _grpc_match(match: Match) -> dict[str, Any]:
    service, _, method = match.path.value.strip("/").partition("/")
    made: dict[str, Any] = {}
    if service:
        made["method"] = {"service": service} | ({"method": method} if method else {})
    if match.headers:
        made["headers"] = [_header(one) for one in match.headers]
    return made


def tls_rule(rule: Rule, minor: int, losses: list[Loss]) -> dict[str, Any]:
    """The one rule of a TLSRoute."""
    if minor < TLS_ROUTE_SINCE:
        losses.append(_too_new(rule, "ssl-passthrough", "TLSRoute v1", TLS_ROUTE_SINCE))
    return {"backendRefs": [backend(one, rule.namespace) for one in rule.backends]}
