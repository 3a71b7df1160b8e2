"""A budget is never overspent by us: after each eviction that was accepted, enough of its pods are healthy."""

from collections.abc import Iterator
from math import ceil

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import Checker, evicted, ready, selected
from underway.sim.store import Change, Object

OWNERS = {"ReplicaSet": r.REPLICA_SETS, "StatefulSet": r.STATEFUL_SETS, "Deployment": r.DEPLOYMENTS}


class PdbOverspent(Checker):
    """Counts the healthy pods itself."""

    name = "pdb-overspent"

    def begin(self) -> None:
        """Whether pods may be deleted past their deadline."""
        self._may_delete = "DeadlineDelete" in (self.claim.spec.get("drain", {}).get("ladder") or ())
        self._deleted: set[str | None] = set()

    def on_change(self, change: Change) -> None:
        """A pod that was healthy is evicted from a node that we drain: its budget must bear it."""
        pod, before = change.object, change.previous
        if pod.get("kind") != "Pod" or before is None or change.type == "DELETED":
            return
        if pod["metadata"].get("uid") in self._deleted:
            return
        begun = pod["metadata"].get("deletionTimestamp") and not before["metadata"].get("deletionTimestamp")
        if begun and ready(before) and evicted(pod) and phase_of_node(self, pod) == "Draining":
            self._judge(pod)

    def _judge(self, pod: Object) -> None:
        namespace = pod["metadata"]["namespace"]
        for budget in self.store.ordered(r.POD_DISRUPTION_BUDGETS, namespace):
            selector = budget["spec"].get("selector")
            if not selected(selector, pod["metadata"].get("labels") or {}):
                continue
            matching = [p for p in self.store.ordered(r.PODS, namespace) if selected(selector, p["metadata"].get("labels") or {})]
            healthy = sum(1 for p in matching if ready(p) and not p["metadata"].get("deletionTimestamp"))
            needed = self._needed(budget, matching)
            if healthy < needed:
                name = f"{namespace}/{pod['metadata']['name']}"
                self.fail(
                    f"pod {name} went although budget {budget['metadata']['name']} needs {needed} healthy and has {healthy}"
                )

    def _needed(self, budget: Object, pods: list[Object]) -> int:
        sizes = dict(size for pod in pods for size in self._sizes(pod))
        total, spec = sum(sizes.values()), budget["spec"]
        if "maxUnavailable" in spec:
            return int(total) - _share(spec["maxUnavailable"], total)
        return _share(spec.get("minAvailable", 1), total)

    def on_request(self, request: Request) -> None:
        """Note which pods are to be deleted where that was asked for: `deadline_delete` judges those."""
        if self._may_delete and request.resource == r.PODS and request.verb == "delete":
            self._deleted.add((request.body or {}).get("preconditions", {}).get("uid"))

    def _sizes(self, owned: Object) -> Iterator[tuple[str, int]]:
        """Of what says how many of these pods there should be: the topmost owner that has a size, its UID and its size."""
        for owner in owned["metadata"].get("ownerReferences", ()):
            resource = OWNERS.get(owner["kind"])
            found = self.store.get(resource, owned["metadata"]["namespace"], owner["name"]) if resource else None
            if found is not None:
                yield from list(self._sizes(found)) or [(found["metadata"]["uid"], found["spec"]["replicas"])]

    def on_write(self, request: Request, code: int) -> None:
        """Pods go by eviction alone: a plain delete would not ask any budget."""
        if request.resource == r.PODS and request.verb == "delete" and code < 300 and not self._may_delete:
            self.fail(f"pod {request.namespace}/{request.name} was deleted instead of evicted")


def phase_of_node(checker: Checker, pod: Object) -> str:
    """The phase of the node that a pod is on: only what we drain is our doing."""
    node = checker.store.get(r.NODES, "", pod["spec"].get("nodeName", ""))
    annotations = node["metadata"].get("annotations") or {} if node else {}
    return str(annotations.get("rotation.underway.dev/phase", ""))


def _share(value: int | str, total: int) -> int:
    return value if isinstance(value, int) else ceil(int(value[:-1]) * total / 100)
