"""Options and arguments that several commands share, and how their input is read and their output written."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from underway.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
INPUT_BYTES_MAX = 16 * 1024 * 1024


def output_option(function: F) -> F:
    """-o text|json|yaml."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json", "yaml"]),
        default="text",
        show_default=True,
        help="How to print the result.",
    )(function)


def cluster_options(function: F) -> F:
    """--kubeconfig and --context."""
    function = click.option("--context", default="", help="The context to use (default: the current one).")(function)
    return click.option(
        "--kubeconfig", default="", metavar="FILE", help="The kubeconfig (default: $KUBECONFIG, ~/.kube/config, the Pod's own)."
    )(function)


def rotation_option(function: F) -> F:
    """-f FILE."""
    return click.option(
        "-f", "--file", "source", required=True, metavar="FILE", help="The Rotation, as YAML or JSON; - for standard input."
    )(function)


def alerts_options(function: F) -> F:
    """--alerts and --cluster-name."""
    function = click.option("--cluster-name", default="", metavar="NAME", help="What alerts call this cluster.")(function)
    return click.option(
        "--alerts",
        default="",
        metavar="DIRECTORY",
        help="Where the destinations of alerts are: a file each, which holds URLs of apprise; else UNDERWAY_ALERT_NAME is read.",
    )(function)


def read_bytes(source: str, bytes_max: int = INPUT_BYTES_MAX) -> bytes:
    """A file's bytes, or standard input's for "-", of which no more than bytes_max are taken. Raises UsageError."""
    try:
        data = sys.stdin.buffer.read(bytes_max + 1) if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"{source}: cannot be read: {error.strerror}") from None
    if len(data) > bytes_max and source == "-":
        raise UsageError(f"{source}: larger than {bytes_max} bytes")
    return data


def read_values(source: str) -> Any:
    """The one document in a YAML or JSON file. Raises UsageError with file and line."""
    import yaml

    from underway.cli.yaml_loader import load_all

    data = read_bytes(source)
    try:
        documents = [document for document in load_all(data) if document is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"{source}{where}: {error.problem or 'not YAML'}") from None
    except RecursionError:
        raise UsageError(f"{source}: nested too deeply to be read") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{source}: not YAML: {error}") from None
    if len(documents) != 1:
        raise UsageError(f"{source}: holds {len(documents)} documents; one is wanted")
    return documents[0]


def read_rotation(source: str) -> Any:
    """The Rotation in a file, checked. Raises UsageError."""
    from underway.machines import PROVIDERS
    from underway.rotate.gates import GATES
    from underway.rotate.spec import rotation_from

    values = read_values(source)
    if not isinstance(values, dict):
        raise UsageError(f"{source}: holds no object; a Rotation begins with apiVersion: underway.dev/v1")
    values.pop("status", None)
    return rotation_from(values, source, [gate.name for gate in GATES], PROVIDERS)


def emit(value: Any, output: str, text: Callable[[], None]) -> None:
    """Print a result: as text by calling `text`, or as data."""
    if output == "text":
        text()
        return
    plain = msgspec.to_builtins(value)
    if output == "json":
        click.echo(json.dumps(_finite(plain), indent=2))
    else:
        import yaml

        click.echo(yaml.safe_dump(_finite(plain), sort_keys=False), nl=False)


def _finite(value: Any) -> Any:
    """JSON has no infinity: an endless bound is null."""
    if isinstance(value, dict):
        return {key: _finite(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(child) for child in value]
    return None if isinstance(value, float) and value in (float("inf"), float("-inf")) else value
