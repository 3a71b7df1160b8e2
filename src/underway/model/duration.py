"""Durations as people write them in specifications ("90s", "30m", "1h30m"). Source: Go time.ParseDuration, metav1.Duration."""

import re

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """Seconds of a duration. Raises ValueError if it is none; negative durations are none."""
    parts = _PART.findall(text)
    if text == "0":
        return 0.0
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration; write it as 90s, 30m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def human(total_s: float) -> str:
    """A duration for people: "1h02m", "4m10s", "12s"."""
    whole = round(total_s)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{secs:02d}s" if minutes else f"{secs}s"
