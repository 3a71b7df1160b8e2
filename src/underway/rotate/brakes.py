"""What stops one driver: a freeze that is written down, a gate, an act that failed for good, the user.

Owns the order in which they are asked and the memory of what has to be written down. The levels are `rotate.freezes`'s.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from underway.rotate.freezes import Freeze, Frozen, standing
from underway.rotate.health import Verdict
from underway.rotate.journal import JournalWriter
from underway.rotate.record import Journal, freeze_annotations

Mode = Literal["Rotate", "Freeze"]


class Brakes:
    """The brakes of one driver.

    ordered: the freeze of the specification's mode, which may change while it runs; stopping: whether to end tidily.
    """

    def __init__(self, journal: JournalWriter, ordered: Frozen | None) -> None:
        self._journal = journal
        self.ordered = ordered
        self.stopping = False
        self._pulled: tuple[str, str, int] | None = None
        self._mode_since_ms = 0

    def pull(self, reason: str, by: str, now_ms: int) -> None:
        """Freeze the rotation for a reason of ours, and have it written down; the first reason stays."""
        self._pulled = self._pulled or (reason, by, now_ms)

    def frozen(self, journal: Journal, freezes: Iterable[Freeze], verdict: Verdict, now_ms: int) -> Frozen | None:
        """Why nothing may be begun, or None."""
        if journal.frozen:
            self._pulled = None
        elif verdict.freeze:
            breach = verdict.freeze[0]
            self.pull(f"gate {breach.gate}: {breach.reason}", f"gate {breach.gate}", now_ms)
        if self._pulled is not None:
            reason, by, since_ms = self._pulled
            self._journal.want(freeze_annotations(reason, by, now_ms))
            return Frozen(reason, by, since_ms)
        written = standing(journal, freezes)
        if written is not None:
            return written
        if self.ordered is not None:
            self._mode_since_ms = self.ordered.since_ms or self._mode_since_ms or now_ms
            return msgspec.structs.replace(self.ordered, since_ms=self._mode_since_ms)
        self._mode_since_ms = 0
        return Frozen("stopping", "the user") if self.stopping else None
