"""Conversations with an API server, as data: what is asked, step by step, and what is remembered between the steps.

Owns the vocabulary in which the conversations beside this file are written. It knows no server: `parity.speaker` holds a
conversation with one, `parity.transcript` makes two answers comparable.

Text may name variables: $ns is the conversation's own namespace, others are what `keep` took from earlier answers.
"""

from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]

JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"

CORE = "/api/v1/namespaces/$ns"
APPS = "/apis/apps/v1/namespaces/$ns"
POLICY = "/apis/policy/v1/namespaces/$ns"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/$ns/leases"
NODES = "/api/v1/nodes"


@dataclass(frozen=True, slots=True)
class Step:
    """One request.

    keep: variable to dotted path in the answer; raw: a body sent as it is; anonymous: without credentials; awaited: said
    again until the answer has this code, as a new kind of object takes a moment to be served; quiet: only its code is compared.
    """

    method: str
    path: str
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    keep: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    anonymous: bool = False
    awaited: int = 0
    quiet: bool = False

    def until(self, code: int) -> "Step":
        """The same step, said again until it is answered so."""
        return replace(self, awaited=code)

    def quietly(self) -> "Step":
        """The same step, of whose answer only the code is compared."""
        return replace(self, quiet=True)

    def keeping(self, **paths: str) -> "Step":
        """The same step, which remembers parts of its answer."""
        return replace(self, keep=paths)

    def asking(self, **query: str) -> "Step":
        """The same step with query parameters."""
        return replace(self, query={**self.query, **query})

    def saying(self, **headers: str) -> "Step":
        """The same step with headers; underscores stand for dashes."""
        return replace(self, headers={name.replace("_", "-"): value for name, value in headers.items()})


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch held open while `during` is said, until `events` events have come (none: until the server ends it)."""

    path: str
    events: int
    query: dict[str, str] = field(default_factory=dict)
    during: tuple[Step, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A named sequence of steps in a namespace of its own."""

    name: str
    steps: tuple[Step | Watch, ...]


def talk(name: str, *steps: Step | Watch) -> Conversation:
    """A conversation."""
    return Conversation(name, steps)


def get(path: str, **query: str) -> Step:
    """Read one object or a list."""
    return Step("GET", path, query=query)


def post(path: str, body: Any, **query: str) -> Step:
    """Create."""
    return Step("POST", path, body, query)


def put(path: str, body: Any, **query: str) -> Step:
    """Replace."""
    return Step("PUT", path, body, query)


def delete(path: str, body: Any = None, **query: str) -> Step:
    """Delete, with DeleteOptions as body."""
    return Step("DELETE", path, body, query)


def merge(path: str, body: Any, **query: str) -> Step:
    """A JSON merge patch."""
    return Step("PATCH", path, body, query, content_type=MERGE)


def strategic(path: str, body: Any, **query: str) -> Step:
    """A strategic merge patch."""
    return Step("PATCH", path, body, query, content_type=STRATEGIC)


def json_patch(path: str, *operations: Json) -> Step:
    """A JSON patch (RFC 6902)."""
    return Step("PATCH", path, list(operations), content_type=JSON_PATCH)


def apply(path: str, body: Any, manager: str, **query: str) -> Step:
    """A server-side apply."""
    return Step("PATCH", path, body, {"fieldManager": manager, **query}, content_type=APPLY)


# What conversations speak of.


def config_map(name: str, data: dict[str, str] | None = None, **metadata: Any) -> Json:
    """A ConfigMap: the plainest object there is."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {"a": "1"}}


def pod(name: str, labels: dict[str, str] | None = None, node: str = "", **spec: Any) -> Json:
    """A pod of one container, bound to a node if one is named; without a token, so that no volume is added to it."""
    whole: Json = {"containers": [{"name": "app", "image": "web:1"}], "automountServiceAccountToken": False, **spec}
    if node:
        whole["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {"app": "web"}}, "spec": whole}


def deployment(name: str, replicas: int | None = 2) -> Json:
    """A Deployment of one container."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "web:1"}]}}
    spec: Json = {"selector": {"matchLabels": labels}, "template": template}
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def budget(name: str, labels: dict[str, str] | None = None, **spec: Any) -> Json:
    """A PodDisruptionBudget over the pods with these labels."""
    selector = {"matchLabels": labels or {"app": "web"}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"selector": selector, **(spec or {"minAvailable": 1})},
    }


def node(name: str, **labels: str) -> Json:
    """A Node that nobody runs."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, **({"labels": labels} if labels else {})}}


def ready(phase: str = "Running", *, is_ready: bool = True) -> Json:
    """The status of a pod, as a kubelet would patch it."""
    verdict = "True" if is_ready else "False"
    conditions = [{"type": "Ready", "status": verdict, "lastTransitionTime": "2026-01-05T10:00:00Z"}]
    return {"status": {"phase": phase, "conditions": conditions}}


def counted(allowed: int, healthy: int, desired: int, generation: int = 1) -> Json:
    """The status of a budget, as the disruption controller would patch it."""
    return {
        "status": {
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": healthy,
            "observedGeneration": generation,
        }
    }


def eviction(name: str, **options: Any) -> Json:
    """An Eviction with DeleteOptions."""
    body: Json = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": "$ns"}}
    return {**body, "deleteOptions": options} if options else body
