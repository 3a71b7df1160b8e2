"""The transition table."""

import pytest

from underway.errors import InvariantViolated
from underway.rotate.machine import TABLE, TIDY, Event, next_phase
from underway.rotate.record import Phase


def test_the_straight_way() -> None:
    phase = Phase.OUTDATED
    for event in (
        Event.ADMITTED_WITH_SURGE,
        Event.REPLACEMENT_READY,
        Event.DEREGISTERED,
        Event.DRAINED,
        Event.DETACHED,
        Event.MACHINE_GONE,
    ):
        phase = next_phase(phase, event)
    assert phase is Phase.DELETED


def test_what_the_table_does_not_hold_stops_the_driver() -> None:
    with pytest.raises(InvariantViolated, match="a node in phase Outdated cannot meet"):
        next_phase(Phase.OUTDATED, Event.DRAINED)


def test_a_freeze_can_take_back_every_untidy_phase() -> None:
    released = {phase for phase in Phase if (phase, Event.RELEASED) in TABLE}
    assert released == (set(Phase) - TIDY) | {Phase.TERMINATING}, "the last one while its end was not asked for"


def test_every_phase_can_be_reached_and_left() -> None:
    reached = set(TABLE.values()) | {Phase.OUTDATED}
    left = {phase for phase, _ in TABLE}
    assert reached == set(Phase)
    assert set(Phase) - left == {Phase.DELETED, Phase.UP_TO_DATE}
