"""`underway resume`: let a frozen rotation go on."""

import asyncio

import click

from underway.cli.freeze import write
from underway.cli.options import cluster_options


@click.command(name="resume")
@click.argument("rotation", default="")
@cluster_options
def command(rotation: str, kubeconfig: str, context: str) -> None:
    """Let ROTATION (default: all of the cluster) go on. A gate that is still in breach freezes it again.

    Example: underway resume workers
    """
    from underway.live.loop import now_ms
    from underway.rotate.record import resume_annotations

    for name in asyncio.run(write(rotation, resume_annotations(now_ms()), kubeconfig, context)):
        click.echo(f"rotation {name} goes on")
