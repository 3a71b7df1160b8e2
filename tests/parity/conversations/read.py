"""Conversations about kinds that are served for whoever reads a cluster: autoscalers, quotas, webhooks, templates."""

from typing import Any

from parity.conversation import CORE, Json, apply, delete, get, merge, post, strategic, talk
from parity.conversations.custom import table

AUTOSCALERS = "/apis/autoscaling/v2/namespaces/$ns/horizontalpodautoscalers"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
VALIDATING = f"{ADMISSION}/validatingwebhookconfigurations"
MUTATING = f"{ADMISSION}/mutatingwebhookconfigurations"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
CONTROLLERS = f"{CORE}/replicationcontrollers"
TEMPLATES = f"{CORE}/podtemplates"
LIMITS = f"{CORE}/limitranges"
QUOTAS = f"{CORE}/resourcequotas"
LABELS = {"app": "web"}
TEMPLATE: Json = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "app", "image": "web:1"}]}}


def autoscaler(name: str, **spec: Any) -> Json:
    """A HorizontalPodAutoscaler of a Deployment."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    whole = {"scaleTargetRef": target, "maxReplicas": 5, **spec}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": whole}


def controller(**spec: Any) -> Json:
    """A ReplicationController."""
    whole = {"template": TEMPLATE, **spec}
    return {"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "web"}, "spec": whole}


def limits(*items: Json) -> Json:
    """A LimitRange."""
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}, "spec": {"limits": list(items)}}


def quota(**hard: str) -> Json:
    """A ResourceQuota."""
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": hard}}


def hook(**fields: Any) -> Json:
    """A webhook that nothing which is there would ask."""
    rule = {"operations": ["CREATE"], "apiGroups": ["$ns.example.com"], "apiVersions": ["v1"], "resources": ["things"]}
    service = {"namespace": "$ns", "name": "judge"}
    return {
        "name": "judge.example.com",
        "clientConfig": {"service": service},
        "rules": [rule],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        **fields,
    }


def hooks(kind: str, *webhooks: Json) -> Json:
    """A webhook configuration."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "$ns"},
        "webhooks": list(webhooks),
    }


def validating(*webhooks: Json) -> Json:
    """A ValidatingWebhookConfiguration."""
    return hooks("ValidatingWebhookConfiguration", *webhooks)


def api_service(name: str = "v1.$ns.example.com", **spec: Any) -> Json:
    """An APIService."""
    whole = {
        "group": "$ns.example.com",
        "version": "v1",
        "groupPriorityMinimum": 1000,
        "versionPriority": 10,
        "service": {"namespace": "$ns", "name": "served"},
        "insecureSkipTLSVerify": True,
        **spec,
    }
    return {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": name}, "spec": whole}


def ingress_class(**fields: Any) -> Json:
    """An IngressClass."""
    metadata = {"name": "$ns", **fields.pop("metadata", {})}
    spec = {"controller": "example.com/ingress", **fields}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": metadata, "spec": spec}


DRY = {"dryRun": "All"}
TWICE = {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "30"}}
METRICS = [
    {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "500Mi"}}},
    {"type": "External", "external": TWICE},
    {"type": "Pods", "pods": TWICE},
]

CRON: Json = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "nightly"},
    "spec": {
        "schedule": "0 3 * * *",
        "jobTemplate": {
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "web:1"}]}}}
        },
    },
}

POLICY: Json = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "metadata": {"name": "$ns"},
    "spec": {
        "matchConstraints": {"resourceRules": hook()["rules"]},
        "validations": [{"expression": "true"}],
    },
}
BINDING: Json = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicyBinding",
    "metadata": {"name": "$ns"},
    "spec": {
        "policyName": "$ns",
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": {"a": "b"}}},
    },
}

