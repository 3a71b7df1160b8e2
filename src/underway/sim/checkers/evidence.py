"""What a checker sees: every change of the store, every write that a client sent, every end of a machine. No more.

Owns the base of the checkers. They judge from these alone, by arithmetic of their own: nothing of `underway.rotate` or
`underway.policy` is imported here (import-linter holds that).
"""

import json
from collections.abc import Callable
from typing import Any

from underway.kube.request import Request
from underway.sim.store import Change, Object, Store

CLUSTER = "underway.freeze"
ANNOTATION = "rotation.underway.dev/"  # written out on purpose: a judge does not take the word from whom it judges

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
PICTURE_MS = 60_000  # a driver's picture of what changed just now may be so old


class Claim:
    """What the run was asked to do. Plain values: the specification as the user wrote it, and the names at the start."""

    def __init__(self, spec: dict[str, Any], target: str, nodes: dict[str, str]) -> None:
        self.spec = spec
        self.target = target
        self.nodes = nodes


class Checker:
    """Base: hears everything, breaks nothing. broken: one sentence for each violation, with the virtual time."""

    name = "checker"

    def __init__(self, store: Store, now_ms: Callable[[], int], claim: Claim) -> None:
        self.store = store
        self.now_ms = now_ms
        self.claim = claim
        self.start_ms = now_ms()
        self.broken: list[str] = []
        self.frozen_ms: int | None = None
        self._frozen: dict[str, int] = {}
        self.begin()

    def begin(self) -> None:
        """Set up what this checker remembers."""

    def read_freeze(self, lease: Change) -> None:
        """Note since when a Lease says that the rotation, or the whole cluster, is frozen; None while none does."""
        name, annotations = lease.object["metadata"]["name"], lease.object["metadata"].get("annotations") or {}
        if name == CLUSTER:
            frozen = any("selector" not in freeze for freeze in json.loads(annotations.get(f"{ANNOTATION}freezes") or "[]"))
        else:
            frozen = annotations.get(f"{ANNOTATION}mode") == "Freeze"
        if frozen and lease.type != "DELETED":
            self._frozen.setdefault(name, self.now_ms())
        else:
            self._frozen.pop(name, None)
        self.frozen_ms = min(self._frozen.values(), default=None)

    def fail(self, sentence: str) -> None:
        """Note a violation."""
        self.broken.append(f"{self.name}: at {(self.now_ms() - self.start_ms) / 1_000:.1f} s {sentence}")

    def on_change(self, change: Change) -> None:
        """Something in the store changed."""

    def on_request(self, request: Request) -> None:
        """The driver sends a request."""

    def on_write(self, request: Request, code: int) -> None:
        """The server has acted on a write of the driver, or refused it."""

    def on_terminate(self, node: str) -> None:
        """The driver asks for the end of a node's machine."""

    def on_replace(self, node: str, successor: str) -> None:
        """Somebody else has ended a node's machine, and has another one made in its place."""

    def on_provision(self, key: str) -> None:
        """The driver asks for a machine."""

    def at_end(self) -> None:
        """The run is over and was to succeed."""


def phase_of(node: Object) -> str:
    """The phase that is written on a node, "" where there is none."""
    return str((node["metadata"].get("annotations") or {}).get(f"{ANNOTATION}phase", ""))


def ready(value: Object) -> bool:
    """Whether a node's or a pod's Ready condition is True."""
    conditions = value.get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def evicted(pod: Object) -> bool:
    """Whether it goes by the Eviction API: a rollout or a taint may take a pod from a draining node as well."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(c["type"] == "DisruptionTarget" and c.get("reason") == "EvictionByEvictionAPI" for c in conditions)


def selected(selector: Object | None, labels: dict[str, str]) -> bool:
    """Whether a label selector matches: none nothing, an empty one everything. A judge reads selectors for itself."""
    if selector is None:
        return False
    for one in selector.get("matchExpressions") or ():
        value, values = labels.get(one["key"]), one.get("values") or ()
        holds = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not holds[one["operator"]]:
            return False
    return all(labels.get(key) == wanted for key, wanted in (selector.get("matchLabels") or {}).items())


def closes(body: Any) -> bool:
    """Whether a write cordons a node."""
    return isinstance(body, dict) and bool((body.get("spec") or {}).get("unschedulable"))
