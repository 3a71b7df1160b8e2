"""Kinds that are stored for whoever reads a cluster. What a real kube-apiserver says of them, tests/parity compares."""

from typing import Any

import pytest

from underway.lint.objects.kinds import KINDS
from underway.sim.apiserver.catalogue import CATALOGUE
from unit.sim.apiserver.caller import DEFAULT, Caller

AUTOSCALERS = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
NETWORK_POLICIES = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def named(name: str, **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, **fields}


def cells(api: Caller, url: str) -> list[Any]:
    (row,) = api.call("GET", url, accept=TABLE)[1]["rows"]
    found: list[Any] = row["cells"]
    return found


def reasons(answer: tuple[int, Any]) -> list[str]:
    code, body = answer
    assert code == 422
    return [f"{cause['field']}: {cause['message']}" for cause in body["details"]["causes"]]


def test_every_built_in_kind_that_lint_reads_is_served() -> None:
    served = {(entry.resource.group, entry.resource.plural) for entry in CATALOGUE}
    wanted = {(kind.paths[0].group, kind.paths[0].plural) for kind in KINDS.values() if not kind.custom}
    assert wanted <= served


def test_an_autoscaler_has_a_metric_and_a_minimum_and_is_shown_with_its_target() -> None:
    api = Caller()
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    made = api.call("POST", AUTOSCALERS, named("web", spec={"scaleTargetRef": target, "maxReplicas": 5}))[1]
    assert made["spec"]["minReplicas"] == 1
    assert "generation" not in made["metadata"]
    assert cells(api, AUTOSCALERS) == ["web", "Deployment/web", "cpu: <unknown>/80%", "1", 5, 0, "0s"]


@pytest.mark.parametrize(
    ("metric", "state", "shown"),
    [
        ({"type": "Odd"}, {}, "<unknown type>"),
        (
            {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 60}}},
            {"resource": {"current": {"averageUtilization": 31}}},
            "cpu: 31%/60%",
        ),
        (
            {"type": "External", "external": {"target": {"averageValue": "30"}}},
            {"external": {"current": {"averageValue": "12"}}},
            "12/30 (avg)",
        ),
        ({"type": "External", "external": {"target": {"value": "30"}}}, {}, "<unknown>/30"),
    ],
)
def test_metrics_are_shown_as_current_and_target(metric: dict[str, Any], state: dict[str, Any], shown: str) -> None:
    api = Caller()
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    api.call("POST", AUTOSCALERS, named("web", spec={"scaleTargetRef": target, "maxReplicas": 5, "metrics": [metric]}))
    api.patch(f"{AUTOSCALERS}/web/status", {"status": {"currentMetrics": [state]}})
    assert cells(api, AUTOSCALERS)[2] == shown


def test_a_replication_controller_takes_its_selector_from_its_template_and_scales() -> None:
    api = Caller()
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "web:1"}]}}
    api.call("POST", f"{DEFAULT}/replicationcontrollers", named("web", spec={"template": template}))
    scale = api.patch(f"{DEFAULT}/replicationcontrollers/web/scale", {"spec": {"replicas": 3}})[1]
    assert (scale["spec"], scale["status"]["selector"]) == ({"replicas": 3}, "app=web")
    assert cells(api, f"{DEFAULT}/replicationcontrollers")[:4] == ["web", 3, 0, 0]


def test_a_quota_shows_what_is_used_and_is_shown_when_it_goes() -> None:
    api = Caller()
    api.call("POST", f"{DEFAULT}/resourcequotas", named("small", spec={"hard": {"pods": "10", "limits.cpu": "4"}}))
    api.patch(
        f"{DEFAULT}/resourcequotas/small/status", {"status": {"hard": {"pods": "10", "limits.cpu": "4"}, "used": {"pods": "3"}}}
    )
    assert cells(api, f"{DEFAULT}/resourcequotas")[1:3] == ["pods: 3/10", "limits.cpu: 0/4"]
    assert api.call("DELETE", f"{DEFAULT}/resourcequotas/small")[1]["kind"] == "ResourceQuota"


def test_limits_fill_each_other_in_and_must_not_contradict() -> None:
    api = Caller()
    item = {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "64Mi"}}
    made = api.call("POST", f"{DEFAULT}/limitranges", named("small", spec={"limits": [item]}))[1]
    assert made["spec"]["limits"][0]["default"] == {"cpu": "2"}
    assert made["spec"]["limits"][0]["defaultRequest"] == {"memory": "64Mi", "cpu": "2"}
    wrong = {"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "2"}}
    assert reasons(api.call("POST", f"{DEFAULT}/limitranges", named("odd", spec={"limits": [wrong]}))) == [
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1'
    ]


def test_a_network_policy_is_of_tcp_and_names_its_types_and_its_peers() -> None:
    api = Caller()
    web = {"matchLabels": {"app": "web"}}
    rule = {"from": [{"podSelector": web}], "ports": [{"port": 80}]}
    made = api.call("POST", NETWORK_POLICIES, named("web", spec={"podSelector": web, "ingress": [rule], "egress": [{}]}))[1]
    assert made["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 80}]
    assert made["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert cells(api, NETWORK_POLICIES)[:2] == ["web", "app=web"]
    block = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8", "2001:db8::/64", "ten"]}}
    odd = {"podSelector": {}, "ingress": [{"from": [{}, block], "ports": [{"port": 90, "endPort": 80}, {"endPort": 80}]}]}
    assert reasons(api.call("POST", NETWORK_POLICIES, named("odd", spec=odd))) == [
        "spec.ingress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`",
        "spec.ingress[0].ports[1].endPort: Invalid value: 80: may not be specified when `port` is not specified",
        "spec.ingress[0].from[0]: Required value: must specify a peer",
        'spec.ingress[0].from[1].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
        'spec.ingress[0].from[1].ipBlock.except[1]: Invalid value: "2001:db8::/64": must be a strict subset of `cidr`',
        f'spec.ingress[0].from[1].ipBlock.except[2]: Invalid value: "ten": {NO_CIDR}',
    ]


def test_a_webhook_gets_its_defaults_and_a_new_generation_when_it_changes() -> None:
    api = Caller()
    hook = {
        "name": "judge.example.com",
        "clientConfig": {"service": {"namespace": "default", "name": "judge"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    made = api.call("POST", WEBHOOKS, named("one", webhooks=[hook]))[1]
    assert made["webhooks"][0]["failurePolicy"] == "Fail"
    assert made["webhooks"][0]["clientConfig"]["service"]["port"] == 443
    changed = api.patch(f"{WEBHOOKS}/one", {"webhooks": [{**hook, "timeoutSeconds": 3}]})[1]
    assert (changed["metadata"]["generation"], changed["webhooks"][0]["matchPolicy"]) == (2, "Equivalent")
    assert "webhooks[0].name: Required value" in reasons(
        api.call("POST", WEBHOOKS, named("two", webhooks=[{**hook, "name": ""}]))
    )


def test_an_api_service_is_named_after_what_it_serves() -> None:
    api = Caller()
    spec = {"group": "example.com", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 10}
    assert api.call("POST", API_SERVICES, named("v1.example.com", spec=spec))[0] == 201
    assert cells(api, API_SERVICES)[1:3] == ["Local", "Unknown"]
    wrong = named("v2.example.com", spec={**spec, "service": {"namespace": "default"}})
    assert reasons(api.call("POST", API_SERVICES, wrong)) == [
        'metadata.name: Invalid value: "v2.example.com": must be `spec.version+"."+spec.group`: "v1.example.com"',
        "spec.service.name: Required value",
    ]
