"""Reading files of Kubernetes objects: YAML or JSON, many documents, with the file and line of each.

Owns the limits of what is read. A file that cannot be read is a UsageError with file and line; what an object means is for
others.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from underway.cli.options import read_bytes
from underway.errors import UsageError

FILE_BYTES_MAX = 64 * 1024 * 1024
DEPTH_MAX = 64  # far deeper than any object of the API
NODES_MAX = 5_000_000  # values in one file
SUFFIXES = (".yaml", ".yml", ".json")
CHART = "Chart.yaml"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE_TAG = "tag:yaml.org,2002:merge"
_MERGE = object()
_MARKER = re.compile(rb"(?m)^---(?=\s|$)")  # where a document begins
_TAB = re.compile(rb" *\t")


def read_documents(sources: tuple[str, ...]) -> Iterator[tuple[Any, str]]:
    """Every document of the files, with its place (file:line). A folder stands for its manifests, - for standard input.

    Raises UsageError if a file cannot be read.
    """
    for source in sources:
        for name in files_of(source):
            yield from documents_in(name, bytes_of(name))


def files_of(source: str) -> list[str]:
    """The files that a source stands for. Raises UsageError for a folder without manifests, and for a Helm chart."""
    files, charts = manifests_in(source)
    if charts:
        raise UsageError(f"{charts[0]}: this is a Helm chart; give what it prints instead: helm template NAME {charts[0]}")
    return files


def manifests_in(source: str) -> tuple[list[str], list[str]]:
    """The files that a source stands for, and the Helm charts in it, whose files are templates.

    Raises UsageError for a folder with neither.
    """
    if source == "-" or not Path(source).is_dir():
        return [source], []
    inside = sorted(Path(source).rglob("*"))
    charts = [path.parent for path in inside if path.name == CHART and path.is_file()]
    outermost = [chart for chart in charts if not any(other in chart.parents for other in charts)]
    files = [
        str(path)
        for path in inside
        if path.suffix in SUFFIXES and path.is_file() and not any(chart in path.parents for chart in outermost)
    ]
    if not files and not outermost:
        raise UsageError(f"{source}: holds no file that ends in {', '.join(SUFFIXES)}")
    return files, [str(chart) for chart in outermost]


def bytes_of(name: str) -> bytes:
    """A file's bytes. Raises UsageError if it cannot be read or is too large."""
    if name != "-" and Path(name).is_file() and Path(name).stat().st_size > FILE_BYTES_MAX:
        raise UsageError(f"{name}: larger than {FILE_BYTES_MAX} bytes; split it")
    return read_bytes(name, FILE_BYTES_MAX)


def salvaged(name: str, data: bytes) -> Iterator[tuple[Any, str] | UsageError]:
    """Every document in a text that can be read, with its place, and an error for each that cannot."""
    given = 0
    try:
        for document in documents_in(name, data):
            given += 1
            yield document
    except UsageError as error:
        parts = _parts(data)
        if len(parts) == 1:
            yield error
            return
        before = 0
        for line, part in parts:
            try:
                for document in documents_in(name, part, line):
                    before += 1
                    if before > given:
                        yield document
            except UsageError as broken:
                yield broken


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """The documents of a text, unread, each with its first line."""
    starts = sorted({0, *(match.start() for match in _MARKER.finditer(data))})
    parts, line = [], 1
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        parts.append((line, data[start:end]))
        line += data.count(b"\n", start, end)
    return parts


def documents_in(name: str, data: bytes, first_line: int = 1) -> Iterator[tuple[Any, str]]:
    """Every document in a text, with its place. first_line: where in the file the text begins.

    Raises UsageError if it is neither YAML nor JSON.
    """
    if data.lstrip()[:1] == b"{":
        try:
            yield msgspec.json.decode(data), f"{name}:{first_line}"
            return
        except (msgspec.DecodeError, RecursionError):
            pass  # YAML's flow style begins with a brace too, and its reader names the line
    try:
        yield from _Reader(name, data, first_line).documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{name}:{mark.line + first_line}" if mark else name
        tabbed = mark is not None and _TAB.match(data.split(b"\n", mark.line + 1)[min(mark.line, data.count(b"\n"))])
        problem = "a tab indents it, and YAML takes spaces alone" if tabbed else error.problem or "not YAML"
        raise UsageError(f"{place}: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = data[: error.position].count(b"\n") + first_line
        raise UsageError(f"{name}:{line}: holds a character that YAML does not allow; is the file UTF-8?") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"{name}: not YAML: {error}") from None


