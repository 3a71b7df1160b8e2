"""Envoy Gateway: BackendTrafficPolicy, SecurityPolicy and HTTPRouteFilter of gateway.envoyproxy.io/v1alpha1.

Source: github.com/envoyproxy/gateway v1.9.1 charts/gateway-crds-helm, api/v1alpha1.
"""

from typing import Any

from underway.ingress.emitters.emitter import Emitter, Policy
from underway.ingress.emitters.objects import duration
from underway.ingress.ir import Setting
from underway.ingress.routes import Route

API = "gateway.envoyproxy.io/v1alpha1"
Fields = dict[str, Any]
ALGORITHMS = {"round_robin": "RoundRobin", "ewma": "LeastRequest"}
TRIGGERS = ["connect-failure", "reset"]  # nginx's own: error, timeout


def _connect(setting: Setting) -> Fields:
    return {"timeout": {"tcp": {"connectTimeout": duration(setting.value)}}}


def _idle(setting: Setting) -> Fields:
    return {"timeout": {"http": {"streamIdleTimeout": duration(setting.value)}}}


def _retry(setting: Setting) -> Fields:
    attempts, codes = setting.value
    on: Fields = {"triggers": [*TRIGGERS, *(["retriable-status-codes"] if codes else [])]}
    if codes:
        on["httpStatusCodes"] = list(codes)
    return {"retry": {"numRetries": attempts, "retryOn": on}}


def _session(setting: Setting) -> Fields:
    name, lifetime_s, path, same_site = setting.value
    cookie: Fields = {"name": name}
    if lifetime_s:
        cookie["ttl"] = duration(lifetime_s * 1000)
    attributes = {key: text for key, text in (("Path", path), ("SameSite", same_site)) if text}
    if attributes:
        cookie["attributes"] = attributes
    return {"loadBalancer": {"type": "ConsistentHash", "consistentHash": {"type": "Cookie", "cookie": cookie}}}


def _hash(setting: Setting) -> Fields:
    by, name = setting.value
    hashed: Fields = {"type": "SourceIP"} if by == "address" else {"type": "Header", "header": {"name": name}}
    return {"loadBalancer": {"type": "ConsistentHash", "consistentHash": hashed}}


def _balance(setting: Setting) -> Fields:
    return {"loadBalancer": {"type": ALGORITHMS[setting.value]}}


def _service(_: Setting) -> Fields:
    return {"routingType": "Service"}


def _body(setting: Setting) -> Fields:
    """A body that must fit into the buffer is refused with 413 beyond it; 0 is no limit in nginx."""
    size = setting.value[0]
    return {"requestBuffer": {"limit": str(size)}} if size else {}


def _rates(setting: Setting) -> Fields:
    """Counted for each client's address, in each of Envoy's instances, as nginx counts in each of its own."""
    everyone = {"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}
    rules = [{"clientSelectors": [everyone], "limit": {"requests": limit, "unit": unit}} for limit, unit, _ in setting.value]
    return {"rateLimit": {"type": "Local", "local": {"rules": rules}}}


def _allow(setting: Setting) -> Fields:
    rule = {"action": "Allow", "principal": {"clientCIDRs": list(setting.value)}}
    return {"authorization": {"defaultAction": "Deny", "rules": [rule]}}


def _deny(setting: Setting) -> Fields:
    return {"authorization": {"rules": [{"action": "Deny", "principal": {"clientCIDRs": list(setting.value)}}]}}


def _basic(setting: Setting) -> Fields:
    return {"basicAuth": {"users": {"name": setting.value[0]}}}


def _external(setting: Setting) -> Fields:
    namespace, name, port, path, headers = setting.value
    reference = {"name": name, "namespace": namespace, "port": port}
    http: Fields = {"backendRefs": [reference], "pathOverride" if path != "/" else "path": path}
    if headers:
        http["headersToBackend"] = list(headers)
    return {"extAuth": {"http": http}}


def _rewrite(route: Route, setting: Setting) -> Fields:
    pattern, substitution = setting.value
    path = {"type": "ReplaceRegexMatch", "replaceRegexMatch": {"pattern": pattern, "substitution": substitution}}
    metadata = {"name": route.name, "namespace": route.namespace}
    return {"apiVersion": API, "kind": "HTTPRouteFilter", "metadata": metadata, "spec": {"urlRewrite": {"path": path}}}


EMITTER = Emitter(
    "envoy-gateway",
    "gateway.envoyproxy.io/gatewayclass-controller",
    (
        Policy(
            API,
            "BackendTrafficPolicy",
            {
                "connect-timeout": _connect,
                "idle-timeout": _idle,
                "retry": _retry,
                "session-cookie": _session,
                "hash-by": _hash,
                "load-balance": _balance,
                "service-upstream": _service,
                "body-size": _body,
                "rate-limit": _rates,
            },
        ),
        Policy(
            API,
            "SecurityPolicy",
            {"deny": _deny, "allow": _allow, "basic-auth": _basic, "external-auth": _external},
        ),
    ),
    {"regex-rewrite": _rewrite},
    ("gateway.envoyproxy.io", "SecurityPolicy"),
    {"rate-limit": ("limit-burst-multiplier",), "basic-auth": ("auth-realm",)},
    ((API, "HTTPRouteFilter"),),
)
