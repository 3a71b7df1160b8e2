"""What the driver knows of machines, and what it tells of them."""

from objects import node
from underway.rotate import progress
from underway.rotate.effects import ListMachines, Machine, MachineReply, Terminate
from underway.rotate.machinery import Machinery


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
