"""What every machine provider owes the driver: one suite, run against each.

A provider's test file makes a Stage (a real provider before a cloud in memory, or an API server) and inherits Contract.
"""

import asyncio
from typing import Protocol

import pytest

from underway.ports import Machines
from underway.rotate.effects import ListMachines, Machine, MachineReply, MachineRequest, Provision, Terminate

ZONE = "us-east-1a"
ANSWER_S_MAX = 20.0


class Stage(Protocol):
    """A provider, and the hand that moves what stands behind it. Times and troubles come when they are called for."""

    provider: Machines
    node: str
    provider_id: str

    def boot(self) -> None:
        """Let what boots finish booting."""

    def slow(self) -> None:
        """What was asked for still boots."""

    def finish(self) -> None:
        """Let what ends come to its end."""

    def lose(self) -> None:
        """The first node's machine disappears without a word."""

    def trouble(self, name: str) -> None:
        """From now on the provider's backend answers so: "capacity", "throttling", "forbidden"; "" is none."""

    def count(self) -> int:
        """How many machines there are that have not ended."""


def ask(stage: Stage, request: MachineRequest) -> MachineReply:
    """Send a request and wait for its one reply."""

    async def go() -> MachineReply:
        inbox: asyncio.Queue[MachineReply] = asyncio.Queue()
        stage.provider.send(request, inbox.put_nowait)
        return await asyncio.wait_for(inbox.get(), ANSWER_S_MAX)

    return asyncio.run(go())


def listed(stage: Stage) -> list[Machine]:
    """What the provider tells; it may set things right while it looks, so it is asked twice."""
    ask(stage, ListMachines(id=1))
    reply = ask(stage, ListMachines(id=2))
    assert reply.error == ""
    return [machine for machine in reply.machines if machine.state != "Gone"]


class Contract:
    """The suite."""

    def provision(self, stage: Stage, key: str = "workers-0123abcd-00000a") -> MachineReply:
        request = Provision(
            id=3, key=key, replaces=stage.node, replaces_provider_id=stage.provider_id, zone=ZONE, kubelet_version="v1.37.2"
        )
        return ask(stage, request)

    def terminate(self, stage: Stage) -> MachineReply:
        return ask(stage, Terminate(id=4, node=stage.node, provider_id=stage.provider_id))

    def of_key(self, stage: Stage, key: str = "workers-0123abcd-00000a") -> list[Machine]:
        return [machine for machine in listed(stage) if machine.key == key]

    def test_what_was_there_is_listed(self, stage: Stage) -> None:
        assert [(machine.state, machine.key) for machine in listed(stage)] == [("Running", "")]
        assert listed(stage)[0].provider_id == stage.provider_id

    def test_a_successor_comes(self, stage: Stage) -> None:
        assert self.provision(stage).error == ""
        stage.boot()
        (machine,) = self.of_key(stage)
        assert machine.state == "Running"
        assert machine.provider_id not in ("", stage.provider_id)
        assert stage.count() == 2

    def test_a_slow_boot_is_pending(self, stage: Stage) -> None:
        self.provision(stage)
        stage.slow()
        assert [machine.state for machine in self.of_key(stage)] == ["Pending"]

    def test_the_same_key_is_the_same_machine(self, stage: Stage) -> None:
        self.provision(stage)
        self.provision(stage)
        stage.boot()
        assert self.provision(stage).error == ""
        assert len(self.of_key(stage)) == 1
        assert stage.count() == 2

    def test_two_keys_are_two_machines(self, stage: Stage) -> None:
        for key in ("workers-0123abcd-00000a", "workers-0123abcd-00000b"):
            assert self.provision(stage, key).error == ""
        stage.boot()
        assert len(self.of_key(stage)) == len(self.of_key(stage, "workers-0123abcd-00000b")) == 1
        assert stage.count() == 3

    def test_a_machine_ends_once(self, stage: Stage) -> None:
        self.provision(stage)
        stage.boot()
        self.of_key(stage)
        assert self.terminate(stage).error == ""
        assert self.terminate(stage).error == ""
        stage.finish()
        assert self.terminate(stage).error == ""
        assert [machine.key != "" for machine in listed(stage)] == [True]
        assert stage.count() == 1

    def test_a_machine_that_is_gone_has_ended(self, stage: Stage) -> None:
        stage.lose()
        assert self.terminate(stage).error == ""

    def test_a_successor_that_never_became_a_node_ends_by_its_key(self, stage: Stage) -> None:
        self.provision(stage)
        reply = ask(stage, Terminate(id=5, key="workers-0123abcd-00000a"))
        stage.finish()
        assert reply.error == ""
        assert self.of_key(stage) == []
        assert stage.count() == 1

    @pytest.mark.parametrize(("name", "retryable"), [("capacity", True), ("throttling", True), ("forbidden", False)])
    def test_a_refusal_is_told_and_may_pass(self, stage: Stage, name: str, retryable: bool) -> None:
        stage.trouble(name)
        reply = self.provision(stage)
        assert reply.error
        assert reply.retryable is retryable
        assert stage.count() == 1
        stage.trouble("")
        assert self.provision(stage).error == ""
        stage.boot()
        assert len(self.of_key(stage)) == 1
