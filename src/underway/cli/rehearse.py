"""`underway rehearse`: what went wrong elsewhere, played with the production driver in virtual time."""

from typing import Any

import click

from underway.cli.options import emit, output_option
from underway.errors import UsageError
from underway.model.duration import human


@click.command(name="rehearse")
@click.argument("names", nargs=-1, metavar="[SCENARIO]...")
@click.option("--list", "listed", is_flag=True, help="Only say which scenarios there are.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all dice: the same seed, the same run.")
@output_option
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], listed: bool, seed: int, output: str) -> None:
    """Play named failure scenarios on an embedded cluster, in virtual time; all of them if none is named.

    Each is an incident that somebody has met with another program, with what must hold at its end. Independent checkers watch
    every run. Exit code 1 if anything did not hold.

    Example: underway rehearse stuck-drain quota-used-up
    """
    from underway.sim.scenarios import SCENARIOS, play

    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise UsageError(f"no scenario {unknown[0]!r}; there are {', '.join(by_name)}")
    chosen = [by_name[name] for name in names] or list(SCENARIOS)
    if listed:
        told = [{"name": one.name, "evidence": one.evidence, "story": one.story} for one in chosen]
        emit(told, output, lambda: _list(told))
        return
    played = [play(scenario, seed) for scenario in chosen]
    emit(played, output, lambda: _show(played))
    ctx.exit(1 if any(one.problems for one in played) else 0)


def _list(scenarios: list[dict[str, str]]) -> None:
    width = max(len(one["name"]) for one in scenarios)
    for one in scenarios:
        click.echo(f"{one['name']:{width}}  {one['story']}  ({one['evidence']})")


def _show(played: list[Any]) -> None:
    width = max(len(one.name) for one in played)
    for one in played:
        verdict = "held" if not one.problems else "BROKEN"
        click.echo(f"{verdict:6}  {one.name:{width}}  {one.state} after {human(one.makespan_s)}, {one.evictions} evictions")
        for problem in one.problems:
            click.echo(f"        {problem}")
    broken = sum(bool(one.problems) for one in played)
    click.echo(f"{len(played) - broken} of {len(played)} scenarios held")
