"""A group of commands that imports a subcommand only to run it, so that `--help` stays fast."""

from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """table: the subcommands with their one-line help; package: where the module of each lies, with its `command`."""

    def __init__(self, *arguments: Any, table: dict[str, str], package: str, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._table, self._package = table, package

    def list_commands(self, _: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self._table)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self._table:
            return None
        command: click.Command = import_module(f"{self._package}.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()))
