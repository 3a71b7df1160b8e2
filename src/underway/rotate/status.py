"""How a rotation stands, as a value: what a terminal, a report and the Lease show."""

import msgspec

from underway.rotate.blockers import Blocker


class InFlight(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One node in hand. since: epoch milliseconds; pods: how many still have to leave; waiting: what for, most important first."""

    node: str
    phase: str
    since_ms: int
    zone: str = ""
    replacement: str = ""
    pods: int = 0
    waiting: tuple[str, ...] = ()


class NodeCounts(msgspec.Struct, frozen=True, rename="camel"):
    """How many of the selected nodes there are, and stand where."""

    total: int = 0
    up_to_date: int = 0
    in_hand: int = 0
    outdated: int = 0


class Statistics(msgspec.Struct, frozen=True, rename="camel"):
    """What this driver has done since it started."""

    evictions: int = 0
    refused_by_budget: int = 0
    provisions: int = 0
    terminations: int = 0
    requests: int = 0
    retries: int = 0


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """The whole. state: Starting, Waiting, Progressing, Frozen, Blocked, Stopping, Finished or Failed; reason: why, "" when
    it progresses; bound_s: the lower bound from the beginning, predicted_finish_ms: when it will be done at the present pace."""

    rotation: str
    state: str
    reason: str = ""
    since_ms: int = 0
    nodes: NodeCounts = NodeCounts()
    in_flight: tuple[InFlight, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    started_ms: int | None = None
    bound_s: float | None = None
    predicted_finish_ms: int | None = None
    statistics: Statistics = Statistics()
