"""`underway status`: how the rotations of a cluster stand."""

import asyncio
from typing import Any

import click

from underway.cli.options import cluster_options, emit, output_option


@click.command(name="status")
@click.argument("rotation", default="")
@cluster_options
@output_option
def command(rotation: str, kubeconfig: str, context: str, output: str) -> None:
    """Show how ROTATION (default: each of the cluster) stands.

    Example: underway status -o json
    """
    from underway.errors import UsageError

    found = [one for one in asyncio.run(_read(kubeconfig, context)) if rotation in ("", one.name)]
    if rotation and not found:
        raise UsageError(f"no rotation {rotation!r} in this cluster")
    emit([_summary(one) for one in found], output, lambda: _show(found))


async def _read(kubeconfig: str, context: str) -> list[Any]:
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection
    from underway.live.leases import rotations

    async with HttpApi(connection(kubeconfig, context)) as api:
        await connect(api)
        return await rotations(api)


def _summary(one: Any) -> dict[str, Any]:
    import msgspec

    from underway.rotate.record import journal_of

    journal = journal_of(one.lease)
    return {
        "rotation": one.name,
        "holder": one.lease.spec.holder_identity,
        "frozen": {"reason": journal.frozen, "by": journal.frozen_by, "sinceMs": journal.frozen_since_ms}
        if journal.frozen
        else None,
        "status": msgspec.to_builtins(one.status) if one.status else None,
    }


def _show(found: list[Any]) -> None:
    from rich.console import Console

    from underway.cli.progress import table
    from underway.live.loop import now_ms
    from underway.model import timestamp
    from underway.rotate.record import journal_of

    console = Console(highlight=False)
    if not found:
        console.print("no rotation in this cluster")
    for one in found:
        holder = one.lease.spec.holder_identity or "nobody"
        console.print(f"[bold]{one.name}[/], held by {holder}")
        journal = journal_of(one.lease)
        if journal.frozen:
            since = timestamp.format_ms(journal.frozen_since_ms)
            console.print(f"[cyan]frozen[/] since {since} by {journal.frozen_by or 'somebody'}: {journal.frozen}")
            console.print(f"next: underway resume {one.name}")
        if one.status:
            console.print(table(one.status, now_ms()))