CONVERSATIONS = (
    talk(
        "cron-job-defaults",
        post("/apis/batch/v1/namespaces/$ns/cronjobs", CRON),
        merge("/apis/batch/v1/namespaces/$ns/cronjobs/nightly", {"spec": {"suspend": True}}),
    ),
    talk("autoscaler-defaults", post(AUTOSCALERS, autoscaler("web")), get(AUTOSCALERS), table(AUTOSCALERS)),
    talk(
        "autoscaler-behaviour",
        post(AUTOSCALERS, autoscaler("web", minReplicas=2, behavior={"scaleDown": {"stabilizationWindowSeconds": 60}})),
        post(AUTOSCALERS, autoscaler("queue", metrics=METRICS)),
        table(AUTOSCALERS),
    ),
    talk(
        "autoscaler-status-apart",
        post(AUTOSCALERS, autoscaler("web")),
        merge(f"{AUTOSCALERS}/web/status", {"status": {"currentReplicas": 3, "desiredReplicas": 4}}),
        merge(f"{AUTOSCALERS}/web", {"spec": {"maxReplicas": 9}}),
        table(AUTOSCALERS),
        delete(f"{AUTOSCALERS}/web"),
    ),
    talk(
        "autoscaler-refused",
        post(AUTOSCALERS, autoscaler("web", maxReplicas=0)),
        post(AUTOSCALERS, autoscaler("web", minReplicas=7)),
        post(AUTOSCALERS, autoscaler("web", minReplicas=0)),
        post(AUTOSCALERS, autoscaler("web", scaleTargetRef={})),
        post(AUTOSCALERS, autoscaler("web", maxReplicas="many")),
        post(AUTOSCALERS, autoscaler("web", metrics={})),
        post(AUTOSCALERS, autoscaler("web", replicas=1), fieldValidation="Strict"),
    ),
    talk(
        "replication-controller",
        post(CONTROLLERS, controller()),
        get(f"{CONTROLLERS}/web/scale"),
        merge(f"{CONTROLLERS}/web", {"spec": {"replicas": 3}}),
        merge(f"{CONTROLLERS}/web/status", {"status": {"replicas": 2, "readyReplicas": 1}}),
        table(CONTROLLERS),
    ),
    talk(
        "replication-controller-refused",
        post(CONTROLLERS, controller(selector={"app": "other"})),
        post(CONTROLLERS, controller(replicas=-1)),
        post(CONTROLLERS, controller(template={**TEMPLATE, "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}})),
        post(CONTROLLERS, {**controller(), "spec": {"replicas": 1}}),
    ),
    talk(
        "pod-template",
        post(TEMPLATES, {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "web"}, "template": TEMPLATE}),
        post(TEMPLATES, {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "none"}, "template": {"spec": {}}}),
        table(TEMPLATES),
    ),
    talk(
        "limit-range",
        post(LIMITS, limits({"type": "Container", "max": {"cpu": "2"}, "min": {"cpu": "1", "memory": "64Mi"}})),
        get(LIMITS),
        table(LIMITS),
    ),
    talk(
        "limit-range-refused",
        post(LIMITS, limits({"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "2"}, "default": {"cpu": "1"}})),
        post(LIMITS, limits({"type": "Pod", "max": {"cpu": "1"}, "default": {"cpu": "1"}})),
        post(LIMITS, limits({"type": "Pod", "max": {"cpu": "1"}}, {"type": "Pod", "max": {"cpu": "2"}})),
    ),
    talk(
        "resource-quota",
        post(QUOTAS, quota(pods="10", **{"limits.cpu": "4"})),
        merge(f"{QUOTAS}/small/status", {"status": {"hard": {"pods": "10", "limits.cpu": "4"}, "used": {"pods": "3"}}}),
        strategic(f"{QUOTAS}/small", {"spec": {"hard": {"pods": "12"}}}),
        table(QUOTAS),
        delete(f"{QUOTAS}/small"),
    ),
    talk(
        "deleted-and-shown",
        post(f"{CORE}/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "one"}}).quietly(),
        delete(f"{CORE}/serviceaccounts/one").quietly().keeping(kind="kind"),
        post(TEMPLATES, {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "web"}, "template": TEMPLATE}),
        delete(f"{TEMPLATES}/web"),
        delete(f"{LIMITS}/none"),
    ),
    talk("resource-quota-refused", post(QUOTAS, quota(pods="-1"))),
    talk(
        "validating-webhooks",
        post(VALIDATING, validating(hook(), hook(name="also.example.com", timeoutSeconds=5, failurePolicy="Ignore"))),
        merge(f"{VALIDATING}/$ns", {"metadata": {"labels": {"a": "b"}}}),
        merge(f"{VALIDATING}/$ns", {"webhooks": [hook(timeoutSeconds=3)]}),
        table(f"{VALIDATING}/$ns"),
        delete(f"{VALIDATING}/$ns"),
    ),
    talk(
        "validating-webhooks-refused",
        post(VALIDATING, validating(hook(timeoutSeconds=31))),
        post(VALIDATING, validating(hook(clientConfig={}))),
        post(VALIDATING, validating(hook(sideEffects="Some"))),
        post(VALIDATING, validating(hook(failurePolicy="Perhaps"))),
        post(VALIDATING, validating(hook(admissionReviewVersions=[]))),
        post(VALIDATING, validating(hook(admissionReviewVersions=["v9"]))),
        post(VALIDATING, validating(hook(name="short"))),
        post(VALIDATING, validating(hook(), hook())),
        post(VALIDATING, validating(hook(rules=[{}]))),
        post(VALIDATING, validating(hook(clientConfig={"service": {"name": "judge"}}))),
    ),
    talk(
        "mutating-webhooks",
        post(MUTATING, hooks("MutatingWebhookConfiguration", hook(clientConfig={"url": "https://127.0.0.1:1/x"}))),
        apply(f"{MUTATING}/$ns", hooks("MutatingWebhookConfiguration", hook(timeoutSeconds=3)), "other", force="true").quietly(),
        delete(f"{MUTATING}/$ns"),
    ),
    talk(
        "admission-policy",
        post(f"{ADMISSION}/validatingadmissionpolicies", POLICY),
        post(f"{ADMISSION}/validatingadmissionpolicybindings", BINDING),
        table(f"{ADMISSION}/validatingadmissionpolicies/$ns").quietly(),
        table(f"{ADMISSION}/validatingadmissionpolicybindings/$ns"),
        delete(f"{ADMISSION}/validatingadmissionpolicybindings/$ns"),
        delete(f"{ADMISSION}/validatingadmissionpolicies/$ns"),
    ),
    talk("api-service", post(API_SERVICES, api_service(), **DRY), get(f"{API_SERVICES}/v1.$ns.example.com")),
    talk(
        "api-service-refused",
        post(API_SERVICES, api_service("v2.$ns.example.com"), **DRY),
        post(API_SERVICES, api_service(groupPriorityMinimum=0), **DRY),
        post(API_SERVICES, api_service(versionPriority=1001), **DRY),
        post(API_SERVICES, api_service(service={"name": "served", "port": 70_000}), **DRY),
    ),
    talk(
        "ingress-class",
        post(CLASSES, ingress_class(metadata={"annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}})),
        table(f"{CLASSES}/$ns"),
        delete(f"{CLASSES}/$ns"),
    ),
)
