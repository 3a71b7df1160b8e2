"""A whole embedded cluster: one queue, one store, one API server, the controllers, the machines and the traffic.

Owns the assembly and the beginning. It holds no rotation: `sim.pump` joins a driver to it. One seed, one world: every part
draws from dice of its own, so that adding a draw in one place moves nothing elsewhere.
"""

from random import Random

from underway.kube import resource as r
from underway.model import timestamp, version
from underway.sim.apiserver.memory import MemoryApi
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.mailbox import SimMailbox
from underway.sim.probes import SimProbes
from underway.sim.queue import Queue
from underway.sim.scenario import Scenario
from underway.sim.store import Store
from underway.sim.world.autoscaling import Autoscaling
from underway.sim.world.checkpoints import Checkpoints
from underway.sim.world.controller import is_active, is_ready
from underway.sim.world.daemons import DaemonSets
from underway.sim.world.deployments import Deployments
from underway.sim.world.disruption import Disruption
from underway.sim.world.endpoints import Endpoints
from underway.sim.world.etcd import Etcd
from underway.sim.world.events import Events
from underway.sim.world.garbage import Garbage
from underway.sim.world.index import PodIndex
from underway.sim.world.kubelet import Kubelets
from underway.sim.world.machines import SimMachines
from underway.sim.world.namespaces import Namespaces
from underway.sim.world.node_lifecycle import NodeLifecycle
from underway.sim.world.nodes import Nodes, node_object
from underway.sim.world.scheduler import Scheduler
from underway.sim.world.taint_eviction import TaintEviction
from underway.sim.world.traffic import Traffic
from underway.sim.world.volumes import Volumes
from underway.sim.world.workloads import Jobs, ReplicaSets, StatefulSets

EPOCH_MS = timestamp.parse("2026-01-05T09:00:00Z")  # a Monday morning; any instant would do
SETTLE_MS_MAX = 600_000


def release_of(scenario: Scenario) -> str:
    """The release of the API server, which goes before its kubelets. Raises ValueError if one of them were newer."""
    release = scenario.control_plane or scenario.target
    newest = max((scenario.version, scenario.target), key=version.parse)
    if _minor(newest) > _minor(release):
        raise ValueError(
            f"scenario {scenario.name} has kubelets {newest} under an API server {release}; a kubelet may not be newer: "
            "raise control_plane, or leave it out"
        )
    return release


def _minor(text: str) -> tuple[int, int]:
    found = version.parse(text)
    return found.major, found.minor


class World:
    """One embedded cluster. scenario: what is in it; seed: of all its dice; start_ms: the instant at which it begins."""

    def __init__(self, scenario: Scenario, seed: int, start_ms: int = EPOCH_MS) -> None:
        self.scenario = scenario
        self.seed = seed
        self.queue = Queue(start_ms)
        self.store = Store()
        self.registry = Registry(self.store, self.queue.now_ms, Random(f"{seed}/registry"))
        self.server = ApiServer(self.registry)
        self.server.release = release_of(scenario)
        self.api = MemoryApi(self.server, self.queue, Random(f"{seed}/network"))
        pods = PodIndex(self.store)
        parts = (self.queue, self.registry, seed)
        self.volumes = Volumes(*parts, pods)
        self.kubelets = Kubelets(*parts, pods, self.volumes, Events(self.registry, "kubelet"))
        self.server.reaches = self.kubelets.alive.__contains__
        self.nodes = Nodes(*parts, pods)
        self.machines = SimMachines(*parts, self.kubelets, self.nodes, scenario.timing, scenario.node_size)
        self.etcd = Etcd(*parts, pods, self.kubelets, self.server, self.api)
        self.namespaces = Namespaces(*parts, lambda: [entry.resource for entry in self.server.entries.values()])
        self.controllers = (
            Scheduler(*parts, pods, Events(self.registry, "default-scheduler")),
            Deployments(*parts, pods),
            ReplicaSets(*parts, pods),
            StatefulSets(*parts, pods),
            DaemonSets(*parts, pods),
            Jobs(*parts, pods),
            Disruption(*parts, pods),
            Endpoints(*parts, pods),
            Garbage(*parts),
            Checkpoints(*parts),
            NodeLifecycle(*parts, pods),
            TaintEviction(*parts, pods),
            Autoscaling(*parts),
        )
        self.traffic = Traffic(*parts, self.kubelets)
        self.probes = SimProbes(self.queue)
        self.mailbox = SimMailbox(self.queue)

    def create(self) -> None:
        """Create what the scenario names; nothing has run yet."""
        for namespace in ("default", "kube-system", "kube-public", "kube-node-lease", *self.scenario.namespaces):
            self.registry.create(r.NAMESPACES, {"metadata": {"name": namespace}})
        for node in self.scenario.nodes:
            made = node_object(
                node.name, node.zone, self.scenario.version, self.scenario.node_size, node.labels, self.registry.now()
            )
            created = self.registry.create(r.NODES, made)
            self.machines.adopt(node.name)
            self.etcd.found(created)
        for resource, manifest in self.scenario.manifests:
            self.registry.create(resource, manifest)

    def start(self) -> None:
        """Create what the scenario names and run until all of it is Ready. Raises RuntimeError if that never happens."""
        self.create()
        deadline_ms = self.queue.now_ms() + SETTLE_MS_MAX
        while not self.settled():
            if self.queue.now_ms() >= deadline_ms:
                waiting = [pod["metadata"]["name"] for pod in self.store.values(r.PODS) if not is_ready(pod)]
                raise RuntimeError(f"scenario {self.scenario.name} does not settle; not Ready: {', '.join(waiting[:5])}")
            self.queue.run_until(self.queue.now_ms() + 1_000)

    def settled(self) -> bool:
        """Whether every workload has what it wants, and nothing is half-way."""
        for resource in (r.DEPLOYMENTS, r.STATEFUL_SETS):
            for value in self.store.values(resource):
                if value["status"].get("readyReplicas", 0) != value["spec"].get("replicas", 1):
                    return False
        pods = self.store.values(r.PODS)
        long_lived = [pod for pod in pods if pod["spec"].get("restartPolicy") == "Always"]
        daemons = all(
            value["status"].get("numberReady", 0) == value["status"].get("desiredNumberScheduled", 0) > 0
            for value in self.store.values(r.DAEMON_SETS)
        )
        return daemons and bool(pods) and all(is_ready(pod) and is_active(pod) for pod in long_lived)
