"""How a conversion ends. Both ends are values: whoever asked decides what one bad object means for the others."""

from typing import Any

import msgspec

Object = dict[str, Any]


class Converted(msgspec.Struct, frozen=True):
    """An object in the version that was wanted.

    kept: paths of the fields that the version cannot hold, now in the annotation; lost: those that are in no place, because
    the conversions were declared with keep=False.
    """

    object: Object
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class Unconvertible(msgspec.Struct, frozen=True):
    """Why an object cannot be converted. field: the path that is to blame, "" for the object as a whole."""

    reason: str
    field: str = ""


class NotUnderstood(Exception):
    """A codec cannot read this value. It never leaves the moves."""


class Broken(Exception):
    """A Python function of the conversions failed."""

    def __init__(self, outcome: Unconvertible) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome
