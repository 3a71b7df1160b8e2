"""What people are told of a Fleet, drawn from its status alone: a wave that stopped, and the end.

Each cluster's own rotation tells its own people of what stops it there; here speaks the hub.
"""

from collections.abc import Iterator

from underway.model import timestamp
from underway.rotate.alerts.cause import Cause, Kind
from underway.rotate.kinds.fleet import FleetStatus

BY_HAND = "spec.mode is Freeze"


def causes_of_fleet(name: str, status: FleetStatus) -> tuple[Cause, ...]:
    """The causes that hold now."""
    return tuple(_causes(name, status))


def _causes(name: str, status: FleetStatus) -> Iterator[Cause]:
    show = f"underway status --fleet {name}"
    succeeded = sum(1 for wave in status.waves if wave.state == "Succeeded")
    count = f"{succeeded} of {len(status.waves)} waves have succeeded"
    for wave in status.waves:
        if wave.state in ("Frozen", "Failed"):
            about = f"fleet {name}" if wave.reason == BY_HAND else f"wave {wave.name} of fleet {name}"
            clusters = f"{wave.finished} of {wave.clusters} clusters are finished; {count}"
            since_ms = timestamp.parse(wave.started_at) if wave.started_at and wave.state == "Failed" else 0
            command = f"underway resume --fleet {name}" if wave.reason == BY_HAND else show
            kind: Kind = "Frozen" if wave.state == "Frozen" else "Failed"
            yield Cause(kind, about, wave.reason, clusters, since_ms, command=command, mark=wave.reason)
    if status.state == "Failed" and not status.waves:
        yield Cause("Failed", f"fleet {name}", status.reason, "", command=show)
    if status.state == "Finished":
        yield Cause("Finished", f"fleet {name}", count, "", command=show)
