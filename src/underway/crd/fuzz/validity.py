"""Whether the API server would take an object, and objects mended until it would.

Owns what "valid" means to the laws: as a new object where it is drawn, and where it is converted to as one that is written
again with everything in it open to change: ratcheting, which forgives what an update leaves alone, forgives nothing here.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from underway.crd import list_types, pipeline
from underway.crd.defaults import copied
from underway.crd.definition import Version, definition_of
from underway.crd.fuzz.scalars import Draw
from underway.crd.problem import Problem

if TYPE_CHECKING:
    from random import Random

Object = dict[str, Any]
MENDED_MAX = 12  # fields taken away until an object is given up
DRAWN_MAX = 4  # objects drawn until the version is given up


class Validity:
    """The versions of one definition, as judges of their objects."""

    def __init__(self, crd: Mapping[str, Any]) -> None:
        self._versions = definition_of(dict(crd)).versions

    def of_new(self, value: Object) -> Problem | None:
        """Why the object could not be created, the first reason of all."""
        version = self._version(value)
        read = pipeline.request(copied(value), version)
        return read.problem or next(iter(pipeline.create(read.value, version).problems), None)

    def of_written_again(self, value: Object) -> Problem | None:
        """Why whoever has read the object could not change one of its fields and write it back."""
        version = self._version(value)
        read = pipeline.request(copied(value), version)
        if read.problem is not None:
            return read.problem
        checked = pipeline.update(read.value, copied(read.value), version)
        repeated = list_types.problems(read.value, version.node)
        return next(iter((*checked.problems, *checked.warnings, *repeated)), None)

    def drawn(self, value: Object, draw: Draw, rng: "Random") -> Object | None:
        """The object, or one drawn in its place, without what makes it invalid; None if that cannot be had.

        Drawing asks neither oneOf nor CEL: most objects of a kind with rules break one, and most are good without one field.
        """
        for _ in range(DRAWN_MAX):
            mended = self._mended(value)
            if mended is not None:
                return mended
            value = draw(rng)
        return None

    def _mended(self, value: Object) -> Object | None:
        path = ""
        for _ in range(MENDED_MAX):
            problem = self.of_new(value)
            if problem is None:
                # As the server holds it: with the defaults of what was taken away.
                return pipeline.request(copied(value), self._version(value)).value
            # The same place again, or one below it: what is wrong is that something is missing there.
            parts = _parts(problem.path)
            parts = _parts(path)[:-1] if path and problem.path.startswith(path) else parts
            if not parts:
                return None
            path = _dotted(parts)
            value = _without(value, parts)
        return None

    def _version(self, value: Object) -> Version:
        return self._versions[value["apiVersion"].rpartition("/")[2]]


def _parts(path: str) -> list[str]:
    """The parts of a path such as spec.inputs[0].value, down from the object."""
    return [part for part in re.findall(r"[^.\[\]]+", path) if part != "<nil>"]


def _dotted(parts: list[str]) -> str:
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).lstrip(".")


def _without(value: Any, parts: list[str]) -> Any:
    """A copy without the field or item at a place; if there is none, without what is above it."""
    first, *rest = parts
    if isinstance(value, dict) and first in value:
        if not rest:
            return {key: child for key, child in value.items() if key != first}
        return {**value, first: _without(value[first], rest)}
    if isinstance(value, list) and first.isdigit() and int(first) < len(value):
        place = int(first)
        return [*value[:place], *([_without(value[place], rest)] if rest else []), *value[place + 1 :]]
    return value
