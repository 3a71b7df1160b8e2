"""The machines as their provider shows them, and what is asked of it: provision, terminate, list.

Owns when a listing is fresh enough to be believed: a machine counts as gone only by a listing that was asked for after
the provider had accepted its end.
"""

from collections.abc import Iterable, Mapping
from functools import partial

import msgspec

from underway.model.snapshot import Snapshot
from underway.rotate.effects import ListMachines, Machine, MachineReply, Provision, Quota, ReadQuotas, Terminate
from underway.rotate.gates.judgement import STALE_INTERVALS, Unknown
from underway.rotate.outbox import Act, Outbox

LANDED_MS = 60_000  # a request to a provider has arrived by then or never will
POLL_MS = 1_000  # a boot takes tens of seconds; what is learnt a second late is lost for each of its nodes
DRIFT_EVERY_MS = 30_000  # while nothing is in hand: a template changes a few times a week


class Machinery:
    """Memory of one driver; a new one begins empty and asks again."""

    def __init__(self) -> None:
        self.by_key: dict[str, Machine] = {}
        self.by_node: dict[str, Machine] = {}
        self.errors: dict[str, str] = {}
        self.listed = False
        self.list_error = ""
        self._provisioned: set[str] = set()
        self._quotas: tuple[Quota, ...] | Unknown = Unknown("the machine provider has not told its quotas", yet=True)
        self._quotas_ms = self._quotas_asked_ms = -1
        self._terminated: dict[str, int] = {}
        self._ends_asked_ms: dict[str, int] = {}
        self._began_ms = 0
        self._end_errors: dict[str, str] = {}
        self._asked_ms: dict[int, int] = {}
        self._asked_last_ms = -POLL_MS
        self._listed_ms = -1

    def poll(self, outbox: Outbox, now_ms: int, *, every_ms: int = POLL_MS, drift: bool = False, by: str = "list") -> Act | None:
        """Ask for a listing, unless the last one is younger; what was sent.

        drift: and for what has drifted; by: who asks, of several that have one ledger.
        """
        if now_ms >= self._asked_last_ms + every_ms:
            request = outbox.send(("machines", by), lambda id_: ListMachines(id=id_, drift=drift))
            if request is not None:
                self._asked_last_ms = now_ms
                self._asked_ms[request.id] = now_ms
            return request
        return None

    def due_ms(self, now_ms: int, every_ms: int) -> int | None:
        """When the next listing is due; None where it is overdue: the answer to the last one wakes the driver."""
        due_ms = self._asked_last_ms + every_ms
        return due_ms if due_ms > now_ms else None

    def poll_quotas(self, outbox: Outbox, now_ms: int, every_ms: int) -> None:
        """Ask for the quotas, unless they were asked for within every_ms."""
        if self._quotas_asked_ms < 0 or now_ms >= self._quotas_asked_ms + every_ms:
            request = outbox.send(("machines", "quotas"), lambda id_: ReadQuotas(id=id_))
            if request is not None:
                self._quotas_asked_ms = now_ms

    def quotas(self, now_ms: int, every_ms: int) -> tuple[Quota, ...] | Unknown:
        """What the provider has left, as far as that is not too old to say anything."""
        old_ms = now_ms - self._quotas_ms
        if not isinstance(self._quotas, Unknown) and old_ms > every_ms * STALE_INTERVALS:
            return Unknown(f"the machine provider has told no quotas for {old_ms // 1_000} s")
        return self._quotas

    def wants(self, key: str) -> bool:
        """Whether the machine of a key has still to be asked for by this driver."""
        return key not in self._provisioned

    def answered(self, reply: MachineReply, now_ms: int, nodes: Mapping[str, str]) -> None:
        """Take the provider's answer. nodes: the name of each Node by its spec.providerID."""
        machines = tuple(_named(machine, nodes) for machine in reply.machines)
        request = reply.request
        match request:
            case ListMachines():
                asked_ms = self._asked_ms.pop(request.id, now_ms)
                self.list_error = reply.error
                if not reply.error:
                    self._replace(machines, asked_ms)
            case ReadQuotas():
                self._quotas = Unknown(reply.error) if reply.error else reply.quotas
                self._quotas_ms = now_ms
            case Provision():
                self.errors.pop(request.key, None)
                if reply.error:
                    self.errors[request.key] = reply.error
                else:
                    self._provisioned.add(request.key)
                    self.by_key.update({machine.key: machine for machine in machines if machine.key})
            case Terminate():
                self._end_errors.pop(request.node, None)
                if reply.error:
                    self._end_errors[request.node] = reply.error
                elif request.node:
                    self._terminated[request.node] = now_ms

    def _replace(self, machines: Iterable[Machine], asked_ms: int) -> None:
        listed = list(machines)
        self.by_key = {machine.key: machine for machine in listed if machine.key}
        self.by_node = {machine.node: machine for machine in listed if machine.node}
        self.listed, self._listed_ms = True, asked_ms
        self._provisioned -= {machine.key for machine in listed if machine.again}

    @property
    def drift(self) -> dict[str, str]:
        """Why each node's machine has drifted, "" where it has not, by node name, of the last listing."""
        return {name: machine.drifted for name, machine in self.by_node.items()}

    def seen_on(self, snapshot: Snapshot, in_hand: Iterable[str], *, honour: bool) -> Snapshot:
        """The picture with what the provider says of machines.

        in_hand: nodes that stay out of date where it does not name them; honour: whether what asks not to be disrupted holds.
        """
        drift = {**dict.fromkeys(in_hand, "in hand already"), **self.drift}
        holds = {}
        rules = {}
        for name, machine in self.by_node.items():
            hold = machine.hold or (protection(machine) if honour else "")
            if hold:
                holds[name] = hold
            if machine.drain_rules is not None:
                rules[name] = machine.drain_rules
        return msgspec.structs.replace(snapshot, drift=drift, holds=holds, drain_rules=rules)

    def end_confirmed(self, node: str) -> bool:
        """Whether a listing asked for after the provider accepted the end of the node's machine has come in."""
        return node in self._terminated and self._listed_ms >= self._terminated[node]

    def begin(self, now_ms: int) -> None:
        """Note when this driver began: what stood before may have been asked for by another one."""
        self._began_ms = self._began_ms or now_ms

    def asked_end(self, node: str, now_ms: int) -> None:
        """Note that the end of the node's machine was asked for."""
        self._ends_asked_ms[node] = now_ms

    def is_kept(self, node: str, since_ms: int) -> bool:
        """Whether it is certain that the end of the node's machine was never accepted and is not on its way.

        since_ms: when the node came to its end. An earlier driver may have asked; then, and when an answer was lost, only a
        listing tells that was asked for once a request would have landed.
        """
        asked_ms = self._ends_asked_ms.get(node, self._began_ms if since_ms < self._began_ms else None)
        if node in self._terminated:
            return False
        if asked_ms is None:
            return True
        machine = self.by_node.get(node)
        return self._listed_ms >= asked_ms + LANDED_MS and machine is not None and machine.state == "Running"

    def ending(self, node: str) -> bool:
        """Whether the provider has accepted the end of the node's machine."""
        return node in self._terminated

    def end_refused(self, node: str) -> str:
        """Why the provider has not accepted the end of the node's machine yet, "" if it has or was not asked."""
        return self._end_errors.get(node, "")

    def shown(self, key: str) -> Machine | None:
        """The machine of a key, with the provider's refusal as its reason where it is not there yet."""
        machine = self.by_key.get(key)
        if machine is None and key in self.errors:
            return Machine(key=key, state="Pending", reason=self.errors[key])
        return machine

    def refused(self) -> tuple[str, ...]:
        """Why the provider has not made machines yet that it was asked for, in the order of their keys."""
        said = {key: machine.reason for key, machine in self.by_key.items() if machine.state == "Pending" and machine.reason}
        return tuple(reason for _, reason in sorted((self.errors | said).items()))

    def end_strays(self, outbox: Outbox, prefix: str, wanted: frozenset[str], nodes: frozenset[str]) -> None:
        """End what a failed boot has left behind: machines of ours that nobody waits for and that never became a node."""
        for key, machine in sorted(self.by_key.items()):
            waiting = machine.state in ("Pending", "Failed") and machine.node not in nodes
            if waiting and key.startswith(prefix) and key not in wanted:
                outbox.send(("terminate", key), partial(_end, machine))


def protection(machine: Machine) -> str:
    """Why a machine that asks not to be disrupted is not replaced."""
    if not machine.protected:
        return ""
    return f"{machine.protected} asks not to be disrupted; take the annotation off, or set spec.drain.doNotDisrupt: Ignore"


def _end(machine: Machine, request_id: int) -> Terminate:
    return Terminate(id=request_id, key=machine.key, provider_id=machine.provider_id)


def _named(machine: Machine, nodes: Mapping[str, str]) -> Machine:
    """The machine with the name of its Node, where only the Node knows which machine it is."""
    name = "" if machine.node or not machine.provider_id else nodes.get(machine.provider_id, "")
    return msgspec.structs.replace(machine, node=name) if name else machine
