"""The versions of one kind, declared once, and conversion between any two of them through the hub.

Owns the order of a conversion: moves, what was kept comes back, the way back is tried, what it lacks is kept. Pure and total:
any object of a served version goes in, an object or a reason comes out, and what went in is not changed. The result is what
the API server would hold: pruned with the schema of the version that was wanted.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from underway.crd.conversion.completeness import Versions, problems, versions_of
from underway.crd.conversion.kept import (
    ANNOTATION,
    KEPT_BYTES_MAX,
    ORDERED,
    Entry,
    Kept,
    Layout,
    decoded,
    differences,
    encoded,
    named,
    restore,
)
from underway.crd.conversion.lists import Each
from underway.crd.conversion.moves import Move
from underway.crd.conversion.outcome import Broken, Converted, Object, Unconvertible
from underway.errors import UsageError

PROBLEMS_SHOWN = 20


class Spoke(msgspec.Struct, frozen=True):
    """One version other than the hub. moves: what differs, towards the hub in this order, back in the reverse one."""

    version: str
    moves: tuple[Move, ...] = ()


class _Leg(msgspec.Struct, frozen=True):
    """One direction between a spoke and the hub."""

    steps: tuple[Callable[[Object], None], ...]
    api_version: str


class Conversions:
    """All conversions of one kind.

    crd: the CustomResourceDefinition, as plain values; hub: the version that all others convert through; spokes: one for
    each other version. keep=False keeps nothing, as most hand-written webhooks do: what a version cannot hold is lost.
    Raises UsageError that lists what is missing: a spoke without a version, a version without a spoke, fields without a move.
    """

    def __init__(self, crd: Mapping[str, Any], *, hub: str, spokes: tuple[Spoke, ...], keep: bool = True) -> None:
        self.crd = crd
        self.versions: Versions = versions_of(crd)
        self.hub, self.spokes, self.keep = hub, spokes, keep
        explained = {spoke.version: tuple(move.explains() for move in spoke.moves) for spoke in spokes}
        found = problems(self.versions, hub, [(spoke.version, explained[spoke.version]) for spoke in spokes])
        if found:
            more = f"\n  and {len(found) - PROBLEMS_SHOWN} more" if len(found) > PROBLEMS_SHOWN else ""
            listed = "".join(f"\n  {problem}" for problem in found[:PROBLEMS_SHOWN])
            raise UsageError(f"{self.versions.name}: the conversions are not complete:{listed}{more}")
        self._ups = {spoke.version: self._leg(spoke, hub, towards_hub=True) for spoke in spokes}
        self._downs = {spoke.version: self._leg(spoke, spoke.version, towards_hub=False) for spoke in spokes}
        keys = {path: key for spoke in spokes for path, key in _keys(spoke.moves).items()}
        self._layouts = {
            spoke.version: Layout(keys, _grouped(group for one in explained[spoke.version] for group in one.spoke_together))
            for spoke in spokes
        }
        self._hub_layouts = {
            spoke.version: Layout(keys, _grouped(group for one in explained[spoke.version] for group in one.hub_together))
            for spoke in spokes
        }

    def _leg(self, spoke: Spoke, target: str, *, towards_hub: bool) -> _Leg:
        steps = tuple(move.up for move in spoke.moves) if towards_hub else tuple(move.down for move in reversed(spoke.moves))
        return _Leg(steps, f"{self.versions.group}/{target}")

    def convert(self, value: Object, to: str) -> Converted | Unconvertible:
        """Convert one object. to: the version's name, such as "v1"."""
        refusal = self.versions.refusal(value, to)
        if refusal is not None:
            return refusal
        source = value["apiVersion"].rpartition("/")[2]
        if source == to:
            return Converted(value)
        try:
            if source == self.hub or to == self.hub:
                return self._hop(value, source, to)
            halfway = self._hop(value, source, self.hub)
            if isinstance(halfway, Unconvertible):
                return halfway
            whole = self._hop(halfway.object, self.hub, to)
        except Broken as broken:
            return broken.outcome
        if isinstance(whole, Unconvertible):
            return whole
        return Converted(whole.object, halfway.kept + whole.kept, halfway.lost + whole.lost)

    def _hop(self, value: Object, source: str, to: str) -> Converted | Unconvertible:
        """Between a spoke and the hub."""
        bare, notes = _opened(value)
        forth, back = (self._ups[source], self._downs[source]) if to == self.hub else (self._downs[to], self._ups[to])
        made = self._through(bare, forth, to)
        if to in notes:
            restore(made, notes.pop(to))
            made = self._held(made, to)
        returned = self._through(made, back, source)
        losses: tuple[Entry, ...] = ()
        if ORDERED(returned) != ORDERED(bare):
            layout = self._hub_layouts[to] if source == self.hub else self._layouts[source]
            losses = differences(_body(returned), _body(bare), layout)
        paths = tuple(path for entry in losses for path in named(entry))
        if not self.keep:
            return Converted(_closed(made, value, {}), lost=paths)
        if losses:
            notes[source] = losses
        if notes and len(encoded(notes)) > KEPT_BYTES_MAX:
            reason = f"{to} cannot hold {len(paths)} fields, and what would have to be kept is over {KEPT_BYTES_MAX} bytes"
            return Unconvertible(f"{reason}; the first is {paths[0] if paths else 'unknown'}", paths[0] if paths else "")
        return Converted(_closed(made, value, notes), kept=paths)

    def _through(self, value: Object, leg: _Leg, to: str) -> Object:
        made = dict(value)
        made["apiVersion"] = leg.api_version
        for step in leg.steps:
            step(made)
        return self._held(made, to)

    def _held(self, value: Object, version: str) -> Object:
        """The object as the API server would hold it in this version."""
        return self.versions.prune(value, version)


