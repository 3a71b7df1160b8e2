"""fieldPath of a rule: a relative JSON path such as .spec.replicas or .labels['app']. Owns its syntax, and checks it.

Source: apiextensions-apiserver pkg/apiserver/schema/cel/validation.go (ValidFieldPath).
"""

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"\.|\[|\]|'(?:[^'\\]|\\.)*'|[^.\[\]]+")
_ESCAPE = re.compile(r"\\(.)")
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}


def field_path(text: str, schema: Mapping[str, Any]) -> str | None:
    """The path as errors write it ("spec.replicas", "labels[app]"), or None where the schema has no such place."""
    words = _TOKEN.findall(text)
    if "".join(words) != text:
        return None
    written = ""
    place = 0
    here: Mapping[str, Any] | None = schema
    while place < len(words):
        step = _step(words[place : place + 3])
        if step is None or here is None:
            return None
        name, taken = step
        place += taken
        properties, extra = here.get("properties"), here.get("additionalProperties")
        if properties is not None:
            here = properties.get(name)
            if here is None:
                return None
            written += f".{name}" if written else name
        elif extra is not None:
            here = extra if isinstance(extra, Mapping) else None
            written += f"[{name}]"
        else:
            return None
    return written


def _step(words: list[str]) -> tuple[str, int] | None:
    """The name that the next words select, and how many words they are."""
    if len(words) >= 2 and words[0] == "." and words[1] not in (".", "[", "]"):
        return words[1], 2
    if len(words) < 3 or words[0] != "[" or words[2] != "]":
        return None
    quoted = words[1]
    if len(quoted) < 2 or quoted[0] != "'" or quoted[-1] != "'":
        return None
    if any(escaped not in _SIMPLE for escaped in _ESCAPE.findall(quoted[1:-1])):
        return None
    return _ESCAPE.sub(lambda match: _SIMPLE[match.group(1)], quoted[1:-1]), 3
