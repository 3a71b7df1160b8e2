"""What `underway manifests --webhook` adds: the project's kinds in all versions, and the webhook that converts them.

Owns the objects of the webhook: a Deployment of replicas that each have an authority of their own (the definitions' caBundle
holds all of them), a Service, and the right to write that one field. Readiness asks nobody but the process itself: while
conversion fails, the API server can neither collect garbage nor delete a namespace.
"""

from typing import Any

from underway.rotate.grants import rule
from underway.web.own_kinds import SERVICE

Manifest = dict[str, Any]
NAME = str(SERVICE["name"])
PORT = 8443
LABELS = {"app.kubernetes.io/name": "underway", "app.kubernetes.io/component": "webhook"}
UID = 65532  # as the operator's


def webhook(image: str, namespace: str, replicas: int, names: tuple[str, ...]) -> list[Manifest]:
    """The objects, in order. names: of the definitions that it converts."""
    definitions = rule("apiextensions.k8s.io", "customresourcedefinitions", "get patch") | {"resourceNames": list(names)}
    role = "rbac.authorization.k8s.io"
    selector = {"matchLabels": LABELS}
    budget = {"maxUnavailable": 1, "selector": selector, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
    return [
        _object("v1", "ServiceAccount", namespace),
        _object(f"{role}/v1", "ClusterRole", "") | {"rules": [definitions]},
        _object(f"{role}/v1", "ClusterRoleBinding", "")
        | {
            "roleRef": {"apiGroup": role, "kind": "ClusterRole", "name": NAME},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": namespace}],
        },
        _object("v1", "Service", namespace)
        | {"spec": {"selector": LABELS, "ports": [{"name": "https", "port": SERVICE["port"], "targetPort": "https"}]}},
        _object("apps/v1", "Deployment", namespace)
        | {"spec": {"replicas": replicas, "selector": selector, "template": _pod(image, namespace)}},
        _object("policy/v1", "PodDisruptionBudget", namespace) | {"spec": budget},
    ]


def _object(api_version: str, kind: str, namespace: str) -> Manifest:
    metadata: Manifest = {"name": NAME, **({"namespace": namespace} if namespace else {}), "labels": LABELS}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _pod(image: str, namespace: str) -> Manifest:
    host = f"{NAME}.{namespace}.svc"
    arguments = ["crd", "serve", "underway.web.own_kinds:CONVERSIONS", f"--port={PORT}", f"--host={host}", "--ca-bundle"]
    container = {
        "name": "webhook",
        "image": image,
        "args": arguments,
        "ports": [{"name": "https", "containerPort": PORT}],
        "livenessProbe": _probe("/healthz", 10),
        "readinessProbe": _probe("/readyz", 5),
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108  the container's own
    }
    return {
        "metadata": {"labels": LABELS},
        "spec": {
            "serviceAccountName": NAME,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": UID,
                "runAsGroup": UID,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}],
        },
    }


def _probe(path: str, period_s: int) -> Manifest:
    return {"httpGet": {"path": path, "port": "https", "scheme": "HTTPS"}, "periodSeconds": period_s}
