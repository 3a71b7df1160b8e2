"""What a conversion could not carry over: a value, never a log line, so that it cannot be dropped on the way.

Owns the shape of a loss. Where in which file it stands is an index and a path here; the shell, which read the files, knows the
line.
"""

import msgspec

Path = tuple[str | int, ...]


class Where(msgspec.Struct, frozen=True, gc=False):
    """A field of an object. source: the object's index among those that were given; path: keys and indices down to the field."""

    source: int
    path: Path = ()


class Loss(msgspec.Struct, frozen=True, gc=False):
    """One thing that is not as it was.

    kind: skipped (the object takes no part), lost (a setting has no counterpart), differs (requests are answered otherwise: see
    witness), invalid (the API server would refuse the object). code: the kind of difference (E1 to E12) or the annotation's key.
    witness: a request that shows it, in words. hosts: the hostnames it is about; () is all of the object's.
    """

    kind: str
    where: Where
    object: str
    reason: str
    remedy: str = ""
    code: str = ""
    witness: str = ""
    hosts: tuple[str, ...] = ()


def spelled(path: Path) -> str:
    """A path as people write it: spec.rules[0].host."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        elif not part or any(letter in part for letter in ". /[]"):
            words += f"[{part!r}]"
        else:
            words += f".{part}" if words else part
    return words


def named(values: dict[str, object]) -> str:
    """An object's kind, namespace and name, as messages say them."""
    metadata = values.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
    return f"{values.get('kind', 'object')} {name or '(no name)'}"
