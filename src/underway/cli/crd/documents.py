"""Objects and definitions in files: many documents, lists, standard input. Every complaint has the file and the document."""

from collections.abc import Iterator
from typing import Any

from underway.cli.options import read_bytes
from underway.errors import UsageError

Object = dict[str, Any]


def documents(source: str, data: bytes | None = None) -> list[Object]:
    """All objects in a YAML or JSON file, lists as they are. data: what was read of it before.

    Raises UsageError with file and line.
    """
    import yaml

    from underway.cli.yaml_loader import UniqueKeyLoader

    try:
        found = [
            document
            for document in yaml.load_all(read_bytes(source) if data is None else data, Loader=UniqueKeyLoader)
            if document is not None
        ]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"{source}{where}: {error.problem or 'not YAML'}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{source}: not YAML: {error}") from None
    if not found:
        raise UsageError(f"{source}: holds no object")
    for number, document in enumerate(found, start=1):
        if not isinstance(document, dict):
            raise UsageError(f"{source}: document {number} is no object, but {type(document).__name__}")
    return found


def is_list(document: Object) -> bool:
    """Whether a document is a list of objects, as kubectl get prints it."""
    return str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list)


def objects(found: list[Object]) -> Iterator[Object]:
    """The objects in documents, those in lists too."""
    for document in found:
        if is_list(document):
            yield from (item for item in document["items"] if isinstance(item, dict))
        else:
            yield document


def definition(source: str) -> Object:
    """The one CustomResourceDefinition in a file. Raises UsageError."""
    found = [document for document in objects(documents(source)) if document.get("kind") == "CustomResourceDefinition"]
    if len(found) != 1:
        raise UsageError(f"{source}: holds {len(found)} CustomResourceDefinitions; one is wanted")
    return found[0]


def named(value: Object) -> str:
    """How messages call an object: "Device deck-3/pump"."""
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = f"{metadata.get('namespace')}/{metadata.get('name')}" if metadata.get("namespace") else str(metadata.get("name", ""))
    return f"{value.get('kind', 'object')} {name or '(without a name)'}"
