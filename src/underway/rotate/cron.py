"""When a cron schedule fires in a time zone. No clock is read: every question names its instant.

Source of the syntax and of what happens when clocks change: Debian's cron, as cronsim follows it (a fixed time that a spring
night skips fires right after the gap; one that an autumn night repeats fires once).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from underway.model.timestamp import MILLISECONDS

FIELDS = 5
EXAMPLE = '"0 1 * * *" (minute, hour, day of the month, month, day of the week)'
_ANY = datetime(2026, 1, 1, tzinfo=UTC)


def checked_schedule(text: str) -> str:
    """The schedule, as it is. Raises ValueError if it is none."""
    if len(text.split()) != FIELDS:
        raise ValueError(f"{text!r} is not a schedule of five fields; write it as {EXAMPLE}")
    try:
        CronSim(text, _ANY)
    except CronSimError as error:
        raise ValueError(f"{text!r} is not a schedule: {str(error).lower()}; write it as {EXAMPLE}") from None
    return text


def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ValueError if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; use a name of the IANA database, such as Asia/Tokyo or UTC") from None


def fires(schedule: str, time_zone: str, after_ms: int) -> Iterator[int]:
    """The times at which a schedule fires, strictly after an instant, in epoch milliseconds; none for fifty years ends it."""
    begin = datetime.fromtimestamp(after_ms // MILLISECONDS, tz=zone(time_zone))
    for at in CronSim(schedule, begin):
        yield round(at.timestamp() * MILLISECONDS)
