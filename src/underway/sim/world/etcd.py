"""Stacked etcd: a member on every node of the control plane, who votes, who is lost, and what the API does without a quorum.

    node joins, Ready --(one learner at a time)--> learner --(caught up)--> voter --(machine dies, process fails)--> lost
    Node object deleted --> the member is removed from the cluster

What can be seen of it is what a real cluster shows: static pods `etcd-NODE` of kube-system whose readiness is etcd's own
/readyz, the checks of the API server's /readyz, and, with the quorum gone, requests that time out. A world without nodes of
the control plane has its etcd outside, and nothing here moves. Sources: etcd "FAQ" (quorum is n/2+1), etcd "Learner" (one
learner at a time, it votes once it has caught up), kubeadm's manifest of the static pod.
"""

from random import Random

from underway.kube import resource as r
from underway.kube.request import Request
from underway.model.node import CONTROL_PLANE_LABEL
from underway.sim.apiserver.memory import MemoryApi
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.faults import Interference
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, is_ready, reference
from underway.sim.world.index import PodIndex
from underway.sim.world.kubelet import Kubelets
from underway.sim.world.nodes import ready_status
from underway.sim.world.parameters import PREFIX

NAMESPACE = "kube-system"
LABELS = {"component": "etcd", "tier": "control-plane"}
CATCH_UP_S = 25.0  # a snapshot of the data and the log since: from the start of a learner until it may be promoted
RETRY_MS = 5_000  # how soon kubeadm asks again where a learner is not let in
TIMEOUT_MS = 7_000  # etcd's request timeout: 5 s and twice the election timeout
CHECKS = ("etcd", "etcd-readiness")


class NoQuorum:
    """A fault: every request that needs etcd times out. Watches stay open and hear nothing, as the watch cache lets them."""

    def on_request(self, request: Request, _rng: Random, /) -> Interference | None:
        """Refuse whatever names a resource."""
        if request.resource is None or request.verb == "watch":
            return None
        return Interference(refuse=500, delay_ms=TIMEOUT_MS)


class Etcd(Controller):
    """The members. It follows the nodes of the control plane and their static pods."""

    name = "etcd"

    def __init__(
        self, queue: Queue, registry: Registry, seed: int, pods: PodIndex, kubelets: Kubelets, server: ApiServer, api: MemoryApi
    ) -> None:
        super().__init__(queue, registry, seed)
        self._pods = pods
        self._kubelets = kubelets
        self._server = server
        self._api = api
        self._votes: dict[str, bool] = {}
        self._failed: set[str] = set()
        self._fault = NoQuorum()
        self.has_quorum = True
        kubelets.on_stop = self._stopped
        self.watch(r.NODES, _member_of_node)
        self.watch(r.PODS, _member_of_pod)

    def found(self, node: Object) -> None:
        """A node of the control plane that is there from the beginning has a member that votes."""
        if CONTROL_PLANE_LABEL in node["metadata"]["labels"]:
            self._votes[node["metadata"]["name"]] = True
            self._run_on(node, catch_up_s=1)

    def voters(self) -> list[str]:
        """The nodes whose members vote, lost or not."""
        return [node for node, votes in self._votes.items() if votes]

    def lose(self, node: str) -> None:
        """The member's process fails; its node is well."""
        self._failed.add(node)
        self._set_ready(node, ready=False)
        self._judge()

    def mend(self, node: str) -> None:
        """Somebody has repaired it."""
        self._failed.discard(node)
        self._set_ready(node, ready=True)
        self._judge()

    def reconcile(self, node: str) -> None:
        """Let a member join, vote or go."""
        found = self.store.get(r.NODES, "", node)
        if found is None:
            self._votes.pop(node, None)
        elif node not in self._votes:
            if ready_status(found) == "True":
                self._join(found)
        elif not self._votes[node]:
            self._votes[node] = any(is_ready(pod) for pod in self._members_on(node))
        self._judge()

    def _join(self, node: Object) -> None:
        name = node["metadata"]["name"]
        if not self.has_quorum or not all(self._votes.values()):
            self.again(name, after_ms=RETRY_MS)
            return
        self._votes[name] = False
        self._run_on(node, CATCH_UP_S)

    def _run_on(self, node: Object, catch_up_s: float) -> None:
        """The static pod that the node's kubelet runs, as the API server mirrors it."""
        name = node["metadata"]["name"]
        self.registry.create(
            r.PODS,
            {
                "metadata": {
                    "name": f"etcd-{name}",
                    "namespace": NAMESPACE,
                    "labels": LABELS,
                    "annotations": {"kubernetes.io/config.mirror": name, PREFIX + "ready-s": str(catch_up_s)},
                    "ownerReferences": [reference({"apiVersion": "v1", "kind": "Node", **node})],
                },
                "spec": {
                    "nodeName": name,
                    "hostNetwork": True,
                    "restartPolicy": "Always",
                    "tolerations": [{"operator": "Exists", "effect": "NoExecute"}],
                    "containers": [{"name": "etcd", "image": "registry.k8s.io/etcd:3.6.5-0"}],
                },
            },
        )

    def _members_on(self, node: str) -> list[Object]:
        return [pod for pod in self._pods.on_node(node) if _is_member(pod)]

    def _set_ready(self, node: str, *, ready: bool) -> None:
        for pod in self._members_on(node):
            self._kubelets.set_ready(pod, ready=ready)

    def _stopped(self, node: str) -> None:
        if node in self._votes:
            self._judge()

    def _judge(self) -> None:
        """Whether enough of those that vote are alive; the API server goes with it."""
        voters = self.voters()
        alive = [node for node in voters if node in self._kubelets.alive and node not in self._failed]
        has_quorum = len(alive) > len(voters) // 2
        if has_quorum == self.has_quorum:
            return
        self.has_quorum = has_quorum
        others = [fault for fault in self._api.faults if fault is not self._fault]
        self._api.faults = others if has_quorum else [self._fault, *others]
        self._server.failing_checks = [] if has_quorum else list(CHECKS)


def _is_member(pod: Object) -> bool:
    return pod["metadata"]["namespace"] == NAMESPACE and (pod["metadata"].get("labels") or {}).get("component") == "etcd"


def _member_of_node(change: Change) -> str | None:
    metadata = change.object["metadata"]
    return metadata["name"] if CONTROL_PLANE_LABEL in (metadata.get("labels") or {}) else None


def _member_of_pod(change: Change) -> str | None:
    return change.object["spec"].get("nodeName") if _is_member(change.object) else None
