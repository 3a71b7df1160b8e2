"""What can be read off a hook's command: how long one that only sleeps takes. Other commands take nobody knows how long."""

from collections.abc import Sequence

SHELLS = ("sh", "bash", "ash", "dash")


def sleep_s(command: Sequence[str]) -> float | None:
    """The seconds of `sleep N`, by itself or as all that a shell is told (`sh -c "sleep N"`); None for any other command."""
    words = list(command)
    if len(words) == 3 and words[1] == "-c" and words[0].rpartition("/")[2] in SHELLS:
        words = words[2].split()
    if len(words) != 2 or words[0].rpartition("/")[2] != "sleep":
        return None
    number = words[1].removesuffix("s")
    return float(number) if number.replace(".", "", 1).isdecimal() else None
