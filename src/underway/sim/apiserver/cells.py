"""What a cell of a Table is made of: the column, ages, and the cells that show one field.

Owns what the columns of all kinds share. Source: kubernetes pkg/printers; apimachinery pkg/util/duration.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from underway.model import timestamp
from underway.sim.store import Object

Cell = Callable[[Object, int], Any]
NONE, UNKNOWN, UNSET = "<none>", "<unknown>", "<unset>"


class Column(msgspec.Struct, frozen=True):
    """One column. cell: makes its value from an object and the present; priority: 1 for -o wide alone."""

    name: str
    cell: Cell
    priority: int = 0
    type: str = "string"
    format: str = ""
    description: str = ""


def name_of(value: Object) -> str:
    """The object's name."""
    return str(value["metadata"]["name"])


def human(elapsed_ms: int) -> str:
    """A duration in at most two units. Source: apimachinery pkg/util/duration, HumanDuration."""
    seconds = elapsed_ms // 1_000
    if seconds < 0:
        return "<invalid>" if seconds < -1 else "0s"
    if seconds < 60 * 2:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 60 * 3:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 365 * 2:
        return f"{days}d"
    years = days // 365
    if years < 8:
        return f"{years}y{days % 365}d" if days % 365 else f"{years}y"
    return f"{years}y"


def since(text: str | None, now_ms: int) -> str:
    """How long ago an instant was."""
    return human(now_ms - timestamp.parse(text)) if text else UNKNOWN


def age(value: Object, now_ms: int) -> str:
    """How long ago the object was created."""
    return since(value["metadata"].get("creationTimestamp"), now_ms)


def at(*path: str, otherwise: Any = NONE) -> Cell:
    """The cell that shows one field."""

    def cell(value: Object, _now_ms: int) -> Any:
        found: Any = value
        for part in path:
            found = found.get(part) if isinstance(found, dict) else None
        return otherwise if found is None or found == "" else found

    return cell


def count(*path: str) -> Cell:
    """The cell that shows a number, 0 where there is none."""
    return at(*path, otherwise=0)


def text(*path: str, otherwise: str = "") -> Cell:
    """The cell that shows one field as text."""
    cell = at(*path, otherwise=otherwise)
    return lambda value, now_ms: str(cell(value, now_ms))


def pairs(labels: Object | None) -> str:
    """Labels as a selector writes them."""
    return ",".join(f"{key}={wanted}" for key, wanted in sorted((labels or {}).items())) or NONE


AGE = Column("Age", age)
