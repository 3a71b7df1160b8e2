"""What conversions must hold, each law a function from objects to what broke it, or None.

Round trips give the same object back; an edit in one version survives the way through another; names, labels and what was
given stay untouched; nothing is refused; what could be written in one version could be written in another. Laws see conversions
from outside only: what the API server would see.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from underway.crd.conversion import Conversions, Unconvertible
from underway.crd.conversion.kept import ANNOTATION, ORDERED, same
from underway.crd.conversion.paths import ABSENT
from underway.crd.fuzz.validity import Validity

if TYPE_CHECKING:
    from random import Random

Object = dict[str, Any]


class Broken(msgspec.Struct, frozen=True):
    """How a law was broken. law: its name; path: the versions, as "v1 -> v1beta1 -> v1"; wanted, got: the objects."""

    law: str
    path: str
    reason: str
    wanted: Any
    got: Any = None


def round_trip(conversions: Conversions, value: Object, through: str) -> Broken | None:
    """There and back is where it began. value: in any version; through: another one."""
    source = value["apiVersion"].rpartition("/")[2]
    law = f"{_role(conversions, source)}-{_role(conversions, through)}-{_role(conversions, source)}"
    path = f"{source} -> {through} -> {source}"
    before = ORDERED(value)
    there = conversions.convert(value, through)
    if ORDERED(value) != before:
        return Broken("given", path, "the conversion changed the object that it was given", msgspec.json.decode(before), value)
    if isinstance(there, Unconvertible):
        return Broken("total", path, _refused(there, source, through), value)
    changed = _metadata(value, there.object)
    if changed:
        return Broken("metadata", path, changed, value, there.object)
    back = conversions.convert(there.object, source)
    if isinstance(back, Unconvertible):
        return Broken("total", path, _refused(back, through, source), there.object)
    if ORDERED(back.object) == before or same(back.object, value):
        return None
    return Broken(law, path, difference(value, back.object), value, back.object)


def edit(conversions: Conversions, value: Object, through: str, other: Object, rng: "Random") -> Broken | None:
    """What is edited in one version is there after the way through the version it came from: nothing stale comes back.

    value: in any version; through: where it is edited, towards `other`, an object of that version.
    """
    source = value["apiVersion"].rpartition("/")[2]
    path = f"{source} -> {through}, edited -> {source} -> {through}"
    there = conversions.convert(value, through)
    if isinstance(there, Unconvertible):
        return Broken("total", path, _refused(there, source, through), value)
    edited = _edited(there.object, other, rng)
    back = conversions.convert(edited, source)
    if isinstance(back, Unconvertible):
        return Broken("total", path, _refused(back, through, source), edited)
    ignored = _without_effect(conversions, there.object, edited, back.object, source)
    if ignored:
        return Broken("edit", path, ignored, _plain(edited), _plain(back.object))
    again = conversions.convert(back.object, through)
    if isinstance(again, Unconvertible):
        return Broken("total", path, _refused(again, source, through), back.object)
    wanted, got = _plain(edited), _plain(again.object)
    if same(wanted, got):
        return None
    return Broken("edit", path, difference(wanted, got), wanted, got)


def validity(conversions: Conversions, judge: Validity, value: Object, to: str) -> Broken | None:
    """A valid object is valid in another version too: who has read it there can change it and write it again.

    value: valid in its version.
    """
    source = value["apiVersion"].rpartition("/")[2]
    path = f"{source} -> {to}"
    there = conversions.convert(value, to)
    if isinstance(there, Unconvertible):
        return Broken("total", path, _refused(there, source, to), value)
    problem = judge.of_written_again(there.object)
    return None if problem is None else Broken("validity", path, str(problem), value, there.object)


def _without_effect(conversions: Conversions, before: Object, edited: Object, made: Object, to: str) -> str:
    """What an edit should have changed in another version and did not, "" if it had its effect.

    Without what is kept, conversion shows what the edit alone means: where that differs before and after, `made`, the
    conversion with what is kept, must have the new.
    """
    base, fresh = (conversions.convert(_plain(value), to) for value in (before, edited))
    if isinstance(base, Unconvertible) or isinstance(fresh, Unconvertible):
        return ""
    for parts in _changes(base.object, fresh.object, ()):
        wanted, got = _at(fresh.object, parts), _at(made, parts)
        if not same(wanted, got):
            shown = "absent" if wanted is ABSENT else _short(wanted)
            return f"{_dotted(parts)} should have become {shown} and is {'absent' if got is ABSENT else _short(got)}"
    return ""


def _changes(old: Any, new: Any, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Places of the scalars (and empty containers) that differ. Lists count where they have the same items by name."""
    if type(old) is dict or type(new) is dict:
        before, after = old if type(old) is dict else {}, new if type(new) is dict else {}
        if before or after:
            for key in dict.fromkeys((*before, *after)):
                if at or key not in ("apiVersion", "metadata"):
                    yield from _changes(before.get(key, ABSENT), after.get(key, ABSENT), (*at, key))
            return
    if type(old) is list and type(new) is list:
        if [_name(item) for item in old] == [_name(item) for item in new]:
            for index, (one, two) in enumerate(zip(old, new, strict=True)):
                yield from _changes(one, two, (*at, index))
        return
    if not same(old, new):
        yield at


