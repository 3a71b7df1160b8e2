"""Webhook configurations, admission policies and APIServices: defaults, checks and columns.

Source: kubernetes pkg/apis/admissionregistration/{v1/defaults.go,validation}, kube-aggregator pkg/apis/apiregistration.
The real server also lists one APIService for each group that it serves itself; this one lists those that were created.
"""

from collections.abc import Callable, Iterator
from typing import Any

from underway.sim.apiserver.causes import Cause, duplicate, invalid, required, unsupported
from underway.sim.apiserver.cells import AGE, UNSET, Column, text

Object = dict[str, Any]
HTTPS = 443
PORT_MAX = 65_535
TIMEOUT_S_MAX = 30
REVIEWS = ("v1", "v1beta1")
NAME_PARTS_MIN = 3  # a fully qualified name: check.example.com


def _webhooks_defaulted(**more: Any) -> Callable[[Object], Object]:
    def defaulted(value: Object) -> Object:
        hooks = value.get("webhooks")
        return {**value, "webhooks": [{**more, **_webhook(hook)} for hook in hooks]} if hooks else value

    return defaulted


def _webhook(hook: Object) -> Object:
    filled = {
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "timeoutSeconds": 10,
        **hook,
    }
    if hook.get("rules"):
        filled["rules"] = [{"scope": "*", **rule} for rule in hook["rules"]]
    client = hook.get("clientConfig") or {}
    if client.get("service"):
        filled["clientConfig"] = {**client, "service": {"port": HTTPS, **client["service"]}}
    return filled


def _webhook_problems(value: Object) -> Iterator[Cause]:
    names: set[str] = set()
    for index, hook in enumerate(value.get("webhooks") or ()):
        field, name = f"webhooks[{index}]", hook.get("name", "")
        yield from _name(name, f"{field}.name")
        for nth, rule in enumerate(hook.get("rules") or ()):
            for part in ("operations", "apiGroups", "apiVersions", "resources"):
                if not rule.get(part):
                    yield required(f"{field}.rules[{nth}].{part}")
        yield from _behaviour(hook, field)
        yield from _client(hook.get("clientConfig") or {}, f"{field}.clientConfig")
        yield from _versions(hook.get("admissionReviewVersions") or (), f"{field}.admissionReviewVersions")
        if name and name in names:
            yield duplicate(f"{field}.name", name)
        names.add(name)


def _name(name: str, field: str) -> Iterator[Cause]:
    """Source: apimachinery pkg/util/validation IsFullyQualifiedName."""
    if not name:
        yield required(field)
    elif len(name.split(".")) < NAME_PARTS_MIN:
        yield invalid(field, name, "should be a domain with at least three segments separated by dots")


def _behaviour(hook: Object, field: str) -> Iterator[Cause]:
    for name, known in (("failurePolicy", ("Fail", "Ignore")), ("matchPolicy", ("Equivalent", "Exact"))):
        if hook.get(name) is not None and hook[name] not in known:
            yield unsupported(f"{field}.{name}", hook[name], known)
    effects = hook.get("sideEffects")
    if effects is None:
        yield required(f"{field}.sideEffects", "must specify one of None, NoneOnDryRun")
    elif effects not in ("None", "NoneOnDryRun"):
        yield unsupported(f"{field}.sideEffects", effects, ("None", "NoneOnDryRun"))
    timeout = hook.get("timeoutSeconds")
    if timeout is not None and not 1 <= timeout <= TIMEOUT_S_MAX:
        yield invalid(f"{field}.timeoutSeconds", timeout, "the timeout value must be between 1 and 30 seconds")


def _client(client: Object, field: str) -> Iterator[Cause]:
    service = client.get("service")
    if (client.get("url") is None) == (service is None):
        yield required(field, "exactly one of url or service is required")
    elif service is not None:
        # The real server hands the two over in the wrong order, and blames each for the other.
        for name, blamed in (("namespace", "name"), ("name", "namespace")):
            if not service.get(name):
                yield required(f"{field}.service.{blamed}")


def _versions(versions: Any, field: str) -> Iterator[Cause]:
    if not versions:
        yield required(field, "must specify one of v1, v1beta1")
    elif not set(versions) & set(REVIEWS):
        yield invalid(field, versions, "must include at least one of v1, v1beta1")


