"""RFC 3339 timestamps and integer milliseconds since the epoch, the only unit of time inside decisions."""

from datetime import UTC, datetime

MILLISECONDS = 1000


def parse(text: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 timestamp (metav1.Time or MicroTime). Raises ValueError if it is none."""
    return round(datetime.fromisoformat(text).timestamp() * MILLISECONDS)


def format_ms(at_ms: int) -> str:
    """The timestamp as metav1.Time writes it: whole seconds, UTC, "Z"."""
    return datetime.fromtimestamp(at_ms // MILLISECONDS, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_micro(at_ms: int) -> str:
    """The timestamp as metav1.MicroTime writes it (Lease): microseconds, UTC, "Z"."""
    return datetime.fromtimestamp(at_ms / MILLISECONDS, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
