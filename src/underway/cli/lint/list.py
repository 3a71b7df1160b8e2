"""`underway lint list`: the rules there are."""

import sys
from typing import Any

import click

from underway.cli.lint.loading import rules_from, rules_option
from underway.cli.lint.selecting import chosen, selection_options
from underway.cli.options import emit, output_option

PLAIN_WIDTH = 120  # of the other columns, where no terminal says how wide it is


@click.command(name="list")
@selection_options
@rules_option
@output_option
def command(
    groups: tuple[str, ...],
    without_groups: tuple[str, ...],
    names: tuple[str, ...],
    without_names: tuple[str, ...],
    rule_files: tuple[str, ...],
    output: str,
) -> None:
    """List the rules: name, groups, severity, description.

    Example: underway lint list -g security
    """
    loaded = rules_from(rule_files)
    rules = chosen((groups, without_groups, names, without_names), loaded.rules)[1]
    table: list[dict[str, Any]] = [
        {"name": rule.name, "groups": list(rule.groups), "severity": rule.severity.value, "description": rule.description}
        for rule in rules
    ]
    emit(table, output, lambda: _print(table))
    for broken in loaded.broken:
        click.echo(f"skipped: {broken.reason}", err=True)
    click.get_current_context().exit(4 if loaded.broken else 0)


def _print(table: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table("rule", "severity", "groups", "what it finds", box=None, pad_edge=False)
    for row in table:
        shown.add_row(row["name"], row["severity"], " ".join(row["groups"]), row["description"])
    # A pipe has no width: one line a rule is what grep wants.
    width = None if sys.stdout.isatty() else max(len(str(row["description"])) for row in table) + PLAIN_WIDTH
    Console(highlight=False, width=width).print(shown)
