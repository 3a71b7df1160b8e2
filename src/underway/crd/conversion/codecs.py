"""Two notations of one value, and the way between them: 90 and "90s", "3" and 3, 0.25 and "25%".

A codec reads exactly: a value that it cannot carry over and back unchanged in meaning is not understood (NotUnderstood), and
the conversion keeps it instead of guessing. "3000000000" is no int32, "1.5" no integer, "2" no truth value.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from underway.crd.conversion.outcome import NotUnderstood

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_DURATION = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")


class Codec(msgspec.Struct, frozen=True):
    """Two notations. up: from the spoke's to the hub's, down: back; both raise NotUnderstood."""

    up: Callable[[Any], Any]
    down: Callable[[Any], Any]

    @property
    def turned(self) -> "Codec":
        """The same codec for a hub that has the spoke's notation."""
        return Codec(self.down, self.up)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise NotUnderstood
    return value


def _integer_text(low: int, high: int) -> Codec:
    def up(value: Any) -> int:
        if type(value) is not str or _INTEGER.fullmatch(value) is None or value == "-0":
            raise NotUnderstood
        number = int(value)
        if not low <= number <= high:
            raise NotUnderstood
        return number

    def down(value: Any) -> str:
        if type(value) is not int or not low <= value <= high:
            raise NotUnderstood
        return str(value)

    return Codec(up, down)


def _truth(value: Any) -> bool:
    if value == "true":
        return True
    if value == "false":
        return False
    raise NotUnderstood


def _truth_text(value: Any) -> str:
    if type(value) is not bool:
        raise NotUnderstood
    return "true" if value else "false"


def _duration(value: Any) -> str:
    if type(value) is not int or value < 0 or value > INT32[1]:
        raise NotUnderstood
    minutes, seconds = divmod(value, 60)
    hours, minutes = divmod(minutes, 60)
    written = "".join(f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if number)
    return written or "0s"


def _seconds(value: Any) -> int:
    match = _DURATION.fullmatch(_text(value))
    if match is None or not value:
        raise NotUnderstood
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _percent(value: Any) -> str:
    if type(value) is not int or not 0 <= value <= 100:
        raise NotUnderstood
    return f"{value}%"


def _percentage(value: Any) -> int:
    text = _text(value)
    if not text.endswith("%") or _INTEGER.fullmatch(text[:-1]) is None:
        raise NotUnderstood
    return int(text[:-1])


def scaled(factor: int) -> Codec:
    """An integer in a coarse unit (spoke) and in a fine one (hub): scaled(1000) is seconds and milliseconds."""
    if factor < 2:
        raise ValueError(f"scaled({factor}): the hub's unit must be at least twice as fine; turn the codec round with .turned")

    def up(value: Any) -> int:
        if type(value) is not int or abs(value) * factor > INT64[1]:
            raise NotUnderstood
        return value * factor

    def down(value: Any) -> int:
        if type(value) is not int:
            raise NotUnderstood
        # Towards zero, so that a spoke never shows more than there is; the exact value is kept.
        return value // factor if value >= 0 else -(-value // factor)

    return Codec(up, down)


TEXT = Codec(_text, _text)
INT32_TEXT = _integer_text(*INT32)
INT64_TEXT = _integer_text(*INT64)
BOOLEAN_TEXT = Codec(_truth, _truth_text)
SECONDS = Codec(_duration, _seconds)
PERCENT = Codec(_percent, _percentage)
