"""Finding the rules that match a path among thousands without trying each: exact, by elements, by string, longest first."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


def stripped(path: str) -> str:
    """A prefix without its trailing slash: "/foo/" and "/foo" have the same elements; "/" has none."""
    return path.removesuffix("/")


class PathTable(Generic[T]):
    """Items by path. Within one path and kind, items keep the order in which they were added."""

    def __init__(self) -> None:
        self.exact: dict[str, list[T]] = {}
        self.elements: dict[str, list[T]] = {}
        self.strings: dict[str, list[T]] = {}
        self._lengths: list[int] = []

    def add(self, kind: str, path: str, item: T) -> None:
        """Add an item. kind: exact, elements or string."""
        if kind == "exact":
            self.exact.setdefault(path, []).append(item)
        elif kind == "elements":
            self.elements.setdefault(stripped(path), []).append(item)
        else:
            self.strings.setdefault(path, []).append(item)
            if len(path) not in self._lengths:
                self._lengths = sorted([*self._lengths, len(path)], reverse=True)

    def by_elements(self, path: str) -> Iterator[list[T]]:
        """The items whose elements begin the path's, the longest first."""
        if not self.elements:
            return
        rest = stripped(path)
        while True:
            found = self.elements.get(rest)
            if found is not None:
                yield found
            if not rest:
                return
            rest = rest[: max(rest.rfind("/"), 0)]

    def by_string(self, path: str) -> Iterator[list[T]]:
        """The items whose path begins this one, the longest first."""
        for length in self._lengths:
            if length <= len(path):
                found = self.strings.get(path[:length])
                if found is not None:
                    yield found
