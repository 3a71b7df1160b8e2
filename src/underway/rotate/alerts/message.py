"""What a message says: what is wrong, with which object, whose it is, since when, and the next command to run.

Owns the words and their bounds. Everything in it comes from the status of a rotation; nothing from a destination.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from underway.model import timestamp
from underway.model.duration import human
from underway.rotate.alerts.cause import Kind
from underway.rotate.alerts.telling import Due

Severity = Literal["info", "success", "warning", "failure"]
SHOWN_MAX = 10
TEXT_MAX = 600  # of one line; a message of ten causes stays below what chats and pagers take (Slack: 40,000 characters)
TITLE_MAX = 160
SEVERITIES: dict[Kind, Severity] = {
    "Frozen": "warning",
    "Blocked": "warning",
    "Capacity": "warning",
    "Failed": "failure",
    "Finished": "success",
}
WEIGHT: tuple[Severity, ...] = ("info", "success", "warning", "failure")


class Message(msgspec.Struct, frozen=True):
    """One message."""

    title: str
    body: str
    severity: Severity


def message(about: str, due: Sequence[Due], now_ms: int, show: str) -> Message:
    """The message that says all of it. about: whose it is, for the title; show: the command that shows what has no room."""
    parts = [_part(one, now_ms) for one in due[:SHOWN_MAX]]
    if len(due) > SHOWN_MAX:
        parts.append(f"and {len(due) - SHOWN_MAX} more: {show}")
    severity = max((_severity(one) for one in due), key=WEIGHT.index)
    head = _head(due[0]) if len(due) == 1 else f"{_head(due[0])}; and {len(due) - 1} more"
    return Message(_cut(f"[{about}] {head}", TITLE_MAX), "\n\n".join(parts), severity)


def _severity(due: Due) -> Severity:
    return "success" if due.cause is None else SEVERITIES[due.told.kind]


def _head(due: Due) -> str:
    state = f"{due.told.kind} no more" if due.cause is None else f"still {due.told.kind}" if due.again else due.told.kind
    return f"{state}: {due.told.about}"


def _part(due: Due, now_ms: int) -> str:
    told, cause = due.told, due.cause
    lasted = human(max(0, now_ms - told.since_ms) / 1_000)
    lines = [f"{_head(due)}"]
    if cause is None:
        facts = [("was", told.text), ("owner", told.owner), ("since", f"{timestamp.format_ms(told.since_ms)}, for {lasted}")]
    else:
        facts = [
            ("why", cause.text),
            ("object", cause.objects),
            ("rung", cause.rung),
            ("owner", cause.owner),
            ("since", f"{timestamp.format_ms(told.since_ms)}, for {lasted}"),
            ("next", cause.command),
        ]
    lines += [f"  {name:<7}{_cut(text, TEXT_MAX)}" for name, text in facts if text]
    return "\n".join(lines)


def _cut(text: str, length: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"