def _keys(moves: tuple[Move, ...]) -> dict[str, str]:
    return {path: key for move in moves if isinstance(move, Each) for path, key in move.keyed().items()}


def _grouped(groups: Any) -> dict[str, tuple[tuple[tuple[str, ...], ...], ...]]:
    """Groups of full paths by the place that they share: the items of a list, or the object."""
    found: dict[str, tuple[tuple[tuple[str, ...], ...], ...]] = {}
    for group in groups:
        place = group[0].rpartition("[].")[0]
        place = f"{place}[]" if place else ""
        cut = len(place) + 1 if place else 0
        found[place] = (*found.get(place, ()), tuple(tuple(path[cut:].split(".")) for path in group))
    return found


def _opened(value: Object) -> tuple[Object, Kept]:
    """The object without metadata, which conversion does not touch, and what is kept in it."""
    annotations = (value.get("metadata") or {}).get("annotations") or {}
    bare = {key: child for key, child in value.items() if key != "metadata"}
    return bare, (decoded(annotations[ANNOTATION]) if ANNOTATION in annotations else {})


def _body(value: Object) -> Object:
    return {key: child for key, child in value.items() if key not in ("apiVersion", "kind")}


def _closed(made: Object, original: Object, notes: Kept) -> Object:
    """The object with the original's metadata, and with what is kept in it, in the usual order of fields."""
    metadata = original.get("metadata")
    annotations = (metadata or {}).get("annotations") or {}
    if notes or ANNOTATION in annotations:
        annotations = {key: child for key, child in annotations.items() if key != ANNOTATION}
        if notes:
            annotations[ANNOTATION] = encoded(notes)
        metadata = {key: child for key, child in (metadata or {}).items() if key != "annotations"}
        if annotations:
            metadata["annotations"] = annotations
    head: Object = {"apiVersion": made["apiVersion"], "kind": original["kind"]}
    if metadata is not None:
        head["metadata"] = metadata
    return head | {key: child for key, child in made.items() if key not in ("apiVersion", "kind", "metadata")}
