"""`underway status`: how the rotations of a cluster stand."""

import asyncio
from typing import Any, NamedTuple

import click

from underway.cli.options import cluster_options, emit, output_option
from underway.cli.terminal import width


@click.command(name="status")
@click.argument("rotation", default="")
@click.option("--fleet", is_flag=True, help="Show the Fleets of this hub instead: their waves and clusters.")
@cluster_options
@output_option
def command(rotation: str, fleet: bool, kubeconfig: str, context: str, output: str) -> None:
    """Show how ROTATION (default: each of the cluster) stands.

    Example: underway status -o json
    """
    from underway.errors import UsageError

    if fleet:
        fleets = [one for one in asyncio.run(_fleets(kubeconfig, context)) if rotation in ("", one.metadata.name)]
        if rotation and not fleets:
            raise UsageError(f"no fleet {rotation!r} in this cluster")
        emit([{"fleet": one.metadata.name, "status": one.status} for one in fleets], output, lambda: _show_fleets(fleets))
        return
    stand, objects = asyncio.run(_read(kubeconfig, context))
    found = [one for one in _joined(stand, objects) if rotation in ("", one.name)]
    if rotation and not found:
        raise UsageError(f"no rotation {rotation!r} in this cluster")
    emit([_summary(one, stand) for one in found], output, lambda: _show(found, stand))


class Shown(NamedTuple):
    """One rotation: its Lease while one drives it, its object where it has been declared."""

    name: str
    rotating: Any
    declared: Any


def _joined(stand: Any, objects: Any) -> list[Shown]:
    leases = {one.name: one for one in stand.rotations}
    declared = {one.name: one for one in objects}
    return [Shown(name, leases.get(name), declared.get(name)) for name in sorted({*leases, *declared})]


async def _fleets(kubeconfig: str, context: str) -> list[Any]:
    from underway.live.connect import connect
    from underway.live.freezing import fleets
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection

    async with HttpApi(connection(kubeconfig, context)) as api:
        await connect(api)
        return await fleets(api)


