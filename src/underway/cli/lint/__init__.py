"""`underway lint`: one file a subcommand."""

import click

from underway.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "list": "List the rules: names, groups, severities.",
    "run": "Look at a cluster, a snapshot or manifests, and report what is wrong.",
}


@click.group(name="lint", cls=LazyGroup, table=COMMANDS, package="underway.cli.lint")
def command() -> None:
    """Best practices, zero-downtime gotchas, upgrade readiness.

    Example: underway lint run -f manifests/
    """
