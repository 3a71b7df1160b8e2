"""What a decoder says of a document that it does not take, in the words of people: the path first, and what would be right.

Owns the wording of msgspec's messages. It knows no kind.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

KEY = " - at `key` in `$"
NO_TEXT = "a key is no text: without quotes YAML takes on, off, yes and no for true and false, and digits for a number"


def explained(message: str, root: type[msgspec.Struct], prefix: str = "") -> str:
    """msgspec's message with the path first and, for a field that does not exist, those that do.

    root: what was decoded; prefix: where it stands in the document.
    """
    text, _, path = message.replace(KEY, " - at `$").partition(" - at `$")
    inner = path.rstrip("`").lstrip(".")
    where = ".".join(part for part in (prefix, inner) if part) or "the document"
    if KEY in message and (known := _known_fields(root, inner)):
        return f"{where}: {NO_TEXT}; known here: {', '.join(known)}"
    if "unknown field" in text:
        known = _known_fields(root, inner)
        if known:
            return f"{where}: {text[0].lower()}{text[1:]}; known here: {', '.join(known)}"
        return f"{where}: {text}"
    values = _known_values(root, inner) if text.startswith("Invalid enum value") else []
    return f"{where}: {text[0].lower()}{text[1:]}" + (f"; use {', '.join(values)}" if values else "")


def _known_fields(root: type[msgspec.Struct], path: str) -> list[str]:
    at = next(_struct_types(_type_at(root, path)), None)
    return sorted(field.encode_name for field in msgspec.structs.fields(at)) if at is not None else []


def _known_values(root: type[msgspec.Struct], path: str) -> list[str]:
    return list(dict.fromkeys(_literals(_type_at(root, path))))


def _type_at(root: type[msgspec.Struct], path: str) -> Any:
    """The annotation of the field at a path, None where there is none."""
    at: Any = root
    for part in re.sub(r"\[[^]]*\]", "", path).split(".") if path else ():
        struct = next(_struct_types(at), None)
        fields = msgspec.structs.fields(struct) if struct is not None else ()
        at = next((field.type for field in fields if field.encode_name == part), None)
    return at


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    for inner in getattr(annotation, "__args__", ()):
        yield from _literals(inner)


def _struct_types(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _struct_types(inner)
