"""`underway crd prune`: what the API server would keep of objects."""

import click

from underway.cli.crd.documents import named
from underway.cli.crd.subject import Asked, print_objects, subject_options, subjects


@click.command()
@subject_options
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="How to print.")
def command(asked: Asked, output: str) -> int:
    """Prune objects: drop what the schema does not name, and nulls that it does not allow.

    The paths that were dropped are told on standard error.

    Example: underway crd prune --crd crd.yaml -f object.yaml
    """
    from underway.crd import object_meta
    from underway.crd.prune import drop_nulls, prune

    printed, code = [], 0
    for value, wanted in subjects(asked)[1]:
        unknown: list[str] = []
        if wanted.node is not None:
            prune(value, wanted.node, unknown)
            drop_nulls(value, wanted.node)
            malformed = object_meta.coerce(value, wanted.node, drop=False, unknown=unknown)
            if malformed is not None:
                click.echo(f"{asked.source}: {named(value)}: {malformed}", err=True)
                code = 1
                continue
        for path in sorted(unknown):
            click.echo(f"{named(value)}: pruned {path}", err=True)
        printed.append(value)
    print_objects(printed, output)
    return code
