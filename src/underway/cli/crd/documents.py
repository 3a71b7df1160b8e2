"""Objects and definitions in files: many documents, lists, standard input. Every complaint has the file and the document."""

from collections.abc import Iterator
from typing import Any

from underway.cli.options import read_bytes
from underway.errors import UsageError

Object = dict[str, Any]
DEPTH_MAX = 120  # a walk over a deeper object would go beyond Python's stack
VALUES_MAX = 2_000_000  # etcd takes no request of more than 1.5 MB; this is a list of thousands of large objects
SENTENCES = {"found unconstructable recursive node": "an alias refers to what it stands in; no object can hold itself"}


def documents(source: str, data: bytes | None = None) -> list[Object]:
    """All objects in a YAML or JSON file, lists as they are. data: what was read of it before.

    Raises UsageError with file and line.
    """
    import yaml

    from underway.cli.yaml_loader import load_all

    try:
        found = [document for document in load_all(read_bytes(source) if data is None else data) if document is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"{source}{where}: {SENTENCES.get(error.problem or '', error.problem or 'not YAML')}") from None
    except RecursionError:
        raise UsageError(f"{source}: nested too deeply to be read") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{source}: not YAML: {error}") from None
    if not found:
        raise UsageError(f"{source}: holds no object")
    for number, document in enumerate(found, start=1):
        if not isinstance(document, dict):
            raise UsageError(f"{source}: document {number} is no object, but {type(document).__name__}")
        _bounded(document, source)
    return found


def _bounded(document: Object, source: str) -> None:
    """Raises UsageError for what aliases make larger, or braces deeper, than any object that a cluster holds."""
    count = 0
    layer: list[Any] = [document]
    for _ in range(DEPTH_MAX):
        below: list[Any] = []
        for one in layer:
            below.extend(one.values() if isinstance(one, dict) else one)
            if count + len(below) > VALUES_MAX:
                raise UsageError(f"{source}: more than {VALUES_MAX:,} values, aliases counted as often as they stand")
        count += len(below)
        layer = [one for one in below if isinstance(one, dict | list)]
        if not layer:
            return
    raise UsageError(f"{source}: nested more than {DEPTH_MAX} levels deep")


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
