"""`underway resume`: let what is frozen go on, after a look at what is wrong."""

import asyncio
import sys
from typing import Any

import click

from underway.cli.freeze import order_fleet, pool_option, selected
from underway.cli.options import cluster_options

MARKS = {
    "frozen": "cyan",
    "gate": "red",
    "blocker": "red",
    "waits": "yellow",
    "node": "yellow",
    "event": "dim",
    "pod": "yellow",
    "log": "dim",
}
LINE_MAX = 300  # of a log: a stack trace stays readable, a dump does not fill the screen


@click.command(name="resume")
@click.argument("rotation", default="")
@pool_option
@click.option("--fleet", default="", metavar="NAME", help="A Fleet of this hub.")
@click.option("-y", "--yes", is_flag=True, help="Go on without asking, whatever is wrong.")
@cluster_options
@click.pass_context
def command(ctx: click.Context, rotation: str, pool: str, fleet: str, yes: bool, kubeconfig: str, context: str) -> None:
    """Let ROTATION, a pool, or (with neither) the cluster go on; if the cluster is not frozen itself, every frozen rotation.

    First it shows why it stopped and what is still wrong: gates in breach, blockers with the server's own words, nodes in
    hand, Events, pods that are not Ready and the end of their logs (here, and nowhere else). If anything there would stop it
    again it asks; without a terminal it then changes nothing and ends with exit code 1, unless --yes is given. A gate that is
    still in breach freezes it again.

    Example: underway resume workers
    """
    if fleet:
        asyncio.run(order_fleet(fleet, "", kubeconfig, context))
        click.echo(f"fleet {fleet} goes on; a cluster that has stopped by itself does when it is resumed there")
        click.echo(f"next: underway status --fleet {fleet}", err=True)
        ctx.exit(0)
    selected(rotation, pool)
    resumed = asyncio.run(_resume(rotation, pool, kubeconfig, context, yes=yes))
    ctx.exit(0 if resumed else 1)


async def _resume(rotation: str, pool: str, kubeconfig: str, context: str, *, yes: bool) -> bool:
    from underway.errors import UsageError
    from underway.live.connect import connect
    from underway.live.first_aid import first_aid
    from underway.live.freezing import stand
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection

    async with HttpApi(connection(kubeconfig, context)) as api:
        await connect(api)
        seen = await stand(api)
        frozen = [freeze for freeze in seen.freezes if not rotation and (freeze.pool == pool)]
        if pool and not frozen:
            known = ", ".join(freeze.pool for freeze in seen.freezes if freeze.pool) or "none"
            raise UsageError(f"pool {pool!r} is not frozen; frozen pools: {known}")
        names = _chosen(rotation, pool, seen)
        if rotation and not names:
            await first_aid(api, rotation, seen)  # raises, with the names that there are
        found = {name: await first_aid(api, name, seen) for name in (names or [one.name for one in seen.rotations])}
        _show(found, frozen)
        every = [one.name for one in seen.rotations]
        if not names and not frozen:
            click.echo("nothing is frozen that could be resumed" if seen.ordered else "nothing is frozen")
            return not _tell_held(seen, every)
        grave = any(finding.grave for name in found for finding in found[name])
        if grave and not yes and not _agreed():
            return False
        await _go_on(api, names, frozen)
        after = await stand(api)
        for name in names:
            if after.frozen(name) is None:
                click.echo(f"rotation {name} goes on")
        held = _tell_held(after, names or every)
    return not (held and rotation)


def _chosen(rotation: str, pool: str, seen: Any) -> list[str]:
    """The rotations whose own freezes end: the one that is named; or, where the cluster is not frozen itself, all of them."""
    if rotation:
        return [one.name for one in seen.rotations if one.name == rotation]
    if pool or any(not freeze.pool for freeze in seen.freezes):
        return []
    return [one.name for one in seen.rotations if seen.written(one.name)]


def _tell_held(seen: Any, names: list[str]) -> bool:
    """Say which of these rotations something else still holds, and what lets them go on; whether there is one."""
    from underway.rotate.freezes import next_command

    held = {name: found for name in names if (found := seen.frozen(name)) is not None}
    for name, found in held.items():
        level = f" ({found.level})" if found.level != "rotation" else ""
        click.echo(f"rotation {name} stays frozen by {found.by}{level}: {found.reason}")
        click.echo(f"next: {next_command(found, name)}", err=True)
    return bool(held)


def _agreed() -> bool:
    """Whether somebody at a terminal wants to go on all the same."""
    if not sys.stdin.isatty():
        click.echo("nothing was changed; cure what is wrong, or go on all the same with --yes", err=True)
        return False
    return click.confirm("go on all the same?", err=True)


async def _go_on(api: Any, names: list[str], frozen: list[Any]) -> None:
    from underway.live.clock import now_ms
    from underway.live.freezing import change
    from underway.live.leases import annotate
    from underway.rotate.record import resume_annotations

    if frozen:
        pools = {freeze.pool for freeze in frozen}
        await change(api, lambda held: [one for one in held if one.pool not in pools], now_ms(), ended=True)
        for pool in sorted(pools):
            click.echo(f"{f'pool {pool}' if pool else 'the cluster'} goes on")
    for name in names:
        await annotate(api, name, resume_annotations(now_ms()))


def _plain(text: str) -> str:
    """What others have written, without what would steer the terminal."""
    return "".join(char if char.isprintable() else " " if char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


def _show(found: dict[str, list[Any]], frozen: list[Any]) -> None:
    """What first aid found, worst first, on stderr: it is not the result."""
    from rich.console import Console
    from rich.text import Text

    from underway.model import timestamp

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for freeze in frozen:
        where = f"pool {freeze.pool}" if freeze.pool else "the whole cluster"
        console.print(
            f"{where} is frozen by {freeze.by} since {timestamp.format_ms(freeze.since_ms)}: {freeze.reason}", style="cyan"
        )
    for name, findings in found.items():
        console.print(f"rotation {name}", style="bold")
        for finding in findings or ():
            since = f" since {timestamp.format_ms(finding.since_ms)}" if finding.since_ms else ""
            console.print(Text(f"  {finding.kind:8} {_plain(finding.text)}{since}", style=MARKS[finding.kind]))
            for line in finding.lines:
                console.print(Text(f"           | {_plain(line)[:LINE_MAX]}", style="dim"))
        if not any(finding.grave for finding in findings):
            console.print("  nothing that would stop it again", style="green")
