"""What every machine provider owes the driver: one suite, run against each.

A provider's test file makes a Stage (a real provider before a cloud in memory, or an API server) and inherits Contract.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import pytest

from objects import node
from underway.model.snapshot import Snapshot
from underway.ports import Machines
from underway.rotate import progress
from underway.rotate.effects import ListMachines, Machine, MachineReply, MachineRequest, Provision, ReadQuotas, Terminate
from underway.rotate.machine import Event
from underway.rotate.machinery import Machinery
from underway.rotate.progress import Step, limits_of
from underway.rotate.spec import RotationSpec, Target

ZONE = "us-east-1a"
ANSWER_S_MAX = 20.0
KEY = "workers-0123abcd-00000a"
WANTED = "v1.37.2"
ASKED_MS = 1_780_000_000_000  # after the nodes of tests/objects.py became Ready


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

    def lose_successor(self) -> None:
        """What was asked for disappears without a word, booted or not."""

    def drift(self) -> None:
        """From now on the provider would make machines otherwise than the first one."""

    def trouble(self, name: str) -> None:
        """From now on the provider's backend answers so: "capacity", "throttling", "forbidden" to whoever asks for a
        machine, "overload" (a throttling) to whoever asks for anything; "" is none."""

    def count(self) -> int:
        """How many machines there are that have not ended."""


def ask(stage: Stage, request: MachineRequest) -> MachineReply:
    """Send a request and wait for its one reply."""

    async def go() -> MachineReply:
        inbox: asyncio.Queue[MachineReply] = asyncio.Queue()
        stage.provider.send(request, inbox.put_nowait)
        return await asyncio.wait_for(inbox.get(), ANSWER_S_MAX)

    return asyncio.run(go())


async def answered(stage: Stage, requests: Sequence[MachineRequest]) -> list[MachineReply]:
    """Send several requests at one moment and wait for the reply to each, in their order."""
    inbox: asyncio.Queue[MachineReply] = asyncio.Queue()
    for request in requests:
        stage.provider.send(request, inbox.put_nowait)
    replies = [await asyncio.wait_for(inbox.get(), ANSWER_S_MAX) for _ in requests]
    return sorted(replies, key=lambda reply: requests.index(reply.request))


def ask_together(stage: Stage, requests: Sequence[MachineRequest]) -> list[MachineReply]:
    """The same, from outside of a loop."""
    return asyncio.run(answered(stage, requests))


def listed(stage: Stage) -> list[Machine]:
    """What the provider tells; it may set things right while it looks, so it is asked twice."""
    ask(stage, ListMachines(id=1))
    reply = ask(stage, ListMachines(id=2))
    assert reply.error == ""
    return [machine for machine in reply.machines if machine.state != "Gone"]


def judged(stage: Stage, *, version: str, late: bool = False) -> Step:
    """What the driver makes of the successor, from the provider's own listing. late: its time to boot is over.

    version: of the kubelet with which its Node has appeared, "" for no Node.
    """
    machinery, spec = Machinery(), RotationSpec(Target(kubelet_version=WANTED))
    limits = limits_of(spec)
    found = next((machine for machine in ask(stage, ListMachines(id=6)).machines if machine.key == KEY), None)
    name = (found.node or "successor") if found else "successor"
    there = {name: node(name, version=version)} if version else {}
    by_id = {found.provider_id: name} if found and version else {}
    listing = ListMachines(id=7)
    machinery.answered(MachineReply(request=listing, machines=(found,) if found else ()), 0, by_id)
    known = {KEY: shown} if (shown := machinery.shown(KEY)) else {}
    now_ms = ASKED_MS + (limits.boot_ms if late else 0)
    return progress.arrival(stage.node, KEY, ASKED_MS, known, Snapshot(nodes=there), spec, limits, now_ms)


class Contract:
    """The suite."""

    def provision(self, stage: Stage, key: str = KEY) -> MachineReply:
        request = Provision(
            id=3, key=key, replaces=stage.node, replaces_provider_id=stage.provider_id, zone=ZONE, kubelet_version=WANTED
        )
        return ask(stage, request)

    def terminate(self, stage: Stage) -> MachineReply:
        return ask(stage, Terminate(id=4, node=stage.node, provider_id=stage.provider_id))

    def of_key(self, stage: Stage, key: str = KEY) -> list[Machine]:
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
        for key in (KEY, "workers-0123abcd-00000b"):
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
        reply = ask(stage, Terminate(id=5, key=KEY))
        stage.finish()
        assert reply.error == ""
        assert self.of_key(stage) == []
        assert stage.count() == 1

    def test_a_boot_of_the_wrong_version_is_found_and_ends(self, stage: Stage) -> None:
        self.provision(stage)
        stage.boot()
        self.of_key(stage)
        assert judged(stage, version=WANTED).event is Event.REPLACEMENT_READY
        wrong = judged(stage, version="v1.36.9")
        assert wrong.event is Event.REPLACEMENT_FAILED
        assert "is itself out of date: kubelet v1.36.9, wanted v1.37.2" in wrong.failure
        (successor,) = self.of_key(stage)
        assert ask(stage, Terminate(id=8, key=KEY, node=successor.node, provider_id=successor.provider_id)).error == ""
        stage.finish()
        assert self.of_key(stage) == []
        assert stage.count() == 1

    def test_a_successor_that_never_joins_is_given_up_in_time(self, stage: Stage) -> None:
        self.provision(stage)
        stage.slow()
        assert judged(stage, version="").event is None
        late = judged(stage, version="", late=True)
        assert late.event is Event.REPLACEMENT_FAILED
        assert "did not become Ready within 10 min" in late.failure

    def test_a_successor_that_is_lost_is_not_taken_for_one(self, stage: Stage) -> None:
        self.provision(stage)
        stage.boot()
        self.of_key(stage)
        stage.lose_successor()
        assert [machine for machine in self.of_key(stage) if machine.state == "Running"] == []
        assert judged(stage, version="", late=True).event is Event.REPLACEMENT_FAILED
        assert self.provision(stage, "workers-0123abcd-00000b").error == ""
        stage.boot()
        (second,) = self.of_key(stage, "workers-0123abcd-00000b")
        assert second.state == "Running"

    def test_a_machine_that_the_provider_would_make_otherwise_has_drifted(self, stage: Stage) -> None:
        assert [machine.drifted for machine in self.drifting(stage)] == [""]
        stage.drift()
        (first,) = self.drifting(stage)
        assert first.drifted
        self.provision(stage)
        stage.boot()
        self.of_key(stage)
        assert {machine.key: bool(machine.drifted) for machine in self.drifting(stage)} == {"": True, KEY: False}

    def test_what_is_left_is_told_in_numbers_that_can_be_compared(self, stage: Stage) -> None:
        reply = ask(stage, ReadQuotas(id=10))
        assert reply.error == ""
        for quota in reply.quotas:
            assert quota.name
            assert quota.limit >= 0
            assert quota.used >= 0
            assert quota.needs >= 0

    def drifting(self, stage: Stage) -> list[Machine]:
        reply = ask(stage, ListMachines(id=9, drift=True))
        assert reply.error == ""
        return [machine for machine in reply.machines if machine.state != "Gone"]

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

    def test_a_throttled_end_is_told_and_may_pass(self, stage: Stage) -> None:
        self.provision(stage)
        stage.boot()
        self.of_key(stage)
        stage.trouble("overload")
        reply = self.terminate(stage)
        assert reply.error
        assert reply.retryable
        stage.trouble("")
        assert self.terminate(stage).error == ""
        stage.finish()
        assert [machine.key != "" for machine in listed(stage)] == [True]
        assert stage.count() == 1

    def test_a_throttled_listing_is_an_error_and_never_no_machines(self, stage: Stage) -> None:
        stage.trouble("overload")
        reply = ask(stage, ListMachines(id=11))
        assert reply.error
        assert reply.retryable
        assert reply.machines == ()
        stage.trouble("")
        assert [machine.state for machine in listed(stage)] == ["Running"]


class ObjectContract(Contract):
    """What those owe besides whose machines are objects: they are asked for many things at one moment."""

    def test_what_is_asked_for_at_one_moment_is_made_once(self, stage: Stage) -> None:
        keys = [KEY, "workers-0123abcd-00000b"]
        boots = [
            Provision(id=20 + number, key=key, replaces=stage.node, replaces_provider_id=stage.provider_id, zone=ZONE)
            for number, key in enumerate([*keys, *keys])
        ]
        end = Terminate(id=30, node=stage.node, provider_id=stage.provider_id)
        replies = ask_together(stage, [*boots, ListMachines(id=31), end])
        assert [reply.error for reply in replies] == [""] * 6
        stage.finish()
        stage.boot()
        assert sorted(machine.key for machine in listed(stage)) == keys
        assert stage.count() == 2
