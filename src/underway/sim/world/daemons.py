"""The DaemonSet controller: one pod on each node that it fits, placed by the scheduler like any other.

A node gets its daemons when its taints allow, which is after it has become Ready unless they tolerate that; a pod whose
node a NoExecute taint has closed to it goes. Source: kubernetes pkg/controller/daemon (NodeShouldRunDaemonPod,
podsShouldBeOnNode) and its util (AddOrUpdateDaemonPodTolerations, ReplaceDaemonSetPodNodeNameNodeAffinity). No rollout:
a changed template is that of the next pod.
"""

from underway.kube import resource as r
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import is_active, is_ready
from underway.sim.world.index import PodIndex
from underway.sim.world.placement import REQUIRED, node_fits
from underway.sim.world.taints import NOT_READY, UNREACHABLE, untolerated
from underway.sim.world.workloads import Workloads, pod_from

# A daemon pod stays on its node through trouble and through a cordon; it does not come before the node is Ready.
TOLERATIONS = [
    *({"key": key, "operator": "Exists", "effect": "NoExecute"} for key in (NOT_READY, UNREACHABLE)),
    *(
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoSchedule"}
        for key in ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
    ),
]


class DaemonSets(Workloads):
    """One pod on each node that it tolerates."""

    name = "daemonset-controller"
    resource = r.DAEMON_SETS

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex) -> None:
        super().__init__(queue, registry, seed, pods)
        self.store.subscribe(r.NODES, self._node_changed)

    def _node_changed(self, change: Change) -> None:
        if change.previous is None or change.type == "DELETED" or _reads(change.previous) != _reads(change.object):
            for value in self.store.values(self.resource):
                self.again((value["metadata"]["namespace"], value["metadata"]["name"]))

    def reconcile(self, key: tuple[str, str]) -> None:
        """Create the pods that are missing, delete those whose place is gone, say how many there are."""
        value = self.found(key)
        if value is None:
            return
        template = value["spec"]["template"]
        spec = {**template["spec"], "tolerations": [*(template["spec"].get("tolerations") or ()), *TOLERATIONS]}
        nodes = [node for node in self.store.values(r.NODES) if node_fits(spec, node)]
        wanted = _names(nodes, spec, "NoSchedule", "NoExecute")
        there = self._kept(value, wanted, _names(nodes, spec, "NoExecute"))
        for node in wanted:
            if node not in there:
                placed = {**spec, "affinity": _only(node, spec.get("affinity"))}
                made = pod_from({**template, "spec": placed}, value, generateName=f"{key[1]}-")
                self.registry.create(r.PODS, made)
        ready = sum(1 for node, pod in there.items() if node in wanted and is_ready(pod))
        self.tell(
            value,
            desiredNumberScheduled=len(wanted),
            currentNumberScheduled=sum(1 for node in wanted if node in there),
            updatedNumberScheduled=sum(1 for node in wanted if node in there),
            numberMisscheduled=sum(1 for node in there if node not in wanted),
            numberReady=ready,
            numberAvailable=ready,
        )

    def _kept(self, value: Object, wanted: list[str], endured: list[str]) -> dict[str, Object]:
        """The pods that stay, by node; the others are deleted. A pod on its way out holds its place until it is gone."""
        there: dict[str, Object] = {}
        for pod in self.pods.owned(value["metadata"]["uid"]):
            place, bound = _place(pod), bool(pod["spec"].get("nodeName"))
            gone = bound and self.store.get(r.NODES, "", place) is None  # then it is for the pod garbage collector
            stays = gone or place in (endured if bound else wanted)
            if pod["metadata"].get("deletionTimestamp"):
                there.setdefault(place, pod)
            elif stays and is_active(pod):
                there[place] = pod
            else:
                self.registry.delete(r.PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        return there


def _names(nodes: list[Object], spec: Object, *effects: str) -> list[str]:
    """The nodes without a taint of these effects that the pod does not tolerate."""
    return [node["metadata"]["name"] for node in nodes if untolerated(node, spec["tolerations"], *effects) is None]


def _reads(node: Object) -> tuple[Object | None, Object | None]:
    """What a change of a node matters by."""
    return node["metadata"].get("labels"), node["spec"].get("taints")


def _only(node: str, affinity: Object | None) -> Object:
    """The affinity of a daemon pod for its one node, in place of the node affinity of its template."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    given = affinity or {}
    return {**given, "nodeAffinity": {**given.get("nodeAffinity", {}), REQUIRED: {"nodeSelectorTerms": [term]}}}


def _place(pod: Object) -> str:
    """The node of a daemon pod, bound or not yet."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    required = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED) or {}
    fields = [field for term in required.get("nodeSelectorTerms", ()) for field in term.get("matchFields", ())]
    return next((str(field["values"][0]) for field in fields if field["key"] == "metadata.name"), "")
