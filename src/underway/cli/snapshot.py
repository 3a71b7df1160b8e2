"""`underway snapshot`: save what decisions read of a cluster."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from underway.cli.options import cluster_options

if TYPE_CHECKING:
    from underway.live.reading import SnapshotFile


@click.command(name="snapshot")
@cluster_options
@click.pass_context
def command(ctx: click.Context, kubeconfig: str, context: str) -> None:
    """Save what decisions read of a cluster, as JSON on standard output.

    All that plan, rehearsals and lint read, and only the fields that they need. Of Secrets and ConfigMaps the metadata, never a
    value. Exit code 4 if something could not be read: the file says what.

    Example: underway snapshot > cluster.json; underway plan -f rotation.yaml --snapshot cluster.json
    """
    saved = asyncio.run(_read(kubeconfig, context))
    click.echo(msgspec.json.format(msgspec.json.encode(saved), indent=1).decode())
    for skipped in saved.skipped:
        click.echo(f"skipped: {skipped.kind}: {skipped.reason}", err=True)
    ctx.exit(4 if saved.skipped else 0)


async def _read(kubeconfig: str, context: str) -> "SnapshotFile":
    from underway.lint.objects.kinds import KINDS
    from underway.lint.requested import REQUESTED
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.inventory import inventory
    from underway.live.kubeconfig import connection
    from underway.live.reading import to_file

    counts: dict[str, int] = {}

    def progress(kind: str, count: int) -> None:
        counts[kind] = count
        if sys.stderr.isatty():
            click.echo(f"\rread {sum(counts.values())} objects", err=True, nl=False)

    async with HttpApi(connection(kubeconfig, context)) as api:
        version = await connect(api)
        read = await inventory(api, (*KINDS, REQUESTED), progress=progress)
    click.echo(f"{chr(13) if sys.stderr.isatty() else ''}read {sum(counts.values())} objects from {version}", err=True)
    return to_file(read, version, datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
