"""What people are told of a Fleet, drawn from its status alone: a wave that stopped, and the end.

Each cluster's own rotation tells its own people of what stops it there; here speaks the hub.
"""

from collections.abc import Iterator

from underway.model import timestamp
from underway.rotate.alerts.cause import Cause, Kind
from underway.rotate.kinds.fleet import FleetStatus


def causes_of_fleet(name: str, status: FleetStatus) -> tuple[Cause, ...]:
    """The causes that hold now."""
    return tuple(_causes(name, status))


def _causes(name: str, status: FleetStatus) -> Iterator[Cause]:
    show = f"underway status --fleet {name}"
    succeeded = sum(1 for wave in status.waves if wave.state == "Succeeded")
    count = f"{succeeded} of {len(status.waves)} waves have succeeded"
    for wave in status.waves:
        if wave.state in ("Frozen", "Failed"):
            frozen = status.frozen if wave.state == "Frozen" else None
            by_hand = frozen is not None and frozen.level == "fleet"
            about = f"fleet {name}" if by_hand else f"wave {wave.name} of fleet {name}"
            reason = f"{wave.reason}, by {frozen.by}" if frozen and by_hand else wave.reason
            clusters = f"{wave.finished} of {wave.clusters} clusters are finished; {count}"
            since = frozen.since if frozen else wave.started_at
            command = f"underway resume --fleet {name}" if by_hand else show
            kind: Kind = "Frozen" if wave.state == "Frozen" else "Failed"
            since_ms = timestamp.parse(since) if since else 0
            yield Cause(kind, about, reason, clusters, since_ms, command=command, mark=wave.reason)
    if status.state == "Failed" and not status.waves:
        yield Cause("Failed", f"fleet {name}", status.reason, "", command=show)
    if status.state == "Finished":
        yield Cause("Finished", f"fleet {name}", count, "", command=show)
