"""`underway crd check`: is a definition one that the API server would take?"""

from typing import Any

import click

from underway.cli.crd.documents import documents, named, objects
from underway.cli.crd.lines import Lines
from underway.cli.options import emit, output_option, read_bytes
from underway.errors import UsageError


@click.command()
@click.option("-f", "--file", "sources", required=True, multiple=True, metavar="FILE", help="Definitions; - for standard input.")
@output_option
def command(sources: tuple[str, ...], output: str) -> int:
    """Check CustomResourceDefinitions as the API server does: structure, defaults, list types, names.

    Exit code 1 if there is any problem.

    Example: underway crd check -f crd.yaml
    """
    from underway.crd.definition_checks import in_file, problems

    told: list[dict[str, Any]] = []
    for source in sources:
        data = read_bytes(source)
        found = documents(source, data)
        lines = Lines(data) if data else None
        definitions = 0
        for number, document in enumerate(found):
            for value in objects([document]):
                if value.get("kind") != "CustomResourceDefinition":
                    continue
                definitions += 1
                for problem in problems(value):
                    line = lines.of(number, in_file(problem.path)) if lines else 1
                    told.append(
                        {"path": problem.path, "message": problem.message, "file": source, "line": line, "of": named(value)}
                    )
        if not definitions:
            raise UsageError(f"{source}: holds no CustomResourceDefinition")
    emit({"problems": told}, output, lambda: _show(told))
    return 1 if told else 0


def _show(told: list[dict[str, Any]]) -> None:
    for one in told:
        click.echo(f"{one['file']}:{one['line']}: {one['path']}: {one['message']}")
    click.echo("no problem" if not told else f"{len(told)} problem{'s' if len(told) > 1 else ''}", err=True)
