"""NGINX Gateway Fabric: the nearest neighbour of ingress-nginx, since both are nginx. Policies of gateway.nginx.org.

Source: nginx/nginx-gateway-fabric config/crd/bases, apis/v1alpha1, apis/v1alpha2.
"""

from typing import Any

from underway.ingress.emitters.emitter import Emitter, Policy
from underway.ingress.ir import Setting
from underway.ingress.routes import Route

GROUP = "gateway.nginx.org"
Fields = dict[str, Any]
UNITS = {"Second": "s", "Minute": "m"}


def _body(setting: Setting) -> Fields:
    return {"body": {"maxSize": setting.value[1]}}


def _buffers(setting: Setting) -> Fields:
    on, number, size, busy = setting.value
    if not on:
        return {"buffering": {"disable": True}}
    fields: Fields = {"bufferSize": size, "buffers": {"number": max(number, 2), "size": size}}
    return {"buffering": fields | ({"busyBuffersSize": busy} if busy else {})}


def _rates(setting: Setting) -> Fields:
    """As ingress-nginx has it: for each address, no delay up to the burst, then 503."""
    rules = [
        {"rate": f"{limit}r/{UNITS[unit]}", "key": "$binary_remote_addr", "burst": burst, "noDelay": True, "rejectCode": 503}
        for limit, unit, burst in setting.value
    ]
    return {"rateLimit": {"local": {"rules": rules}}}


def _tracing(setting: Setting) -> Fields:
    on, name, trust = setting.value
    if not on:
        return {"tracing": {"strategy": "parent", "context": "ignore"}}
    fields: Fields = {"strategy": "ratio", "ratio": 100, "context": "propagate" if trust else "inject"}
    return {"tracing": fields | ({"spanName": name} if name else {})}


def _snippets(route: Route, setting: Setting) -> Fields:
    metadata = {"name": route.name, "namespace": route.namespace}
    snippets = [{"context": context, "value": text} for context, text in setting.value]
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": "SnippetsFilter", "metadata": metadata, "spec": {"snippets": snippets}}


EMITTER = Emitter(
    "nginx-gateway-fabric",
    f"{GROUP}/nginx-gateway-controller",
    (
        Policy(f"{GROUP}/v1alpha1", "ClientSettingsPolicy", {"body-size": _body}, many=False),
        Policy(f"{GROUP}/v1alpha1", "ProxySettingsPolicy", {"buffers": _buffers}),
        Policy(f"{GROUP}/v1alpha1", "RateLimitPolicy", {"rate-limit": _rates}),
        Policy(f"{GROUP}/v1alpha2", "ObservabilityPolicy", {"tracing": _tracing}),
    ),
    {"snippets": _snippets},
    filter_kinds=((f"{GROUP}/v1alpha1", "SnippetsFilter"),),
)
