"""`underway plan`: what a rotation would do."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import click

from underway.cli.options import cluster_options, emit, output_option, read_bytes, read_rotation, rotation_option
from underway.cli.terminal import width
from underway.model.duration import human


@click.command(name="plan")
@rotation_option
@click.option("--snapshot", "saved", default="", metavar="FILE", help="Plan on a saved snapshot instead of the live cluster.")
@cluster_options
@output_option
@click.pass_context
def command(ctx: click.Context, source: str, saved: str, kubeconfig: str, context: str, output: str) -> None:
    """Say what a rotation would do: order, lower bound, predicted time, named blockers. Nothing is changed.

    Exit code 1 if something forbids it.

    Example: underway plan -f rotation.yaml
    """
    import msgspec

    from underway.cli import drift
    from underway.cli.preflight import planned
    from underway.live.clock import now_ms
    from underway.live.reading import from_file, objects_from_file, snapshot_file
    from underway.model.snapshot import snapshot_of

    rotation = read_rotation(source)
    notes: tuple[str, ...] = ()
    allowed = None
    if saved:
        file = snapshot_file(read_bytes(saved), saved)
        snapshot, picture = snapshot_of(from_file(file, saved)), picture_of_saved(objects_from_file(file, saved))
        notes = (drift.LOST,) if rotation.spec.target.drifted else ()
    else:
        allowed, snapshot, picture = asyncio.run(_read(rotation, kubeconfig, context))
        notes = drift.unknown(snapshot, rotation) if rotation.spec.target.drifted else ()
    at_ms = now_ms()
    namespaces = allowed.namespaces if allowed is not None else None
    made = planned(rotation, snapshot, picture, at_ms, namespaces)
    made = msgspec.structs.replace(made, warnings=(*notes, *made.warnings))
    if allowed is not None:
        made = msgspec.structs.replace(made, warnings=(*allowed.notes, *made.warnings), refused=tuple(map(str, allowed.refused)))
    emit(made, output, lambda: show(made))
    ctx.exit(1 if made.blockers or made.refused else 0)


async def _read(rotation: Any, kubeconfig: str, context: str) -> tuple[Any, Any, Any]:
    from underway.cli.drift import with_machines
    from underway.cli.rights import seen
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection
    from underway.machines import PROVIDERS
    from underway.rotate.target import asks_first

    spec = rotation.spec.machines
    async with HttpApi(connection(kubeconfig, context)) as api, AsyncExitStack() as also:
        version = await connect(api)
        home = await also.enter_async_context(HttpApi(connection(spec.kubeconfig, spec.context))) if spec.kubeconfig else api
        snapshot, allowed = await seen(api, home, rotation.spec)
        if asks_first(rotation.spec):
            machines = PROVIDERS[spec.provider](spec, home)
            also.push_async_callback(machines.close)
            snapshot = await with_machines(snapshot, machines, rotation)
        return allowed, snapshot, await picture_of_live(api, version)


async def picture_of_live(api: Any, version: str) -> Any:
    """What the preflight looks at, of a live cluster of a version."""
    from underway.cli.preflight import kinds
    from underway.lint.picture import Picture
    from underway.live.inventory import inventory

    seen = await inventory(api, kinds())
    return Picture(seen.objects, skipped=seen.skipped, server_version=version, requested=seen.requested)


def picture_of_saved(saved: Any) -> Any:
    """What the preflight looks at, of a snapshot file."""
    from underway.lint.picture import Picture

    return Picture(saved.objects, skipped=saved.skipped, server_version=saved.server_version, requested=saved.requested)


def show(made: Any) -> None:
    """Print a plan for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True, width=width())
    old = made.total - made.up_to_date
    console.print(f"Rotation [bold]{made.rotation}[/]: {old} of {made.total} nodes are out of date")
    if made.order:
        table = Table(box=None, pad_edge=False)
        for column in ("#", "node", "zone", "pods", "starts", "ends", "order", "why"):
            table.add_column(column, overflow="fold")  # a name that is cut short is no name
        for index, node in enumerate(made.order, start=1):
            times = (_when(node.starts_s), _when(node.ends_s))
            table.add_row(str(index), node.node, node.zone, str(node.pods), *times, node.place, node.reason)
        console.print(table)
    for window in made.windows:
        console.print(f"[cyan]window[/]   {window.opens} to {window.closes}")
    console.print(f"Lower bound {_when(made.bound.seconds)}: {made.bound.explanation}. Predicted {_when(made.predicted_s)}.")
    for rung in made.ladder:
        console.print(f"[cyan]ladder[/]   {rung}")
    for warning in made.warnings:
        console.print(f"[yellow]note[/]     {warning}")
    for right in made.refused:
        console.print(f"[red]refused[/]  you may not {right}, which a rotation does")
    for blocker in made.blockers:
        console.print(f"[red]blocked[/]  node {blocker.node}: {blocker.sentence}")


def _when(at_s: float) -> str:
    """A time from now for people."""
    return "never" if at_s == float("inf") else human(at_s)
