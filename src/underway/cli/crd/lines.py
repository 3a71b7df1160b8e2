"""The line of a file that a path speaks of, so that a complaint can be clicked on."""

import re
from typing import Any

_PART = re.compile(r"\[([^\]]*)\]|([^.\[]+)")


class Lines:
    """The documents of one YAML or JSON file as nodes, which know their lines."""

    def __init__(self, data: bytes) -> None:
        import yaml

        self._documents = [node for node in yaml.compose_all(data, Loader=yaml.CSafeLoader) if node is not None]

    def of(self, document: int, path: str) -> int:
        """The line (from 1) of the deepest part of a path that is there. document: from 0, empty ones not counted."""
        if document >= len(self._documents):
            return 1
        node: Any = self._documents[document]
        line = node.start_mark.line + 1
        for index, name in _PART.findall(path):
            key, node = _child(node, index or name)
            if node is None:
                break
            line = (key or node).start_mark.line + 1
        return int(line)


def _child(node: Any, part: str) -> tuple[Any, Any]:
    """A part of a node, and the key that it stands behind."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), (None, None))
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        return None, node.value[int(part)]
    return None, None
