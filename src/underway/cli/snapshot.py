"""`underway snapshot`: save what decisions read of a cluster."""

import asyncio
import sys
from datetime import UTC, datetime

import click
import msgspec

from underway.cli.options import cluster_options


@click.command(name="snapshot")
@cluster_options
def command(kubeconfig: str, context: str) -> None:
    """Save what decisions read of a cluster, as JSON on standard output.

    Nodes, pods, budgets, workloads and volumes; only the fields that decisions need; no Secrets and no ConfigMaps.

    Example: underway snapshot > cluster.json; underway plan -f rotation.yaml --snapshot cluster.json
    """
    saved = asyncio.run(_read(kubeconfig, context))
    click.echo(msgspec.json.format(msgspec.json.encode(saved), indent=1).decode())


async def _read(kubeconfig: str, context: str) -> object:
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection
    from underway.live.reading import read, to_file

    counts: dict[str, int] = {}

    def progress(kind: str, count: int) -> None:
        counts[kind] = count
        if sys.stderr.isatty():
            click.echo(f"\rread {sum(counts.values())} objects", err=True, nl=False)

    async with HttpApi(connection(kubeconfig, context)) as api:
        version = await connect(api)
        objects = await read(api, progress)
    click.echo(f"{chr(13) if sys.stderr.isatty() else ''}read {sum(counts.values())} objects from {version}", err=True)
    return to_file(objects, version, datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
