"""Counterexamples made small: fields and items are taken away, and values made plain, as long as a law stays broken.

Greedy, and bounded in tries: a counterexample that is nearly minimal in milliseconds beats a minimal one in minutes.
"""

from collections.abc import Callable, Iterator
from typing import Any

Object = dict[str, Any]
TRIES_MAX = 2_000
PLAIN: tuple[Any, ...] = ("", "a", 0, 1, False, {}, [])
KEPT = ("apiVersion", "kind", "metadata")


def shrunk(value: Object, broken: Callable[[Object], bool]) -> Object:
    """The smallest object found that still breaks the law. broken: whether an object does."""
    tries = 0
    improved = True
    while improved and tries < TRIES_MAX:
        improved = False
        for candidate in _smaller(value):
            tries += 1
            if broken(candidate):
                value, improved = candidate, True
                break
            if tries >= TRIES_MAX:
                break
    return value


def _smaller(value: Object) -> Iterator[Object]:
    """Objects a step smaller, the boldest steps first."""
    metadata = value.get("metadata") or {}
    if set(metadata) - {"name"}:
        yield {**value, "metadata": {"name": metadata.get("name", "a")}}
    for key in value:
        if key not in KEPT:
            yield {name: child for name, child in value.items() if name != key}
    for key, child in value.items():
        if key not in KEPT:
            yield from ({**value, key: smaller} for smaller in _values(child))


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key in value:
            yield {name: child for name, child in value.items() if name != key}
        for key, child in value.items():
            yield from ({**value, key: smaller} for smaller in _values(child))
    elif isinstance(value, list):
        if len(value) > 1:
            yield value[: len(value) // 2]
            yield value[len(value) // 2 :]
        for index in range(len(value)):
            yield value[:index] + value[index + 1 :]
        for index, item in enumerate(value):
            yield from ([*value[:index], smaller, *value[index + 1 :]] for smaller in _values(item))
    else:
        for plain in PLAIN:
            if type(plain) is type(value):
                if plain == value:
                    return
                yield plain
