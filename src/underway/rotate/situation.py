"""What one round is decided on, and what the work on the nodes in hand has found in it."""

from collections.abc import Mapping

import msgspec

from underway.model.snapshot import Snapshot
from underway.rotate.drain import Waiting
from underway.rotate.freezes import Freeze
from underway.rotate.ladder import Climb
from underway.rotate.record import Journal, Record
from underway.rotate.windows import ALWAYS, Opening


class Situation(msgspec.Struct, frozen=True):
    """What one round is decided on.

    The lock is held. frozen: whether nothing may be begun; waiting: why no new node may be, or ""; held: nodes whose pool is
    frozen; opening: of the maintenance windows.
    """

    snapshot: Snapshot
    records: dict[str, Record]
    journal: Journal
    now_ms: int
    frozen: bool = False
    waiting: str = ""
    held: Mapping[str, Freeze] = {}
    opening: Opening = ALWAYS

    @property
    def acting(self) -> bool:
        """Whether anything may be begun."""
        return not self.frozen and self.opening.open

    def acts_on(self, node: str) -> bool:
        """Whether work on a node may go on."""
        return self.acting and node not in self.held


class Result(msgspec.Struct, frozen=True):
    """What the round found.

    waiting: by node; climbs: how far nodes have come that do not get empty; failure: why the rotation has to freeze, or ""; by:
    who says so; due_ms: the next deadline.
    """

    waiting: dict[str, tuple[Waiting, ...]] = {}
    climbs: dict[str, Climb] = {}
    failure: str = ""
    by: str = ""
    due_ms: int | None = None
