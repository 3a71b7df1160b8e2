"""The machine provider of the embedded world: implements ports.Machines in virtual time.

Owns boots and ends, and what can go wrong with them: a failed boot, a full zone, a quota, a wrong version, throttling.
Idempotent by key, as every provider must be.
"""

from collections.abc import Callable
from random import Random

import msgspec

from underway.kube.resource import NODES
from underway.model.drain_rule import DrainRule
from underway.model.node import ZONE_LABEL
from underway.rotate.effects import (
    ListMachines,
    Machine,
    MachineReply,
    MachineRequest,
    MachineState,
    Provision,
    Quota,
    ReadQuotas,
    Terminate,
)
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.world.kubelet import Kubelets
from underway.sim.world.nodes import Nodes, node_object

Deliver = Callable[[MachineReply], None]
CALL_MS = (50, 300)  # a cloud API call
REGISTERED = 0.85  # share of a boot after which the Node object appears; the rest is network and image set-up
CAPACITY_RETRY_MS = 15_000
ROLE = "node-role.kubernetes.io/"  # the one family of Kubernetes' own labels that a machine template gives


class Timing(msgspec.Struct, frozen=True):
    """How long machines take, in seconds, and how much that varies (a share, up and down)."""

    boot_s: float = 60.0
    terminate_s: float = 20.0
    jitter: float = 0.03


class Trouble:
    """What is wrong with the provider at present; faults set and clear these."""

    def __init__(self) -> None:
        self.failing_boots = 0
        self.silent_boots = 0
        self.full_zones: frozenset[str] = frozenset()
        self.quota: int | None = None
        self.wrong_version = ""
        self.throttled = 0.0