def _name(item: Any) -> Any:
    return item.get("name") if type(item) is dict else None


def _at(value: Any, parts: tuple[str | int, ...]) -> Any:
    for part in parts:
        if isinstance(part, int):
            if type(value) is not list or part >= len(value):
                return ABSENT
            value = value[part]
        else:
            value = value.get(part, ABSENT) if type(value) is dict else ABSENT
    return value


def _dotted(parts: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _edited(value: Object, other: Object, rng: "Random") -> Object:
    """A copy with one field, somewhere, as it is in another object: changed, added or taken away; or a list turned round."""
    made = dict(value)
    node, donor = made, other
    names = [name for name in dict.fromkeys((*made, *other)) if name not in ("apiVersion", "kind", "metadata")]
    while names:
        name = names[int(rng.random() * len(names))]
        mine, theirs = node.get(name), donor.get(name)
        if type(mine) is dict and type(theirs) is dict and (mine or theirs) and rng.random() < 0.9:
            node[name] = node = dict(mine)
            donor = theirs
            names = list(dict.fromkeys((*node, *donor)))
            continue
        if type(mine) is list and len(mine) > 1 and rng.random() < 0.3:
            node[name] = mine[::-1]
        elif type(mine) is list and type(theirs) is list and rng.random() < 0.5:
            node[name] = _edited_list(mine, theirs, rng)
        elif name in donor:
            node[name] = theirs
        else:
            del node[name]
        break
    return made


def _edited_list(mine: list[Any], theirs: list[Any], rng: "Random") -> list[Any]:
    """One item fewer, or one field of an item otherwise."""
    if not mine:
        return theirs
    place = int(rng.random() * len(mine))
    if rng.random() < 0.5 or not theirs or type(mine[place]) is not dict or type(theirs[0]) is not dict:
        return mine[:place] + mine[place + 1 :]
    # The item keeps its name: what identifies it is not what is edited.
    names = [name for name in dict.fromkeys((*mine[place], *theirs[0])) if name != "name"]
    if not names:
        return mine
    name = names[int(rng.random() * len(names))]
    item = {key: child for key, child in mine[place].items() if key != name}
    if name in theirs[0]:
        item[name] = theirs[0][name]
    return [*mine[:place], item, *mine[place + 1 :]]


def _role(conversions: Conversions, version: str) -> str:
    return "hub" if version == conversions.hub else "spoke"


def _refused(outcome: Unconvertible, source: str, to: str) -> str:
    field = f"{outcome.field}: " if outcome.field else ""
    return f"{source} -> {to} is refused: {field}{outcome.reason}"


def _metadata(value: Object, other: Object) -> str:
    """What of the metadata changed that may not, "" if nothing did."""
    before, after = value.get("metadata") or {}, other.get("metadata") or {}
    if before is after:
        return ""
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if key == "annotations":
            old, new = _own(old), _own(new)
        if old != new:
            return f"metadata.{key} became {new!r}"
    return ""


def _own(annotations: Any) -> Any:
    return {key: text for key, text in (annotations or {}).items() if key != ANNOTATION}


def _plain(value: Object) -> Object:
    """Without the annotation, which says another thing after an edit."""
    metadata = value.get("metadata") or {}
    annotations = _own(metadata.get("annotations"))
    rest = {key: child for key, child in metadata.items() if key != "annotations"}
    return {**value, "metadata": {**rest, "annotations": annotations} if annotations else rest}


def difference(wanted: Any, got: Any, path: str = "") -> str:
    """The first difference of two values, for people."""
    if type(wanted) is dict and type(got) is dict:
        for key in dict.fromkeys((*wanted, *got)):
            here = f"{path}.{key}" if path else key
            if key not in got:
                return f"{here} is lost; it was {_short(wanted[key])}"
            if key not in wanted:
                return f"{here} appeared: {_short(got[key])}"
            if not same(wanted[key], got[key]):
                return difference(wanted[key], got[key], here)
    if type(wanted) is list and type(got) is list and len(wanted) == len(got):
        for index, (one, two) in enumerate(zip(wanted, got, strict=True)):
            if not same(one, two):
                return difference(one, two, f"{path}[{index}]")
    return f"{path} was {_short(wanted)} and became {_short(got)}"


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 120 else f"{text[:117]}..."
