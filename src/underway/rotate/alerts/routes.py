"""Which destination hears of a cause: the part of a specification that says so, and its reading.

A destination is the name of an entry of a Secret (docs/adr/0010); what the entry holds is not known here.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

import msgspec

from underway.model.duration import seconds
from underway.rotate.alerts.cause import Cause, Kind
from underway.rotate.fields import LIST_MAX, OptionalDuration, Rule, Spec, scalar

Recipient = Literal["user", "admins", "team"]
DESTINATION = "[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?"
DESTINATION_MAX = 63
HEARS: Mapping[Recipient, tuple[Kind, ...]] = {
    "user": ("Frozen", "Failed", "Finished"),
    "admins": ("Frozen", "Blocked", "Capacity", "Failed"),
    "team": ("Blocked",),
}
"""What each recipient is told where the specification does not say: what it can do something about."""
ALERTS_MAX = 16
REMIND = "4h"  # Alertmanager's default repeat_interval


def _destination(text: str) -> str:
    if not re.fullmatch(DESTINATION, text):
        # The text is not shown: it may be the URL itself, and this stands in a status and in logs.
        raise ValueError("is not the name of an entry of a Secret; use letters, digits, '-', '_' and '.', and no URL")
    return text


Destination = Annotated[str, scalar(_destination, pattern=f"^{DESTINATION}$"), msgspec.Meta(max_length=DESTINATION_MAX)]
OptionalDestination = Annotated[
    str, scalar(lambda text: text and _destination(text), pattern=f"^({DESTINATION})?$"), msgspec.Meta(max_length=DESTINATION_MAX)
]


class Alert(Spec, frozen=True):
    """Who is told. from: the entry of the alerts' Secret that holds the URLs; teams: such entries by owner, for to: team.

    causes: of which; what each recipient can act on, where it is not given. remind: after how long again, 0s for never.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.from) && self.from != '') || (has(self.teams) && size(self.teams) > 0)",
            "give from, the entry of the alerts' Secret that holds where to; to: team may give teams instead",
            lambda self: self.from_ or self.teams,
        ),
        Rule(
            "self.to == 'team' || !has(self.teams) || size(self.teams) == 0",
            "teams are for to: team",
            lambda self: self.to == "team" or not self.teams,
        ),
    )
    to: Recipient
    from_: OptionalDestination = msgspec.field(name="from", default="")
    teams: Annotated[dict[str, Destination], msgspec.Meta(max_length=LIST_MAX)] = {}
    causes: Annotated[tuple[Kind, ...], msgspec.Meta(max_length=len(HEARS["admins"]) + 1)] = ()
    remind: OptionalDuration = REMIND

    def destination(self, cause: Cause) -> str:
        """Where the cause is told, "" for nowhere."""
        if cause.kind not in (self.causes or HEARS[self.to]):
            return ""
        if self.to == "team":
            return self.teams.get(cause.owner, self.from_) if cause.owner else ""
        return self.from_


def named(alerts: Iterable[Alert]) -> tuple[str, ...]:
    """Every destination that is named, once."""
    return tuple(dict.fromkeys(name for alert in alerts for name in (alert.from_, *alert.teams.values()) if name))


class Route(msgspec.Struct, frozen=True):
    """Where one cause is told, and after how long again: 0 for never."""

    destination: str
    cause: Cause
    remind_ms: int


def routed(alerts: Iterable[Alert], causes: Iterable[Cause]) -> tuple[Route, ...]:
    """Where each cause is told, each destination once; what several alerts ask of one is reminded at the shortest interval."""
    found: dict[tuple[str, str], Route] = {}
    rules = tuple(alerts)
    for cause in causes:
        for alert in rules:
            destination = alert.destination(cause)
            remind_ms = round(seconds(alert.remind) * 1_000) if alert.remind else 0
            known = found.get((destination, cause.key))
            if destination and (known is None or 0 < remind_ms < (known.remind_ms or remind_ms + 1)):
                found[destination, cause.key] = Route(destination, cause, remind_ms)
    return tuple(found.values())