class SimMachines:
    """All machines of a world. size: capacity of each. made: how many were made since the beginning."""

    def __init__(
        self, queue: Queue, registry: Registry, seed: int, kubelets: Kubelets, nodes: Nodes, timing: Timing, size: dict[str, str]
    ) -> None:
        self._queue = queue
        self._registry = registry
        self._rng = Random(f"{seed}/machines")
        self._kubelets = kubelets
        self._nodes = nodes
        self._size = size
        self._by_name: dict[str, Machine] = {}
        self.made = 0
        self._revisions: dict[str, int] = {}
        self.revision = 1
        self.holds: dict[str, str] = {}
        self.drain_rules: tuple[DrainRule, ...] | None = None
        self.timing = timing
        self.trouble = Trouble()
        self.on_terminate: Callable[[str], object] = lambda _node: None
        self.on_provision: Callable[[str], object] = lambda _key: None
        self.on_replace: Callable[[str, str], object] = lambda _old, _new: None

    def send(self, request: MachineRequest, deliver: Deliver) -> None:
        """Perform a request; see ports.Machines."""

        def act() -> None:
            if self._rng.random() < self.trouble.throttled:
                reply = MachineReply(request=request, error="RequestLimitExceeded: request limit exceeded")
            else:
                reply = self._perform(request)
            self._queue.after(self._rng.randint(*CALL_MS), lambda: deliver(reply))

        self._queue.after(self._rng.randint(*CALL_MS), act)

    def _perform(self, request: MachineRequest) -> MachineReply:
        match request:
            case Provision():
                return self._provision(request)
            case Terminate():
                self._terminate(request)
                return MachineReply(request=request)
            case ReadQuotas():
                quota = self.trouble.quota
                quotas = () if quota is None else (Quota("instances", self.running(), quota),)
                return MachineReply(request=request, quotas=quotas)
            case ListMachines():
                listed = [self._listed(name, drift=request.drift) for name in self._by_name]
                return MachineReply(request=request, machines=tuple(listed))

    def _listed(self, name: str, *, drift: bool) -> Machine:
        made = self._revisions.get(name, self.revision)
        machine = msgspec.structs.replace(self._by_name[name], hold=self.holds.get(name, ""), drain_rules=self.drain_rules)
        if not drift or made == self.revision:
            return machine
        return msgspec.structs.replace(machine, drifted=f"made from revision {made} of the template, which is at {self.revision}")

    def running(self) -> int:
        """How many machines there are that cost something."""
        return sum(1 for machine in self._by_name.values() if machine.state in ("Pending", "Running", "Terminating"))

    def _provision(self, request: Provision) -> MachineReply:
        known = next((machine for machine in self._by_name.values() if machine.key == request.key), None)
        if known is not None:
            return MachineReply(request=request, machines=(known,))
        quota = self.trouble.quota
        if quota is not None and self.running() >= quota:
            error = f"VcpuLimitExceeded: the account's quota of {quota} instances is used up"
            return MachineReply(request=request, error=error)
        self.on_provision(request.key)
        return MachineReply(request=request, machines=(self._make(self._name(request.zone), request),))

    def _name(self, zone: str) -> str:
        self.made += 1
        return f"node-{zone or 'any'}-{self.made:03d}"

    def _make(self, name: str, request: Provision) -> Machine:
        self._revisions[name] = self.revision
        machine = self._set(name, "Pending", key=request.key)
        self._boot(name, request)
        return machine

    def _set(self, name: str, state: MachineState, *, key: str = "", node: str = "", reason: str = "") -> Machine:
        known = self._by_name.get(name, Machine(key=key, provider_id=f"sim:///{name}"))
        machine = msgspec.structs.replace(known, state=state, node=node or known.node, reason=reason)
        self._by_name[name] = machine
        return machine

    def _drawn_ms(self, mean_s: float) -> int:
        return round(mean_s * 1_000 * self._rng.uniform(1 - self.timing.jitter, 1 + self.timing.jitter))

    def _boot(self, name: str, request: Provision) -> None:
        if self._by_name[name].state != "Pending":
            return
        if request.zone in self.trouble.full_zones:
            self._set(name, "Pending", reason=f"InsufficientInstanceCapacity: no capacity in {request.zone}")
            self._queue.after(CAPACITY_RETRY_MS, lambda: self._boot(name, request))
            return
        boot_ms = self._drawn_ms(self.timing.boot_s)
        if self.trouble.failing_boots > 0:
            self.trouble.failing_boots -= 1
            self._queue.after(boot_ms, lambda: self._fail(name))
            return
        registered_ms = round(boot_ms * REGISTERED)
        version = self.trouble.wrong_version or request.kubelet_version or self._version_like(request.replaces)
        self._queue.after(registered_ms, lambda: self._register(name, request, version))
        if self.trouble.silent_boots > 0:
            self.trouble.silent_boots -= 1
        else:
            self._queue.after(boot_ms, lambda: self._ready(name))

    def _version_like(self, replaced: str) -> str:
        """The kubelet version of a replaced node, for a target that names none; of any node if that one is gone."""
        nodes = self._registry.store.values(NODES)
        like = next((node for node in nodes if node["metadata"]["name"] == replaced), nodes[0])
        version: str = like["status"]["nodeInfo"]["kubeletVersion"]
        return version

    def _fail(self, name: str) -> None:
        if self._by_name[name].state == "Pending":
            self._set(name, "Failed", reason="the instance stopped during boot: cloud-init exited with status 1")

    def _register(self, name: str, request: Provision, version: str) -> None:
        if self._by_name[name].state != "Pending":
            return
        labels = {key: value for key, value in request.labels.items() if "kubernetes.io/" not in key or key.startswith(ROLE)}
        node = node_object(name, request.zone, version, self._size, labels, self._registry.now())
        self._registry.create(NODES, node)
        self._set(name, "Running", node=name)

    def _ready(self, name: str) -> None:
        if self._by_name[name].state == "Running":
            self._kubelets.start(name)
            self._nodes.ready(name, ready=True)

    def revise(self) -> None:
        """Somebody changes the template: every machine has drifted from now on."""
        self.revision += 1

    def adopt(self, name: str) -> None:
        """Take a machine that is there from the beginning, running and Ready."""
        self._revisions[name] = self.revision
        self._set(name, "Running", node=name)
        self._kubelets.start(name)
        self._nodes.ready(name, ready=True)

    def _terminate(self, request: Terminate) -> None:
        name = request.node or next((name for name, m in self._by_name.items() if request.key and m.key == request.key), "")
        machine = self._by_name.get(name)
        if machine is None or machine.state in ("Terminating", "Gone"):
            return
        if machine.node:
            self.on_terminate(machine.node)
        self._set(name, "Terminating")
        self.die(name)
        self._queue.after(self._drawn_ms(self.timing.terminate_s), lambda: self._gone(name))

    def _gone(self, name: str) -> None:
        self._set(name, "Gone")

    def remove(self, name: str) -> None:
        """Somebody ends the machine by hand and deletes its node."""
        self.die(name)
        self._gone(name)
        self._registry.delete(NODES, "", name)

    def die(self, name: str) -> None:
        """The machine stops running, wanted or not."""
        self._kubelets.stop(name)
        node = self._registry.store.get(NODES, "", name)
        if node is not None:
            self._nodes.silent(name, node["metadata"]["uid"])

    def repair(self, name: str) -> None:
        """Somebody has repaired a machine that died: it boots again, unless its end was asked for."""
        self._ready(name)

    def vanish(self, name: str) -> None:
        """Nobody asked, and the machine is gone, as a spot instance is; the cloud controller manager deletes its Node."""
        self._set(name, "Gone")
        self.die(name)
        self._registry.delete(NODES, "", name)

    def replace(self, name: str, version: str) -> None:
        """A health check finds a machine unhealthy: its owner ends it and makes another one, to which its key passes."""
        node, old = self._registry.store.get(NODES, "", name), self._by_name[name]
        if node is None:
            return
        labels = node["metadata"]["labels"]
        successor = self._name(labels[ZONE_LABEL])
        self.on_replace(name, successor)
        self._by_name[name] = msgspec.structs.replace(old, key="")
        self.vanish(name)
        request = Provision(id=0, key=old.key, replaces=name, zone=labels[ZONE_LABEL], labels=labels, kubelet_version=version)
        self._make(successor, request)
