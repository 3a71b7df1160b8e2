"""What `underway manifests` prints: everything that the operator needs in a cluster, and no right more.

Owns the objects, in the order in which they must be applied. Which right is for what is `rotate.grants`'s; each one granted is
used by the operator, and a test compares the two on a real API server. Sources of the hardening: "Pod Security Standards"
(restricted).
"""

from typing import Any

import msgspec

from underway.rotate.grants import (
    EVENT_NAMESPACE,
    EVENT_RULES,
    EVICT,
    GRANTS,
    LEASE_END_RULES,
    LEASE_RULES,
    NODE_RULES,
    OWNER_RULES,
    PROVIDER_RULES,
    READS,
    ROTATION_RULES,
    rule,
)
from underway.rotate.kinds.definitions import GROUP
from underway.rotate.record import LEASE_NAMESPACE

Manifest = dict[str, Any]

NAME = "underway-operator"
PORT = 8080
LABELS = {"app.kubernetes.io/name": "underway", "app.kubernetes.io/component": "operator"}
UID = 65532  # the usual uid of a user that is nobody in particular in distroless images
ALERTS = "underway-alerts"
ALERTS_PATH = "/etc/underway/alerts"
STOP_S = 60  # above what a tidy end may take (live.loop.STOP_S) and the 5 s that give the locks back


class Installation(msgspec.Struct, frozen=True):
    """What may be chosen.

    evict_in: the only namespaces whose pods may be evicted, () for all; fleet: whether it is a hub; providers: those whose
    machines are objects of this cluster; grants: those of GRANTS that Rotations here may ask for.
    """

    image: str
    namespace: str = "underway-system"
    replicas: int = 2
    evict_in: tuple[str, ...] = ()
    fleet: bool = False
    providers: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()


def installation(wanted: Installation, definitions: list[Manifest]) -> list[Manifest]:
    """The objects, in order. definitions: the CustomResourceDefinitions."""
    return [
        _object("v1", "Namespace", wanted.namespace, labels={"pod-security.kubernetes.io/enforce": "restricted"}),
        *definitions,
        _object("v1", "ServiceAccount", NAME, wanted.namespace),
        *_rights(wanted),
        _deployment(wanted),
        _budget(wanted),
    ]


def _object(api_version: str, kind: str, name: str, namespace: str = "", *, labels: dict[str, str] | None = None) -> Manifest:
    metadata: Manifest = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata["labels"] = {**LABELS, **(labels or {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


FLEET_RULES = [rule(GROUP, "fleets", "list"), rule(GROUP, "fleets/status", "patch")]


SECRET_RULES = [rule("", "secrets", "list")]


def _rights(wanted: Installation) -> list[Manifest]:
    rules = [*NODE_RULES, *READS, *OWNER_RULES, *ROTATION_RULES, *(FLEET_RULES if wanted.fleet else ())]
    for provider in wanted.providers:
        rules += PROVIDER_RULES[provider]
    moving = [EVICT, *(one for grant in wanted.grants for one in GRANTS[grant])]
    made = _granted("ClusterRole", wanted, "", rules if wanted.evict_in else [*rules, *moving])
    made += _granted("Role", wanted, LEASE_NAMESPACE, [*LEASE_RULES, *LEASE_END_RULES])
    made += _granted("Role", wanted, EVENT_NAMESPACE, EVENT_RULES)
    if wanted.fleet:
        made += _granted("Role", wanted, wanted.namespace, SECRET_RULES)
    for namespace in wanted.evict_in:
        made += _granted("Role", wanted, namespace, moving, name=f"{NAME}-evict")
    return made


def _granted(kind: str, wanted: Installation, namespace: str, rules: list[Manifest], name: str = NAME) -> list[Manifest]:
    api_version = "rbac.authorization.k8s.io/v1"
    role = {**_object(api_version, kind, name, namespace), "rules": rules}
    binding = {
        **_object(api_version, f"{kind}Binding", name, namespace),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": wanted.namespace}],
    }
    return [role, binding]


def _deployment(wanted: Installation) -> Manifest:
    arguments = ["operator", f"--listen=:{PORT}", f"--alerts={ALERTS_PATH}", *(["--fleet"] if wanted.fleet else [])]
    arguments += [f"--evict-in={namespace}" for namespace in wanted.evict_in]
    container = {
        "name": "operator",
        "image": wanted.image,
        "args": arguments,
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        ],
        "ports": [{"name": "http", "containerPort": PORT}],
        "livenessProbe": _probe("/healthz", 10, 3),
        "readinessProbe": _probe("/readyz", 5, 3),
        "startupProbe": _probe("/healthz", 2, 60),
        # A CPU limit would only slow down what has to keep its lease.
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
            {"name": "alerts", "mountPath": ALERTS_PATH, "readOnly": True},
        ],
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": LABELS},
    }
    pod = {
        "serviceAccountName": NAME,
        "terminationGracePeriodSeconds": STOP_S,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": UID,
            "runAsGroup": UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [spread],
        "containers": [container],
        # The kubelet brings the Secret: the operator has no right to read one through the API (docs/adr/0010).
        "volumes": [
            {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
            {"name": "alerts", "secret": {"secretName": ALERTS, "optional": True}},
        ],
    }
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORT)}
    spec = {
        "replicas": wanted.replicas,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS, "annotations": annotations}, "spec": pod},
    }
    return {**_object("apps/v1", "Deployment", NAME, wanted.namespace), "spec": spec}


def _probe(path: str, period_s: int, failures: int) -> Manifest:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": period_s, "failureThreshold": failures}


def _budget(wanted: Installation) -> Manifest:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
    return {**_object("policy/v1", "PodDisruptionBudget", NAME, wanted.namespace), "spec": spec}
