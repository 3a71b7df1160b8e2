"""Selection and indexing of values. Source: cel-go interpreter/attributes.go (refQualify, applyQualifiers).

What is selected from an optional value is optional; what is absent there is optional.none().
"""

from typing import Any

from underway.cel.relation import find, is_map
from underway.cel.values import NONE, EvalError, Option, Uint, type_name


def shown(value: Any) -> str:
    """A key as Go's %v writes it in an error."""
    if type(value) is bool:
        return "true" if value else "false"
    return str(value)


def select(value: Any, name: str) -> Any:
    """value.name. Raises EvalError where there is no such key."""
    if type(value) is Option:
        return select_optional(value, name)
    if is_map(value):
        found, its = find(value, name)
        if found:
            return its
    elif isinstance(value, list):
        _position(name)
    raise EvalError(f"no such key: {name}")


def select_optional(value: Any, name: str) -> Option:
    """value.?name."""
    if type(value) is Option:
        if value is NONE:
            return NONE
        value = value.value
    found, its = _present(value, name)
    return Option(its) if found else NONE


def has(value: Any, name: str) -> bool:
    """has(value.name)."""
    if type(value) is Option:
        if value is NONE:
            return False
        value = value.value
    return _present(value, name)[0]


def _present(value: Any, key: Any) -> tuple[bool, Any]:
    if is_map(value):
        return find(value, key)
    if isinstance(value, list):
        position = _position(key)
        return (True, value[position]) if 0 <= position < len(value) else (False, None)
    return False, None


def _position(key: Any) -> int:
    kind = type(key)
    if kind is int or kind is Uint:
        return int(key)
    if kind is float:
        if key.is_integer():
            return int(key)
        raise EvalError(f"unsupported index value {key} in list")
    raise EvalError(f"unsupported index type '{type_name(key)}' in list")


def index(value: Any, key: Any) -> Any:
    """value[key]. Raises EvalError where there is nothing."""
    if type(value) is Option:
        return index_optional(value, key)
    if isinstance(value, list):
        position = _position(key)
        if 0 <= position < len(value):
            return value[position]
        raise EvalError(f"index out of bounds: {shown(key)}")
    if is_map(value):
        found, its = find(value, key)
        if found:
            return its
    raise EvalError(f"no such key: {shown(key)}")


def index_optional(value: Any, key: Any) -> Option:
    """value[?key]."""
    if type(value) is Option:
        if value is NONE:
            return NONE
        value = value.value
    found, its = _present(value, key)
    return Option(its) if found else NONE
