"""The tally on a MachineDeployment: what changes it, once."""

from typing import Any

from underway.machines.machine_deployment import ASKED, ENDED, ENDED_MAX, Tally, tally_of

EMPTY = Tally(3, {}, {})


def test_a_boot_counts_once_however_often_it_is_asked_for() -> None:
    once = EMPTY.with_boot("a", ["u1"])
    assert once == Tally(4, {"a": ["u1"]}, {})
    assert once.with_boot("a", ["u1", "u2"]) == once


def test_a_boot_is_withdrawn_once() -> None:
    assert EMPTY.with_boot("a", []).without_boot("a") == EMPTY
    assert EMPTY.without_boot("a") == EMPTY


def test_an_end_counts_once_for_each_machine() -> None:
    once = EMPTY.with_end("node-1", "u1", "")
    assert once == Tally(2, {}, {"node-1": "u1"})
    assert once.with_end("node-1", "u1", "") == once
    assert once.with_end("node-1", "u9", "").replicas == 1, "a later Machine of a node of that name"


def test_the_end_of_a_successor_takes_its_key_back() -> None:
    assert EMPTY.with_boot("a", []).with_end("a", "u1", "a") == Tally(3, {}, {"a": "u1"})


def test_the_oldest_ends_are_forgotten() -> None:
    tally = Tally(ENDED_MAX * 2, {}, {})
    for number in range(ENDED_MAX + 1):
        tally = tally.with_end(f"node-{number}", "u", "")
    assert len(tally.ended) == ENDED_MAX
    assert "node-0" not in tally.ended


def test_what_is_written_is_read_and_what_is_empty_is_taken_off() -> None:
    tally = Tally(4, {"a": ["u1"]}, {})
    patch: dict[str, Any] = tally.patch
    assert tally_of(patch) == tally
    assert patch["metadata"]["annotations"][ENDED] is None
    assert ASKED in patch["metadata"]["annotations"]
