"""Replicas of the operator on one embedded world: the Rotation is an object there, leaders are killed, others take over.

Owns what differs from a rehearsal of one driver: the definitions are installed, each replica has a connection of its own,
and how the rotation stands is read from the object, as anybody would. Checkers and trace are the same.
"""

from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Any

import msgspec

from underway.kube.request import MERGE_PATCH, Request, Verb
from underway.rotate.gates import GATES
from underway.rotate.kinds.definitions import ROTATIONS, fleet_definition, rotation_definition
from underway.rotate.operator.operator import Operator
from underway.rotate.spec import API_VERSION, Rotation
from underway.sim.apiserver.catalogue import CUSTOM_RESOURCE_DEFINITIONS
from underway.sim.apiserver.memory import MemoryApi
from underway.sim.apiserver.server import Call
from underway.sim.faults import Fault
from underway.sim.pump import Pump
from underway.sim.rehearsal import Rehearsal
from underway.sim.store import Object
from underway.sim.world.world import World

PROVIDERS = ("Command",)


class Operating(Rehearsal):
    """One run. replicas: how many operators there are; evict_in: the only namespaces in which they evict, () for all."""

    def __init__(
        self, world: World, rotation: Rotation, *, replicas: int = 2, evict_in: tuple[str, ...] = (), **settings: Any
    ) -> None:
        super().__init__(world, rotation, **settings)
        names = [gate.name for gate in GATES]
        for definition in (rotation_definition(names, PROVIDERS), fleet_definition(names, PROVIDERS)):
            world.registry.create(CUSTOM_RESOURCE_DEFINITIONS, definition)
        self.create(rotation)
        self._replicas = replicas
        self._evict_in = evict_in
        self.apis: list[MemoryApi] = []
        self.pumps: list[Pump[Operator]] = []
        self.requests: list[Request] = []

    def create(self, rotation: Rotation) -> None:
        """Apply a Rotation."""
        spec = msgspec.json.decode(msgspec.json.encode(rotation.spec))
        metadata = {"name": rotation.metadata.name}
        self._call("create", body={"apiVersion": API_VERSION, "kind": "Rotation", "metadata": metadata, "spec": spec})

    def _call(self, verb: Verb, **given: Any) -> None:
        """What a person asks of the API server. Raises RuntimeError if it refuses."""
        code, answer = self.world.server.handle(Call(verb=verb, entry=self.world.server.entry(ROTATIONS), **given))
        if code >= 400:
            raise RuntimeError(f"{verb} Rotation: {answer}")

    def operate(self, faults: tuple[Fault, ...] = ()) -> None:
        """Put the replicas to work; from here on everything is judged."""
        self._observe()
        for index in range(self._replicas):
            api = MemoryApi(self.world.server, self.world.queue, Random(f"{self.world.seed}/network-{index}"))
            api.on_send, api.on_write, api.faults = self._sent_by_operator, self._wrote, faults
            make = partial(self._operator, index)
            self.apis.append(api)
            self.pumps.append(Pump(self.world, make, api, f"operator-{index}"))

    def _sent_by_operator(self, request: Request) -> None:
        self.requests.append(request)
        self._sent(request)

    def _operator(self, index: int, life: int) -> Operator:
        return Operator(f"operator-{index}-{life}", [gate.name for gate in GATES], PROVIDERS, self._evict_in)

    def leaders(self) -> list[int]:
        """The replicas that believe to lead: never more than one."""
        now_ms = self.world.queue.now_ms()
        return [index for index, pump in enumerate(self.pumps) if pump.driver.leads(now_ms)]

    def kill(self) -> None:
        """SIGKILL the leader; its container starts again, but the other replica takes over."""
        for index in self.leaders():
            self.trace.note("kill", f"operator-{index}")
            self.pumps[index].kill()

    def stop_leader(self) -> None:
        """SIGTERM the leader, as a rolling update does; a new replica takes its place."""
        for index in self.leaders():
            self.trace.note("kill", f"operator-{index} (SIGTERM)")
            pump = self.pumps[index]
            pump.stop()
            self.at(25, pump.kill)

    def heal(self) -> None:
        """The faults of the network stop."""
        for api in self.apis:
            api.faults = ()

    def object(self) -> Object:
        """The Rotation as it stands in the cluster."""
        return self.world.registry.get(ROTATIONS, "", self.rotation.metadata.name)

    def change(self, spec: Object) -> None:
        """Edit the specification, as kubectl does."""
        self._call("patch", name=self.rotation.metadata.name, body={"spec": spec}, content_type=MERGE_PATCH)

    def annotate(self, annotations: Mapping[str, str | None]) -> None:
        """Write annotations on the Rotation; None takes one away."""
        body = {"metadata": {"annotations": dict(annotations)}}
        self._call("patch", name=self.rotation.metadata.name, body=body, content_type=MERGE_PATCH)

    def delete(self) -> None:
        """Delete the Rotation, as kubectl does."""
        self._call("delete", name=self.rotation.metadata.name)

    def _status(self) -> Object:
        found = self.world.store.get(ROTATIONS, "", self.rotation.metadata.name)
        status: Object = (found or {}).get("status") or {}
        return status

    def _finished(self) -> bool:
        found = self.world.store.get(ROTATIONS, "", self.rotation.metadata.name)
        if found is None:
            return True
        status = found.get("status") or {}
        current = status.get("observedGeneration") == found["metadata"]["generation"]
        return bool(current and status.get("state") == "Finished")

    def _stands(self) -> tuple[str, str]:
        if self.world.store.get(ROTATIONS, "", self.rotation.metadata.name) is None:
            return "Finished", "deleted"
        status = self._status()
        return status.get("state", ""), status.get("reason", "")
