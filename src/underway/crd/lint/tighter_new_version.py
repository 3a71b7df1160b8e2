"""A version that demands more than the storage version does: objects that are stored are invalid there.

Reads are not validated, so such objects appear; but every write of theirs in the tighter version fails, unless the field is
unchanged (ratcheting, since 1.33). Source: API conventions, "On compatibility": a new version may not tighten validation.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from underway.crd.lint.finding import Definition, Rule

FLOORS = ("minimum", "minLength", "minItems", "minProperties")
CEILINGS = ("maximum", "maxLength", "maxItems", "maxProperties")


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Bounds, patterns and required fields that the storage version does not have so tightly."""
    storage = definition.storage
    if storage is None:
        return
    for version in definition.versions:
        if version.storage or not version.served:
            continue
        for path, schema in version.fields.items():
            stored = storage.fields.get(path)
            if stored is not None:
                for what in _tighter(schema, stored):
                    yield version.name, path, f"{what}: objects stored as {storage.name} may be invalid"


def _tighter(new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[str]:
    for name in FLOORS:
        low, was = new.get(name), old.get(name)
        if low is not None and (was is None or low > was) and not (name != "minimum" and low == 0):
            yield f"{name} is {low}, {'none' if was is None else was} in the storage version"
    for name in CEILINGS:
        high, was = new.get(name), old.get(name)
        if high is not None and (was is None or high < was):
            yield f"{name} is {high}, {'none' if was is None else was} in the storage version"
    if new.get("pattern") and not old.get("pattern") and not old.get("enum"):
        yield f"pattern {new['pattern']} is new"
    if new.get("enum") and not old.get("enum"):
        yield "the enum is new"
    properties = new.get("properties") or {}
    common = set(old.get("properties") or {})
    for name in new.get("required") or ():
        defaulted = (properties.get(name) or {}).get("default") is not None
        if name in common and name not in (old.get("required") or ()) and not defaulted:
            yield f"{name} is required"


RULE = Rule("tighter-new-version", "warning", "allow what the storage version allows, or migrate first", look)
