"""`underway freeze`: stop a rotation."""

import asyncio

import click

from underway.cli.options import cluster_options


@click.command(name="freeze")
@click.argument("rotation", default="")
@click.option("--reason", default="frozen by hand", show_default=True, help="Why; `underway status` shows it to everybody.")
@cluster_options
def command(rotation: str, reason: str, kubeconfig: str, context: str) -> None:
    """Stop ROTATION (default: all of the cluster) within five seconds.

    Nothing new is begun; machines that are ending end; every other node in hand is opened again.

    Example: underway freeze workers --reason "incident 4711"
    """
    from underway.live.loop import now_ms
    from underway.rotate.record import freeze_annotations

    for name in asyncio.run(write(rotation, freeze_annotations(reason, "user", now_ms()), kubeconfig, context)):
        click.echo(f"rotation {name} is frozen: {reason}")


async def write(rotation: str, annotations: dict[str, str | None], kubeconfig: str, context: str) -> list[str]:
    """Annotate the Leases; whose."""
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection
    from underway.live.leases import annotate

    async with HttpApi(connection(kubeconfig, context)) as api:
        await connect(api)
        return await annotate(api, rotation, annotations)