def _show_fleets(fleets: list[Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True, width=width())
    if not fleets:
        console.print("no fleet in this cluster")
    for one in fleets:
        status = one.status
        console.print(f"[bold]{one.metadata.name}[/] {status.get('state') or 'not seen yet'}: {escape(status.get('reason', ''))}")
        if status.get("observedGeneration", 0) < one.metadata.generation:
            console.print(f"[yellow]no hub has taken up[/] generation {one.metadata.generation} of its specification")
        if frozen := status.get("frozen"):
            why = f": {escape(frozen['reason'])}" if frozen.get("level") == "fleet" else ""  # of a wave the line above says it
            console.print(f"[cyan]frozen[/] since {frozen['since']} by {escape(frozen['by'])}{why}")
            console.print(f"next: {_next_of_fleet(one)}", markup=False)
        shown = Table(box=None, pad_edge=False)
        for column in ("wave", "state", "cluster", "rotation", "up to date", "reason"):
            shown.add_column(column, overflow="fold")
        for wave in status.get("waves", ()):
            count = f"{wave.get('finished', 0)}/{wave.get('clusters', 0)} clusters"
            shown.add_row(wave["name"], wave["state"], "", "", count, escape(wave.get("reason", "")))
            for cluster in (each for each in status.get("clusters", ()) if each.get("wave") == wave["name"]):
                count = f"{cluster.get('upToDate', 0)}/{cluster['total']}" if cluster.get("total") else "-"
                state = cluster.get("state") or "not begun"
                shown.add_row("", "", cluster["name"], state, count, escape(cluster.get("reason", "")))
        console.print(shown)


def _next_of_fleet(fleet: Any) -> str:
    """What lets a frozen Fleet go on: an order to the hub, or a look at the cluster that stopped."""
    name, frozen = fleet.metadata.name, fleet.status["frozen"]
    if frozen.get("level") == "fleet":
        return f"underway resume --fleet {name}"
    rotation = fleet.spec.get("rotation", {}).get("name") or name
    states = {f"cluster {one['name']}": one.get("state") for one in fleet.status.get("clusters", ())}
    return f"in {frozen['by']}: underway {'status' if states.get(frozen['by']) == 'Failed' else 'resume'} {rotation}"


async def _read(kubeconfig: str, context: str) -> tuple[Any, Any]:
    from underway.live.connect import connect
    from underway.live.declared import declared
    from underway.live.freezing import stand
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection

    async with HttpApi(connection(kubeconfig, context)) as api:
        await connect(api)
        objects, unseen = await declared(api)
        if unseen:
            click.echo(f"Rotation objects are not shown: {unseen}", err=True)
        return await stand(api), objects


def _summary(one: Shown, stand: Any) -> dict[str, Any]:
    import msgspec

    frozen = stand.frozen(one.name)
    pools = [freeze for freeze in stand.freezes if freeze.pool]
    driven = one.rotating
    return {
        "rotation": one.name,
        "holder": driven.lease.spec.holder_identity if driven else "",
        "frozen": {"reason": frozen.reason, "by": frozen.by, "sinceMs": frozen.since_ms, "level": frozen.level}
        if frozen
        else None,
        "frozenPools": [{"pool": one.pool, "reason": one.reason, "by": one.by, "sinceMs": one.since_ms} for one in pools],
        "status": msgspec.to_builtins(driven.status) if driven and driven.status else None,
        "declared": {"generation": one.declared.generation, **msgspec.to_builtins(one.declared.status)} if one.declared else None,
    }


def _show(found: list[Shown], stand: Any) -> None:
    from rich.console import Console
    from rich.markup import escape

    from underway.cli.progress import table
    from underway.live.clock import now_ms
    from underway.model import timestamp
    from underway.rotate.freezes import next_command

    console = Console(highlight=False, soft_wrap=True, width=width())
    for freeze in stand.freezes:
        where = f"pool {freeze.pool}" if freeze.pool else "the whole cluster"
        since = timestamp.format_ms(freeze.since_ms)
        console.print(f"[cyan]{where} is frozen[/] since {since} by {escape(freeze.by)}: {escape(freeze.reason)}")
        console.print(f"next: underway resume{f' --pool {freeze.pool}' if freeze.pool else ''}")
    if not found:
        console.print("no rotation in this cluster")
    for one in found:
        driven = one.rotating
        holder = (driven.lease.spec.holder_identity if driven else "") or "nobody"
        console.print(f"[bold]{one.name}[/], held by {holder}")
        frozen = stand.frozen(one.name)
        if frozen and frozen.level in ("rotation", "fleet"):
            since = f" since {timestamp.format_ms(frozen.since_ms)}" if frozen.since_ms else ""
            console.print(f"[cyan]frozen[/]{since} by {escape(frozen.by or 'somebody')}: {escape(frozen.reason)}")
            console.print(f"next: {next_command(frozen, one.name)}", markup=False)
        for held in driven.status.held if driven and driven.status else ():
            console.print(held.sentence, markup=False)
        if one.declared:
            _show_declared(one.declared, console)
        if driven and driven.status:
            console.print(table(_of_now(driven.status, one.declared), now_ms()))


def _of_now(status: Any, declared: Any) -> Any:
    """What the Lease says, with the reason that the object gives: a gate that recovers stands there sooner."""
    import msgspec

    current = declared is not None and not declared.unseen and declared.status.state == status.state
    return msgspec.structs.replace(status, reason=declared.status.reason) if current else status


def _show_declared(declared: Any, console: Any) -> None:
    """What the operator says of a Rotation object."""
    from rich.markup import escape
    from rich.table import Table

    status = declared.status
    if declared.unseen:
        console.print(f"[yellow]no operator has taken up[/] generation {declared.generation} of its specification")
    elif status.state == "Failed":
        console.print(f"[red]refused or failed[/]: {escape(status.reason)}")
    shown = Table("condition", "", "since", "why", box=None, pad_edge=False)
    for condition in status.conditions:
        shown.add_row(condition.type, condition.status, condition.last_transition_time, escape(condition.message))
    if status.conditions:
        console.print(shown)
