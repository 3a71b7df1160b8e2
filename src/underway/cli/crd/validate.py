"""`underway crd validate`: would the API server take these objects?"""

from typing import Any

import click

from underway.cli.crd.documents import Object, named
from underway.cli.crd.lines import Lines
from underway.cli.crd.subject import Asked, subject_options, subjects, versioned
from underway.cli.options import emit, output_option, read_bytes
from underway.errors import UsageError


@click.command()
@subject_options
@click.option(
    "--old", "old_source", default="", metavar="FILE", help="The object that is replaced: the check is that of an update."
)
@output_option
def command(asked: Asked, old_source: str, output: str) -> int:
    """Validate objects as the API server does: pruned and with defaults, then schema, list types, embedded metadata and rules.

    With --old, what the update leaves as it was only warns. Exit code 1 if an object is not valid.

    With --live and --crd: would all objects in the cluster stand under another definition?

    Example: underway crd validate --crd crd.yaml -f object.yaml -o json
    """
    crd, found = subjects(asked)
    old = _old(crd, asked.version, old_source) if old_source else None
    if old is not None and len(found) > 1:
        raise UsageError(f"{asked.source}: holds several objects; --old is the predecessor of one")
    verdicts: list[dict[str, Any]] = []
    for value, wanted in found:
        verdicts.append({"object": named(value), **_verdict(value, wanted, old)})
    whole = verdicts[0] if len(verdicts) == 1 else {"valid": all(one["valid"] for one in verdicts), "objects": verdicts}
    emit(whole, output, lambda: _show(verdicts, asked))
    return 0 if whole["valid"] else 1


def _old(crd: Any, version: str, source: str) -> Object:
    from underway.crd import pipeline

    found = list(versioned(crd, version, source))
    if len(found) != 1:
        raise UsageError(f"{source}: holds {len(found)} objects; the one that is replaced is wanted")
    value, wanted = found[0]
    return dict(pipeline.storage(value, wanted).value)


def _verdict(value: Object, version: Any, old: Object | None) -> dict[str, Any]:
    from underway.crd import pipeline

    read = pipeline.request(value, version)
    warnings = [f'unknown field "{path}"' for path in read.unknown]
    if read.problem is not None:
        problems: tuple[Any, ...] = (read.problem,)
    else:
        checked = pipeline.create(read.value, version) if old is None else pipeline.update(read.value, old, version)
        problems = checked.problems
        warnings += [str(problem) for problem in checked.warnings]
    errors = [{"path": one.path, "type": one.type, "message": one.message} for one in problems]
    return {"valid": not errors, "errors": errors, "warnings": warnings}


def _show(verdicts: list[dict[str, Any]], asked: Asked) -> None:
    lines = Lines(read_bytes(asked.file)) if asked.file not in ("", "-") else None
    for number, verdict in enumerate(verdicts):
        for error in verdict["errors"]:
            where = f"{asked.file}:{lines.of(number, error['path'])}" if lines else asked.source
            click.echo(f"{where}: {verdict['object']}: {error['path']}: {error['message']}")
        for warning in verdict["warnings"]:
            click.echo(f"{asked.source}: {verdict['object']}: {warning}", err=True)
        if verdict["valid"]:
            click.echo(f"{verdict['object']} is valid")
