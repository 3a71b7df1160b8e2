"""A cause: one state that people are told of for as long as it lasts. Drawn from a status by `rotate.alerts.causes`."""

from typing import Literal

import msgspec

Kind = Literal["Frozen", "Blocked", "Capacity", "Failed", "Finished"]


class Cause(msgspec.Struct, frozen=True):
    """One cause.

    about: its object; text: what is wrong; objects: what else it concerns; since_ms: epoch milliseconds, 0 if not known; owner:
    the team that answers for it; command: the next one to run. mark: what is worth telling anew when it changes; rung: of the
    ladder, and level: how high that is, worth telling anew when it rises.
    """

    kind: Kind
    about: str
    text: str
    objects: str = ""
    since_ms: int = 0
    owner: str = ""
    command: str = ""
    mark: str = ""
    rung: str = ""
    level: int = 0

    @property
    def key(self) -> str:
        """What tells it from other causes of the rotation."""
        return f"{self.kind}/{self.about}"
