"""`underway crd default`: objects as the API server would hold them."""

import click

from underway.cli.crd.documents import named
from underway.cli.crd.subject import Asked, print_objects, subject_options, subjects


@click.command()
@subject_options
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="How to print.")
def command(asked: Asked, output: str) -> int:
    """Prune objects and fill in their defaults, as the API server does with what it is sent.

    The paths that were dropped are told on standard error.

    Example: underway crd default --crd crd.yaml -f object.yaml
    """
    from underway.crd import pipeline

    printed, code = [], 0
    for value, wanted in subjects(asked)[1]:
        read = pipeline.request(value, wanted)
        if read.problem is not None:
            click.echo(f"{asked.source}: {named(value)}: {read.problem}", err=True)
            code = 1
            continue
        for path in read.unknown:
            click.echo(f"{named(value)}: pruned {path}", err=True)
        printed.append(read.value)
    print_objects(printed, output)
    return code
