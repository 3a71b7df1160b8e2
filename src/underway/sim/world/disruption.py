"""The disruption controller: the status of PodDisruptionBudgets, from the pods that there are.

Source: kubernetes pkg/controller/disruption/disruption.go (trySync, countHealthyPods, getExpectedPodCount,
buildDisruptedPodMap). Its arithmetic is its own: `underway.policy` is not imported here.
"""

from math import ceil

from underway.kube import resource as r
from underway.model import timestamp
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, condition, controller_of, is_ready, own_key
from underway.sim.world.index import PodIndex
from underway.sim.world.placement import concerns

DELETION_TIMEOUT_MS = 120_000  # DeletionTimeout: an eviction that no deletion follows is forgotten after two minutes
SCALED = {"ReplicaSet": r.REPLICA_SETS, "StatefulSet": r.STATEFUL_SETS, "Deployment": r.DEPLOYMENTS}
UNSCALED = {"Job": "jobs.batch", "DaemonSet": "daemonsets.apps"}


class SyncFailed(Exception):
    """The budget cannot be counted: nothing may be disrupted until it can. Raised and caught in this module."""


class Disruption(Controller):
    """Looks at a budget whenever it or one of its pods changes."""

    name = "disruption-controller"

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed)
        self.pods = pods
        self.watch(r.POD_DISRUPTION_BUDGETS, own_key)
        self.store.subscribe(r.PODS, self._pod_changed)

    def _pod_changed(self, change: Change) -> None:
        namespace = change.object["metadata"]["namespace"]
        for budget in self.store.values(r.POD_DISRUPTION_BUDGETS):
            if budget["metadata"]["namespace"] == namespace and concerns(budget["spec"].get("selector"), change):
                self.again((namespace, budget["metadata"]["name"]))

    def reconcile(self, key: tuple[str, str]) -> None:
        """Count, and write the status if it changed."""
        budget = self.store.get(r.POD_DISRUPTION_BUDGETS, *key)
        if budget is None:
            return
        pods = self.pods.matching(key[0], budget["spec"].get("selector"))
        disrupted = self._disrupted(budget, {pod["metadata"]["name"]: pod for pod in pods}, key)
        try:
            expected, desired = self._wanted(budget, pods)
        except SyncFailed as error:
            self._fail_safe(budget, str(error))
            return
        healthy = sum(
            1
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp") and pod["metadata"]["name"] not in disrupted and is_ready(pod)
        )
        allowed = max(0, healthy - desired) if expected > 0 else 0
        before = {c["type"]: c for c in budget["status"].get("conditions", ())}.get("DisruptionAllowed")
        now = self.registry.now()
        if before is not None and (before["status"] == "True") == (allowed > 0):
            now = before["lastTransitionTime"]
        state = {
            "observedGeneration": budget["metadata"]["generation"],
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "conditions": [
                {
                    **condition("DisruptionAllowed", allowed > 0, now, "SufficientPods" if allowed > 0 else "InsufficientPods"),
                    "message": "",
                    "observedGeneration": budget["metadata"]["generation"],
                }
            ],
        }
        if disrupted:
            state["disruptedPods"] = disrupted
        self.registry.mutate(r.POD_DISRUPTION_BUDGETS, *key, lambda current: {**current, "status": state}, "status")

    def _disrupted(self, budget: Object, pods: dict[str, Object], key: tuple[str, str]) -> dict[str, str]:
        """The evictions whose deletion is not seen yet and that are not too old."""
        kept = {}
        for name, since in sorted((budget["status"].get("disruptedPods") or {}).items()):
            pod = pods.get(name)
            if pod is None or pod["metadata"].get("deletionTimestamp"):
                continue
            left_ms = timestamp.parse(since) + DELETION_TIMEOUT_MS - self.queue.now_ms()
            if left_ms > 0:
                kept[name] = since
                self.again(key, left_ms + 1)
        return kept

    def _wanted(self, budget: Object, pods: list[Object]) -> tuple[int, int]:
        """Expected pods and how many of them must be healthy."""
        spec = budget["spec"]
        most, least = spec.get("maxUnavailable"), spec.get("minAvailable")
        if most is None and isinstance(least, int):
            return len(pods), least
        expected = self._expected(pods)
        if most is not None:
            return expected, max(0, expected - _scaled(most, expected))
        return expected, _scaled(1 if least is None else least, expected)

    def _fail_safe(self, budget: Object, why: str) -> None:
        """No disruption, and the reason; the counts stay what they were."""
        state = budget["status"]
        told = condition("DisruptionAllowed", False, self.registry.now(), "SyncFailed", why)
        before = {c["type"]: c for c in state.get("conditions", ())}.get("DisruptionAllowed", {})
        if before.get("status") == "False":
            told["lastTransitionTime"] = before["lastTransitionTime"]
        told["observedGeneration"] = state.get("observedGeneration", 0)
        failed = {**state, "disruptionsAllowed": 0, "conditions": [told]}
        metadata = budget["metadata"]
        self.registry.mutate(
            r.POD_DISRUPTION_BUDGETS, metadata["namespace"], metadata["name"], lambda now: {**now, "status": failed}, "status"
        )

    def _expected(self, pods: list[Object]) -> int:
        """The sum of the scales of the pods' controllers, each once; pods without one do not count."""
        scales: dict[str, int] = {}
        for pod in pods:
            owner = controller_of(pod)
            if owner is not None:
                found = self._scaled_by(owner, pod)
                scales[found["metadata"]["uid"]] = found["spec"].get("replicas", 1)
        return sum(scales.values())

    def _scaled_by(self, owner: Object, pod: Object) -> Object:
        """What says how many of these pods there should be: of a Deployment's pods the Deployment, amid a rollout too."""
        if owner["kind"] in UNSCALED:
            raise SyncFailed(f"{UNSCALED[owner['kind']]} does not implement the scale subresource")
        resource, namespace = SCALED.get(owner["kind"]), pod["metadata"]["namespace"]
        found = self.store.get(resource, namespace, owner["name"]) if resource is not None else None
        if found is None or found["metadata"]["uid"] != owner["uid"]:
            raise SyncFailed(f'found no controllers for pod "{pod["metadata"]["name"]}"')
        above = controller_of(found) if owner["kind"] == "ReplicaSet" else None
        return self._scaled_by(above, pod) if above is not None and above["kind"] in SCALED else found


def _scaled(value: int | str, total: int) -> int:
    return value if isinstance(value, int) else ceil(int(value.rstrip("%")) * total / 100)
