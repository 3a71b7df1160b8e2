"""Requests to providers whose machines are objects: who goes together, and in which order."""

import asyncio

import pytest

from underway.machines.objects import Sent, next_turn, side_by_side
from underway.machines.refusal import Refusal
from underway.rotate.effects import ListMachines, MachineRequest, Provision, Terminate


def together(*requests: MachineRequest) -> int:
    """How many of those who wait go at once."""
    return len(next_turn([Sent(request, lambda _reply: None) for request in requests]))


def boot(key: str) -> Provision:
    return Provision(id=1, key=key, replaces="node-1")


def end(node: str = "", key: str = "") -> Terminate:
    return Terminate(id=1, node=node, key=key)


LIST = ListMachines(id=1)


@pytest.mark.parametrize(
    ("waiting", "count"),
    [
        ([], 0),
        ([boot("a"), boot("b"), end("node-1")], 3),
        ([boot("a"), LIST, boot("b")], 1),
        ([LIST, boot("a")], 1),
        ([LIST, LIST], 1),
        ([boot("a"), boot("a")], 1),
        ([boot("a"), boot("b"), end(key="a"), boot("c")], 2),
        ([end("node-1"), end("node-2"), end("node-1")], 2),
    ],
)
def test_changes_of_different_machines_go_together_and_a_listing_by_itself(waiting: list[MachineRequest], count: int) -> None:
    assert together(*waiting) == count


def test_what_is_refused_lets_the_others_come_to_their_end() -> None:
    ended = []

    async def work(name: str) -> None:
        if name == "b":
            raise Refusal("no", retryable=False)
        await asyncio.sleep(0)
        ended.append(name)

    first, second, third = asyncio.run(side_by_side(map(work, "abc")))
    assert (first, str(second), third) == (None, "no", None)
    assert ended == ["a", "c"]


def test_what_nobody_foresaw_is_raised_once_the_others_have_ended() -> None:
    ended = []

    async def work(name: str) -> None:
        if name == "a":
            raise ZeroDivisionError
        await asyncio.sleep(0)
        ended.append(name)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(side_by_side(map(work, "ab")))
    assert ended == ["b"]
