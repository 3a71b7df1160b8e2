"""No pod is deleted past its budget unless it was asked for, and then only by the rule: an old drain, an old pod, calm siblings.

Own arithmetic over what the store shows, at the moment at which a deletion is sent.
"""

from typing import Any

from underway.kube import resource as r
from underway.kube.request import Request
from underway.model import timestamp
from underway.sim.checkers.evidence import Checker, phase_of, ready
from underway.sim.store import Change, Object

HOUR_MS = 3_600_000
DRAINING_MS = 6 * HOUR_MS
AGE_MS = 72 * HOUR_MS
APART_MS = 300_000
LATE_MS = 5_000  # what the driver knows may be that old


class DeadlineDelete(Checker):
    """Notes itself since when each node drains, and which pod of it was deleted when."""

    name = "deadline-delete"

    def begin(self) -> None:
        """Nothing drains and nothing was deleted yet."""
        self._asked_for = "DeadlineDelete" in (self.claim.spec.get("drain", {}).get("ladder") or ())
        self._draining: dict[str, int] = {}
        self._last: dict[str, tuple[int, str]] = {}

    def on_change(self, change: Change) -> None:
        """A node begins to drain; a quarantine does not end that, anything before it does."""
        node = change.object
        if node.get("kind") != "Node":
            return
        name, phase = node["metadata"]["name"], phase_of(node)
        if phase == "Draining":
            self._draining.setdefault(name, self.now_ms())
        elif phase != "Quarantined":
            self._draining.pop(name, None)

    def on_request(self, request: Request) -> None:
        """A pod is to be deleted."""
        if request.resource != r.PODS or request.verb != "delete":
            return
        pod = self.store.get(r.PODS, request.namespace, request.name)
        uid = (request.body or {}).get("preconditions", {}).get("uid")
        if pod is None or pod["metadata"]["uid"] != uid or pod["metadata"].get("deletionTimestamp"):
            return
        node = pod["spec"].get("nodeName", "")
        for why in self._broken(pod, node):
            self.fail(f"pod {request.namespace}/{request.name} was deleted: {why}")
        self._last[node] = (self.now_ms(), pod["metadata"]["uid"])

    def _broken(self, pod: Object, node: str) -> list[str]:
        now_ms = self.now_ms() + LATE_MS
        found = []
        if not self._asked_for:
            found.append("nobody asked for DeadlineDelete")
        if now_ms < self._draining.get(node, now_ms) + DRAINING_MS:
            found.append(f"node {node} has not drained for 6 h")
        if now_ms < timestamp.parse(pod["metadata"]["creationTimestamp"]) + AGE_MS:
            found.append("it is younger than 72 h")
        at_ms, uid = self._last.get(node, (0, ""))
        if uid != pod["metadata"]["uid"] and now_ms < at_ms + APART_MS:
            found.append(f"node {node} lost another one {(now_ms - at_ms) // 1_000} s before")
        return found + [why for sibling in self._siblings(pod) if (why := self._restless(sibling, now_ms))]

    def _siblings(self, pod: Object) -> list[Object]:
        """The other live pods of its budgets."""
        namespace, labels = pod["metadata"]["namespace"], (pod["metadata"].get("labels") or {}).items()
        selectors = [
            wanted
            for budget in self.store.ordered(r.POD_DISRUPTION_BUDGETS, namespace)
            if (wanted := (budget["spec"].get("selector") or {}).get("matchLabels") or {}) and wanted.items() <= labels
        ]
        return [
            one
            for one in self.store.ordered(r.PODS, namespace)
            if one["metadata"]["uid"] != pod["metadata"]["uid"]
            and any(wanted.items() <= (one["metadata"].get("labels") or {}).items() for wanted in selectors)
            and one["status"].get("phase") not in ("Succeeded", "Failed")
        ]

    @staticmethod
    def _restless(sibling: Object, now_ms: int) -> str:
        conditions: list[Any] = sibling["status"].get("conditions") or []
        since = next((one.get("lastTransitionTime") for one in conditions if one["type"] == "Ready"), None)
        least_h = 1 if ready(sibling) else 6
        lasts_ms = now_ms - timestamp.parse(since or sibling["metadata"]["creationTimestamp"])
        if sibling["metadata"].get("deletionTimestamp") or lasts_ms < least_h * HOUR_MS:
            return f"its sibling {sibling['metadata']['name']} changed {lasts_ms // 60_000} min before"
        return ""
