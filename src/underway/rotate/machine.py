"""The one transition table: (phase, event) -> phase. No other file changes a phase.

Owns what may follow what. It does not know when an event happens: `rotate.progress` observes that; nor what is done in a
phase: `rotate.acts` builds the requests. ARCHITECTURE.md's diagram is drawn from this table.
"""

from enum import StrEnum

from underway.errors import InvariantViolated
from underway.rotate.record import Phase


class Event(StrEnum):
    """What can happen to a node in hand."""

    ADMITTED_WITH_SURGE = "admitted with surge"
    ADMITTED_WITHOUT_SURGE = "admitted without surge"
    REPLACEMENT_READY = "replacement Ready"
    REPLACEMENT_FAILED = "replacement failed"
    DEREGISTERED = "deregistered"
    DRAINED = "drained"
    STUCK = "stuck"
    UNSTUCK = "unstuck"
    DETACHED = "detached"
    MACHINE_GONE = "machine gone"
    RELEASED = "released"
    BECAME_CURRENT = "became current"


TABLE: dict[tuple[Phase, Event], Phase] = {
    (Phase.OUTDATED, Event.ADMITTED_WITH_SURGE): Phase.SURGING,
    (Phase.OUTDATED, Event.ADMITTED_WITHOUT_SURGE): Phase.CORDONED,
    (Phase.OUTDATED, Event.BECAME_CURRENT): Phase.UP_TO_DATE,
    (Phase.SURGING, Event.REPLACEMENT_READY): Phase.CORDONED,
    (Phase.SURGING, Event.REPLACEMENT_FAILED): Phase.OUTDATED,
    (Phase.SURGING, Event.BECAME_CURRENT): Phase.UP_TO_DATE,
    (Phase.CORDONED, Event.DEREGISTERED): Phase.DRAINING,
    # A freeze takes back what has not ended a machine yet; with a successor beside it the node keeps its place in line.
    (Phase.CORDONED, Event.RELEASED): Phase.SURGING,
    (Phase.DRAINING, Event.RELEASED): Phase.SURGING,
    (Phase.DETACHING, Event.RELEASED): Phase.SURGING,
    (Phase.DRAINING, Event.DRAINED): Phase.DETACHING,
    (Phase.DRAINING, Event.STUCK): Phase.QUARANTINED,
    (Phase.DETACHING, Event.DETACHED): Phase.TERMINATING,
    (Phase.DETACHING, Event.STUCK): Phase.QUARANTINED,
    (Phase.QUARANTINED, Event.UNSTUCK): Phase.DRAINING,
    (Phase.QUARANTINED, Event.RELEASED): Phase.SURGING,
    (Phase.TERMINATING, Event.MACHINE_GONE): Phase.DELETED,
    # Only while the end of its machine was not asked for: after that there is no way back.
    (Phase.TERMINATING, Event.RELEASED): Phase.SURGING,
}

TIDY = frozenset({Phase.OUTDATED, Phase.SURGING, Phase.TERMINATING, Phase.DELETED, Phase.UP_TO_DATE})
"""Phases in which a stopped driver may leave a node: nothing is cordoned, or its machine is already ending."""


def next_phase(phase: Phase, event: Event) -> Phase:
    """The phase that follows. Raises InvariantViolated for a pair that the table does not hold."""
    following = TABLE.get((phase, event))
    if following is None:
        raise InvariantViolated(f"a node in phase {phase} cannot meet {event!r}: the transition table does not hold it")
    return following
