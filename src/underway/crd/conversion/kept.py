"""What a version cannot hold, kept in an annotation of the object, and put back with a guard.

When an object is converted, the engine converts the result back at once. Where that differs from the original, something
was lost; the difference is written down as entries: where, what the way back makes of it (`seen`) and what it was (`kept`).
Later, on the real way back, an entry is applied only if the fields still are what was seen then: a field that somebody has
edited meanwhile is not overwritten with a stale value (kubernetes-sigs/cluster-api#9375), one that nobody touched returns.
Fields that mean something only together (the members of a one-of) are one entry. Items of lists with a key find their item
again after insertions and moves; other lists are kept or given up as a whole.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from underway.crd.conversion.paths import ABSENT, Object, own, put, read, take

ANNOTATION = "conversion.underway.dev/kept"
# The API server allows 256 KiB for all annotations of an object (apimachinery pkg/api/validation, TotalAnnotationSizeLimitB);
# the rest is left to their owners.
KEPT_BYTES_MAX = 192 * 1024

Segment = str | dict[str, Any]


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field of an entry. path: from the entry's place; seen, kept: its values, unset for absent."""

    path: tuple[str, ...]
    seen: Any = UNSET
    kept: Any = UNSET


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """Fields kept together. at: the object they are in, items as {key: value}; absent: its last parts that were not seen."""

    at: tuple[Segment, ...]
    fields: tuple[Field, ...]
    absent: int = 0


Kept = dict[str, tuple[Entry, ...]]
_DECODER = msgspec.json.Decoder(Kept)
_ENCODE = msgspec.json.Encoder().encode
ORDERED = msgspec.json.Encoder(order="deterministic").encode


class Layout(msgspec.Struct, frozen=True):
    """What is known of a version's lists and of fields that belong together.

    keys: lists of objects (as "spec.inputs") and the field that tells their items apart; together: for a place ("" for the
    object, "spec.inputs[]" for items) the groups of fields, as relative paths.
    """

    keys: Mapping[str, str]
    together: Mapping[str, tuple[tuple[tuple[str, ...], ...], ...]]


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same to the API: 1 is 1.0, but true is not 1."""
    if type(left) is dict and type(right) is dict:
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if type(left) is list and type(right) is list:
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def differences(seen: Object, kept: Object, layout: Layout) -> tuple[Entry, ...]:
    """Entries for all that `seen`, the object that came back, lacks or has otherwise than `kept`, the original."""
    entries: list[Entry] = []
    _compare((), "", 0, seen, kept, layout, entries)
    return tuple(entries)


def _compare(
    at: tuple[Segment, ...], pattern: str, there: int, seen: Object | None, kept: Object, layout: Layout, entries: list[Entry]
) -> None:
    """Compare two objects in one place. seen: None where nothing was seen; there: then how much of `at` was."""
    there = len(at) if seen is not None else there
    old = seen or {}
    done: set[str] = set()
    for group in layout.together.get(pattern, ()):
        fields = tuple(_field(path, old, kept) for path in group)
        done |= {path[0] for path in group if len(path) == 1}
        if not all(same(_absent(field.seen), _absent(field.kept)) for field in fields):
            entries.append(Entry(at, fields, len(at) - there))
    for key in (*kept, *(key for key in old if key not in kept)):
        if key in done:
            continue
        before, after = old.get(key, ABSENT), kept.get(key, ABSENT)
        if before is after:
            continue
        inside = f"{pattern}.{key}" if pattern else key
        if type(after) is dict and after and (before is ABSENT or type(before) is dict):
            _compare((*at, key), inside, there, None if before is ABSENT else before, after, layout, entries)
        elif not _items((*at, key), inside, before, after, layout, entries) and not same(before, after):
            entries.append(Entry(at, (_field((key,), old, kept),), len(at) - there))


def _items(at: tuple[Segment, ...], pattern: str, before: Any, after: Any, layout: Layout, entries: list[Entry]) -> bool:
    """Compare two lists item by item, if they have the same items in the same order by key."""
    key = layout.keys.get(pattern)
    if key is None or type(before) is not list or type(after) is not list:
        return False
    names, wanted = _names(before, key), _names(after, key)
    if names is None or names != wanted:
        return False
    for name, old, new in zip(names, before, after, strict=True):
        _compare((*at, {key: name}), f"{pattern}[]", 0, old, new, layout, entries)
    return True


def _names(items: list[Any], key: str) -> list[Any] | None:
    """The keys of all items, None unless each has its own."""
    names = [item.get(key) if type(item) is dict else None for item in items]
    if any(type(name) not in (str, int) for name in names) or len(set(names)) != len(names):
        return None
    return names


def _field(path: tuple[str, ...], seen: Object, kept: Object) -> Field:
    before, after = read(seen, path), read(kept, path)
    return Field(path, UNSET if before is ABSENT else before, UNSET if after is ABSENT else after)


def _absent(value: Any) -> Any:
    return ABSENT if isinstance(value, UnsetType) else value


def restore(value: Object, entries: Iterable[Entry]) -> None:
    """Put back, in place, what nobody has changed since. Containers of the object are copied before they are changed."""
    for entry in entries:
        _apply(value, entry)


def _apply(node: Object, entry: Entry) -> None:
    """Put one entry back if the fields still are what was seen."""
    found = _find(node, entry)
    if found is None:
        return
    target, missing = found
    if not all(_unchanged(ABSENT if missing else read(target, field.path), field) for field in entry.fields):
        return
    for field in entry.fields:
        path = (*missing, *field.path)
        if isinstance(field.kept, UnsetType):
            take(target, path)
        else:
            put(target, path, field.kept)


def _unchanged(now: Any, field: Field) -> bool:
    """The guard: whether a field is still what was seen when the other value was kept."""
    return same(now, _absent(field.seen))


def _find(node: Object, entry: Entry) -> tuple[Object, tuple[str, ...]] | None:
    """The (owned) object of an entry, or the nearest above it and the names that are missing; None if it is gone."""
    items: list[Any] = []
    for depth, segment in enumerate(entry.at):
        if isinstance(segment, dict):
            ((key, name),) = segment.items()
            places = [index for index, item in enumerate(items) if type(item) is dict and same(item.get(key), name)]
            if len(places) != 1:
                return None
            copied = dict(items[places[0]])
            items[places[0]] = copied
            node = copied
            continue
        child = node.get(segment, ABSENT)
        if type(child) is list:
            items = list(child)
            node[segment] = items
        elif (
            child is ABSENT and depth >= len(entry.at) - entry.absent and all(isinstance(part, str) for part in entry.at[depth:])
        ):
            # It was absent then, too: putting the field back makes it again.
            return node, tuple(part for part in entry.at[depth:] if isinstance(part, str))
        else:
            inner = own(node, segment)
            if inner is None:
                return None
            node = inner
    return node, ()


def decoded(text: Any) -> Kept:
    """The entries in an annotation by version; none if it is not ours to read."""
    try:
        return _DECODER.decode(text) if isinstance(text, str) else {}
    except msgspec.DecodeError:
        return {}


def encoded(kept: Kept) -> str:
    """The annotation's text."""
    return _ENCODE(kept).decode()


def named(entry: Entry) -> list[str]:
    """The paths of an entry's fields, for people."""
    where = ""
    for segment in entry.at:
        where += f"[{next(iter(segment.values()))}]" if isinstance(segment, dict) else f".{segment}" if where else segment
    return [f"{where}.{'.'.join(field.path)}" if where else ".".join(field.path) for field in entry.fields]