def _matching(about: Object) -> Object:
    """What a policy or a binding is about, with its defaults."""
    filled = {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}, **about}
    for field in ("resourceRules", "excludeResourceRules"):
        if about.get(field):
            filled[field] = [{"scope": "*", **rule} for rule in about[field]]
    return filled


def _policy_defaulted(value: Object) -> Object:
    spec = {"failurePolicy": "Fail", **(value.get("spec") or {})}
    if spec.get("matchConstraints"):
        spec["matchConstraints"] = _matching(spec["matchConstraints"])
    return {**value, "spec": spec, "status": value.get("status", {})}


def _binding_defaulted(value: Object) -> Object:
    spec = value.get("spec") or {}
    if spec.get("matchResources"):
        spec = {**spec, "matchResources": _matching(spec["matchResources"])}
    return {**value, "spec": spec}


def _api_service_defaulted(value: Object) -> Object:
    spec = value.get("spec") or {}
    if spec.get("service"):
        spec = {**spec, "service": {"port": HTTPS, **spec["service"]}}
    return {**value, "spec": spec, "status": value.get("status", {})}


def _api_service_problems(value: Object) -> Iterator[Cause]:
    spec, name = value.get("spec") or {}, value["metadata"].get("name", "")
    group, version = spec.get("group", ""), spec.get("version", "")
    if name != f"{version}.{group}":
        yield invalid("metadata.name", name, f'must be `spec.version+"."+spec.group`: "{version}.{group}"')
    if not group and version != "v1":
        yield required("spec.group", "only v1 may have an empty group and it better be legacy kube")
    for field, most in (("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)):
        wanted = spec.get(field) or 0
        if not 0 < wanted <= most:
            yield invalid(f"spec.{field}", wanted, f"must be positive and less than {most}")
    service = spec.get("service")
    if service is None:
        return
    for field in ("namespace", "name"):
        if not service.get(field):
            yield required(f"spec.service.{field}")
    port = service.get("port", HTTPS)
    if not 0 < port <= PORT_MAX:
        yield invalid("spec.service.port", port, f"port is not valid: must be between 1 and {PORT_MAX}, inclusive")


def _service(value: Object, _now_ms: int) -> str:
    service = (value.get("spec") or {}).get("service")
    return f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"


def _available(value: Object, _now_ms: int) -> str:
    conditions = (value.get("status") or {}).get("conditions") or ()
    found = next((one for one in conditions if one.get("type") == "Available"), None)
    if found is None:
        return "Unknown"
    reason = f" ({found['reason']})" if found["status"] != "True" and found.get("reason") else ""
    return f"{found['status']}{reason}"


def _param_kind(value: Object, _now_ms: int) -> str:
    kind = value["spec"].get("paramKind")
    return f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else UNSET


def _param_ref(value: Object, _now_ms: int) -> str:
    reference = value["spec"].get("paramRef")
    if not reference:
        return UNSET
    namespace = reference.get("namespace", "")
    return f"{namespace}/{reference.get('name', '')}" if namespace else f"*/{reference.get('name', '')}"


_WEBHOOKS = (Column("Webhooks", lambda value, _now: len(value.get("webhooks") or ()), type="integer"), AGE)
DEFAULTS: dict[str, Callable[[Object], Object]] = {
    "ValidatingWebhookConfiguration": _webhooks_defaulted(),
    "MutatingWebhookConfiguration": _webhooks_defaulted(reinvocationPolicy="Never"),
    "ValidatingAdmissionPolicy": _policy_defaulted,
    "ValidatingAdmissionPolicyBinding": _binding_defaulted,
    "APIService": _api_service_defaulted,
}
CHECKS: dict[str, Callable[[Object], Iterator[Cause]]] = {
    "ValidatingWebhookConfiguration": _webhook_problems,
    "MutatingWebhookConfiguration": _webhook_problems,
    "APIService": _api_service_problems,
}
COLUMNS = {
    "ValidatingWebhookConfiguration": _WEBHOOKS,
    "MutatingWebhookConfiguration": _WEBHOOKS,
    "ValidatingAdmissionPolicy": (
        Column("Validations", lambda value, _now: len(value["spec"].get("validations") or ()), type="integer"),
        Column("ParamKind", _param_kind),
        AGE,
    ),
    "ValidatingAdmissionPolicyBinding": (
        Column("PolicyName", text("spec", "policyName")),
        Column("ParamRef", _param_ref),
        AGE,
    ),
    "APIService": (Column("Service", _service), Column("Available", _available), AGE),
}
