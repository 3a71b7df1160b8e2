"""Files of manifests as text: the documents of each, where every field of them stands, and edits that keep what people wrote.

Owns the cutting of a file into documents and ruamel's round trip. What is edited is decided in `underway.ingress.versions`.
"""

import io
import json
import re
from typing import Any

import yaml

from underway.cli.documents import bytes_of, documents_in, files_of
from underway.errors import UsageError
from underway.ingress.losses import Path
from underway.ingress.versions.edits import Edit, applied, carry_out

BORDER = re.compile(r"^---(?=\s|$)", re.MULTILINE)
WIDTH = 1_000_000  # ruamel would fold long lines
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document:
    """One document of a file. text: all from its border on; line: its first line in the file, from 1."""

    def __init__(self, file: str, text: str, line: int, values: Any) -> None:
        self.file, self.text, self.line, self.values = file, text, line, values
        self._node: Any = None

    def place(self, path: Path = ()) -> str:
        """file:line of a field, or of the nearest parent that there is."""
        if self._node is None:
            self._node = yaml.compose(self.text, Loader=_Loader)
        return f"{self.file}:{self.line + _line(self._node, path)}"

    def edited(self, edits: tuple[Edit, ...]) -> str:
        """The text after edits: comments, key order and quotes stay; JSON stays JSON."""
        if not edits:
            return self.text
        body = BORDER.sub("", self.text, count=1)
        if body.lstrip().startswith("{"):
            return json.dumps(applied(self.values, edits), indent=2, ensure_ascii=False) + "\n"
        return _round_trip(self.text, edits)


def read_texts(sources: tuple[str, ...]) -> list[Document]:
    """Every document of the files that is not empty. Raises UsageError if a file cannot be read."""
    found: list[Document] = []
    for source in sources:
        for name in files_of(source):
            data = bytes_of(name)
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                raise UsageError(f"{name}: is not text in UTF-8") from None
            found += _cut(
                name, text, [(values, int(place.rpartition(":")[2])) for values, place in documents_in(name, text.encode())]
            )
    return found


def _cut(name: str, text: str, documents: list[tuple[Any, int]]) -> list[Document]:
    """Share the text out among its documents. documents: values and the line where the content of each begins."""
    borders = [match.start() for match in BORDER.finditer(text)]
    starts = sorted({0, *borders})
    lines = [text.count("\n", 0, start) + 1 for start in starts] if len(starts) < 2 else _line_numbers(text, starts)
    ends = [*starts[1:], len(text)]
    found: list[Document] = []
    following = iter(documents)
    document = next(following, None)
    for index, start in enumerate(starts):
        last = lines[index + 1] if index + 1 < len(lines) else None
        if document is not None and document[1] >= lines[index] and (last is None or document[1] < last):
            found.append(Document(name, text[start : ends[index]], lines[index], document[0]))
            document = next(following, None)
    return found


def _line_numbers(text: str, starts: list[int]) -> list[int]:
    numbers, line, position = [], 1, 0
    for start in starts:
        line += text.count("\n", position, start)
        position = start
        numbers.append(line)
    return numbers


def _line(node: Any, path: Path) -> int:
    """How many lines below the start of the document a field stands."""
    line: int = node.start_mark.line
    for part in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((key, child) for key, child in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = (node.value[part], node.value[part])
        if found is None:
            break
        line, node = found[0].start_mark.line, found[1]
    return line


class CommentTree:
    """ruamel's mappings, whose comments hang on keys."""

    def mapping(self) -> Any:
        """A new, empty mapping."""
        from ruamel.yaml.comments import CommentedMap

        return CommentedMap()

    def insert(self, mapping: Any, position: int, key: str, value: Any, note: Any) -> None:
        """Put a key at a position, and the comments of where it was with it."""
        last = next(reversed(mapping), None) if position == len(mapping) and note is None else None
        mapping.insert(position, key, value)
        if note is not None:
            mapping.ca.items[key] = note
        elif last is not None and not isinstance(mapping[last], dict | list) and last in mapping.ca.items:
            # What follows the last key (an empty line, a comment of the next block) stays behind the new last key.
            self._pass_on(mapping, last, key)

    def take(self, mapping: Any, key: str) -> tuple[Any, Any]:
        """Take a key out: its value and its comments."""
        note = mapping.ca.items.pop(key, None)
        return mapping.pop(key), note

    @staticmethod
    def _pass_on(mapping: Any, last: str, key: str) -> None:
        token = mapping.ca.items[last][2]
        if token is None:
            return
        beside, newline, below = token.value.partition("\n")
        if not below:
            return
        from ruamel.yaml.tokens import CommentToken

        mapping.ca.items[key] = [None, None, CommentToken(newline + below, token.start_mark, None), None]
        if beside:
            token.value = beside + "\n"
        else:
            del mapping.ca.items[last]


def _round_trip(text: str, edits: tuple[Edit, ...]) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.util import load_yaml_guess_indent

    _, indent, offset = load_yaml_guess_indent(text)
    rounds = YAML()
    rounds.preserve_quotes = True
    rounds.width = WIDTH
    step = 2 if indent is None or offset is None else max(indent - offset, 2) if offset else indent
    rounds.indent(mapping=step, sequence=step + (offset or 0), offset=offset or 0)
    rounds.explicit_start = bool(BORDER.match(text))
    tree = rounds.load(text)
    carry_out(tree, edits, CommentTree())
    written = io.StringIO()
    rounds.dump(tree, written)
    return written.getvalue()
