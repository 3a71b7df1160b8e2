"""What the driver knows of machines, and what it tells of them."""

from itertools import count

from objects import node
from underway.model.snapshot import Snapshot
from underway.rotate import progress
from underway.rotate.effects import ListMachines, Machine, MachineReply, Provision, Quota, ReadQuotas, Terminate
from underway.rotate.gates.judgement import Unknown
from underway.rotate.ledger import Ledger
from underway.rotate.machine import Event
from underway.rotate.machinery import Machinery
from underway.rotate.outbox import Outbox
from underway.rotate.spec import RotationSpec, Target

NOW_MS = 1_780_000_000_000


def test_an_end_that_the_provider_does_not_accept_is_told() -> None:
    machinery = Machinery()
    refusal = "node group workers may not have fewer machines: lower its minimum size of 1"
    machinery.answered(MachineReply(request=Terminate(id=1, node="n1"), error=refusal), 0, {})
    step = progress.terminating(node("n1"), {}, confirmed=False, refused=machinery.end_refused("n1"))
    assert step.waiting[0].reason == f"machine of node n1 cannot be ended yet: {refusal}"
    machinery.answered(MachineReply(request=Terminate(id=2, node="n1")), 0, {})
    assert machinery.end_refused("n1") == ""


def test_what_holds_a_machine_that_ends_is_told() -> None:
    machinery = Machinery()
    held = Machine(node="n1", state="Terminating", reason="a lifecycle hook of its group holds it (Terminating:Wait)")
    machinery.answered(MachineReply(request=ListMachines(id=1), machines=(held,)), 0, {})
    step = progress.terminating(node("n1"), machinery.by_node, confirmed=True)
    assert step.waiting[0].reason == f"machine of node n1 is Terminating: {held.reason}"


def test_a_machine_without_a_provider_id_is_no_nodes() -> None:
    machinery = Machinery()
    pending = Machine(key="k", state="Pending")
    machinery.answered(MachineReply(request=ListMachines(id=1), machines=(pending,)), 0, {"": "n1"})
    assert machinery.by_node == {}


def test_drift_is_told_of_every_node_that_the_provider_names() -> None:
    machinery = Machinery()
    old, new = Machine(node="n1", drifted="image 1, wanted 2"), Machine(provider_id="sim:///2")
    machinery.answered(MachineReply(request=ListMachines(id=1, drift=True), machines=(old, new)), 0, {"sim:///2": "n2"})
    assert machinery.drift == {"n1": "image 1, wanted 2", "n2": ""}


def test_a_successor_waits_for_the_providers_word_on_drift() -> None:
    spec = RotationSpec(Target(drifted=True))
    machine = {"k": Machine(key="k", node="n2", state="Running")}
    told = {
        "the machine provider has not said yet whether node n2 is current": {},
        "node n2, replacing node n1, is itself out of date: drifted: image 1, wanted 2": {"n2": "image 1, wanted 2"},
    }
    for sentence, drift in told.items():
        snapshot = Snapshot(nodes={"n2": node("n2")}, drift=drift)
        step = progress.arrival("n1", "k", NOW_MS, machine, snapshot, spec, progress.limits_of(spec), NOW_MS)
        assert sentence in (step.failure or step.waiting[0].reason)
    current = Snapshot(nodes={"n2": node("n2")}, drift={"n2": ""})
    step = progress.arrival("n1", "k", NOW_MS, machine, current, spec, progress.limits_of(spec), NOW_MS)
    assert step.event is Event.REPLACEMENT_READY


def test_a_successor_that_is_gone_is_given_up_at_once() -> None:
    spec = RotationSpec(Target(drifted=True))
    gone = {"k": Machine(key="k", state="Gone", reason="Server.SpotInstanceTermination")}
    step = progress.arrival("n1", "k", NOW_MS, gone, Snapshot(), spec, progress.limits_of(spec), NOW_MS)
    assert step.failure == "machine k, replacing node n1, is gone: Server.SpotInstanceTermination"


def test_the_next_listing_is_due_an_interval_after_the_last_was_asked_for() -> None:
    machinery, outbox = Machinery(), Outbox(count(1), Ledger())
    machinery.poll(outbox, 5_000, every_ms=1_000)
    assert machinery.due_ms(5_600, 1_000) == 6_000
    assert machinery.poll(outbox, 6_000, every_ms=1_000) is None
    assert machinery.due_ms(6_000, 1_000) is None


def test_quotas_are_asked_for_once_in_their_time_and_grow_old() -> None:
    machinery, outbox = Machinery(), Outbox(count(1), Ledger())
    first = machinery.quotas(0, 60_000)
    assert isinstance(first, Unknown)
    assert first.yet
    machinery.poll_quotas(outbox, 0, 60_000)
    (asked,) = outbox.empty()
    machinery.poll_quotas(outbox, 59_999, 60_000)
    assert outbox.empty() == []
    assert isinstance(asked, ReadQuotas)
    machinery.answered(MachineReply(request=asked, quotas=(Quota("instances", 1, 10),)), 1_000, {})
    assert machinery.quotas(2_000, 60_000) == (Quota("instances", 1, 10),)
    assert machinery.quotas(200_000, 60_000) == Unknown("the machine provider has told no quotas for 199 s")
    machinery.answered(MachineReply(request=asked, error="AccessDenied: no"), 201_000, {})
    assert machinery.quotas(201_000, 60_000) == Unknown("AccessDenied: no")


def test_what_asks_not_to_be_disrupted_holds_only_where_that_is_honoured() -> None:
    machinery = Machinery()
    asking = Machine(node="n1", state="Running", protected="NodeClaim general-abcde")
    hooked = Machine(node="n2", state="Running", hold="Machine m has the hook x")
    machinery.answered(MachineReply(request=ListMachines(id=1), machines=(asking, hooked)), 0, {})
    honoured = machinery.seen_on(Snapshot(), (), honour=True).holds
    assert honoured["n1"].startswith("NodeClaim general-abcde asks not to be disrupted; take the annotation off, or set")
    assert machinery.seen_on(Snapshot(), (), honour=False).holds == {"n2": "Machine m has the hook x"}


def test_a_machine_that_its_provider_lost_is_asked_for_again() -> None:
    machinery = Machinery()
    provision = Provision(id=1, key="k", replaces="n1")
    machinery.answered(MachineReply(request=provision), 0, {})
    assert not machinery.wants("k")
    pending = Machine(key="k", state="Pending", reason="no capacity")
    machinery.answered(MachineReply(request=ListMachines(id=2), machines=(pending,)), 0, {})
    assert not machinery.wants("k")
    lost = Machine(key="k", state="Pending", reason="Karpenter gave it up: no capacity", again=True)
    machinery.answered(MachineReply(request=ListMachines(id=3), machines=(lost,)), 0, {})
    assert machinery.wants("k")
    assert machinery.refused() == ("Karpenter gave it up: no capacity",)