class _Open:
    """A mapping or list that is still being filled: the key in hand, and what << brings in once it is complete."""

    def __init__(self, container: dict[Any, Any] | list[Any]) -> None:
        self.container = container
        self.key: Any = None
        self.merged: list[dict[Any, Any]] = []

    def closed(self) -> dict[Any, Any] | list[Any]:
        """The container; its own keys win over those that were merged."""
        if isinstance(self.container, dict):
            for other in self.merged:
                for key, value in other.items():
                    self.container.setdefault(key, value)
        return self.container


class _Reader:
    """From YAML events to plain values, without recursion: no tag makes an object, no key stands twice, no depth ends it.

    PyYAML's own composer calls itself for each level: a hundred thousand brackets make it overrun its stack.
    """

    def __init__(self, name: str, data: bytes, first_line: int) -> None:
        self._name, self._first_line = name, first_line
        self._loader: Any = _Loader(data)
        self._anchors: dict[str, Any] = {}
        self._plain: dict[str, Any] = {}
        self._count = 0

    def documents(self) -> Iterator[tuple[Any, str]]:
        """Every document that is not empty, with its place."""
        while self._loader.check_event():
            event = self._loader.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                line = self._loader.peek_event().start_mark.line + self._first_line
                value = self._value()
                if value is not None:
                    yield value, f"{self._name}:{line}"

    def _value(self) -> Any:
        """The value that the next events make up."""
        open_: list[_Open] = []
        while True:
            event = self._loader.get_event()
            self._bound(event, len(open_))
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                made: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                if event.anchor:
                    self._anchors[event.anchor] = made
                open_.append(_Open(made))
                continue
            ends = isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
            value = open_.pop().closed() if ends else self._scalar(event)
            if not open_:
                return value
            self._put(open_[-1], value, event)

    def _bound(self, event: Any, depth: int) -> None:
        self._count += 1
        if depth > DEPTH_MAX or self._count > NODES_MAX:
            limit = f"nested more than {DEPTH_MAX} deep" if depth > DEPTH_MAX else f"more than {NODES_MAX} values"
            raise UsageError(f"{self._where(event)}: {limit}")

    def _where(self, event: Any) -> str:
        return f"{self._name}:{event.start_mark.line + self._first_line}"

    def _scalar(self, event: Any) -> Any:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise UsageError(f"{self._where(event)}: alias {event.anchor!r} is not defined")
            return self._anchors[event.anchor]
        plain = event.implicit[0] and event.tag is None
        value = self._plain.get(event.value, self) if plain else self
        if value is self:
            tag = event.tag or self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
            node = yaml.ScalarNode(str(tag), event.value, event.start_mark, event.end_mark)
            value = _MERGE if tag == _MERGE_TAG else self._loader.construct_object(node)
            if plain:
                self._plain[event.value] = value
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _put(self, into: _Open, value: Any, event: Any) -> None:
        """Put a value into its list, or take it for a key, or put it under the key in hand."""
        if isinstance(into.container, list):
            into.container.append(value)
            return
        where = self._where(event)
        if into.key is None:
            if not isinstance(value, str | int | float | bool) and value is not _MERGE:
                raise UsageError(f"{where}: a key is not a word")
            if value in into.container:
                raise UsageError(f"{where}: key {value!r} stands twice")
            into.key = value
            return
        key, into.key = into.key, None
        if key is not _MERGE:
            into.container[key] = value
            return
        merged = value if isinstance(value, list) else [value]
        if not all(isinstance(other, dict) for other in merged):
            raise UsageError(f"{where}: << merges no mapping")
        into.merged += merged
