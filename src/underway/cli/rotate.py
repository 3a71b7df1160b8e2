"""`underway rotate`: the whole thing, from this terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from underway.cli.options import alerts_options, cluster_options, emit, output_option, read_rotation, rotation_option

if TYPE_CHECKING:
    from underway.rotate.status import Status


@click.command(name="rotate")
@rotation_option
@click.option(
    "--despite-blockers", is_flag=True, help="Rotate what can be rotated; blocked nodes wait until their cause is gone."
)
@alerts_options
@cluster_options
@output_option
@click.pass_context
def command(
    ctx: click.Context,
    source: str,
    despite_blockers: bool,
    alerts: str,
    cluster_name: str,
    kubeconfig: str,
    context: str,
    output: str,
) -> None:
    """Rotate the nodes of a cluster from this terminal, without installing anything.

    Ctrl-C stops tidily: nothing new is begun, no node is left cordoned; the same command goes on later. While somebody else
    has the rotation in hand, this waits. Exit code 1 if the plan is blocked or the rotation was stopped.

    Example: underway rotate -f rotation.yaml
    """
    from underway.errors import InvariantViolated, Refused
    from underway.live.alerting import Alerting, Destinations
    from underway.rotate.alerts.routes import named

    rotation = read_rotation(source)
    destinations = Destinations(alerts, os.environ)
    for problem in destinations.missing(named(rotation.spec.alerts)):
        click.echo(f"nobody will be told there: {problem}", err=True)
    notify = partial(Alerting, destinations, cluster_name)
    status = asyncio.run(_rotate(rotation, kubeconfig, context, notify, despite_blockers=despite_blockers))
    if status is None:
        ctx.exit(1)
    emit(status, output, lambda: click.echo(outcome(status)))
    if status.state == "Failed":
        raise Refused(status.reason)
    if status.state not in ("Finished", "Stopped", "Frozen", "Progressing", "Waiting", "Blocked", "Starting"):
        raise InvariantViolated(f"the driver ended in state {status.state}")
    ctx.exit(0 if status.state == "Finished" else 1)


def outcome(status: Status) -> str:
    """How it ended, in one line."""
    why = f" ({status.reason})" if status.reason else ""
    return f"{status.state}{why}: {status.nodes.up_to_date} of {status.nodes.total} nodes are up to date"


async def _rotate(rotation: Any, kubeconfig: str, context: str, alerting: Any, *, despite_blockers: bool) -> Any:
    from underway.cli.drift import with_machines
    from underway.cli.plan import picture_of_live, show
    from underway.cli.preflight import planned
    from underway.cli.progress import Progress
    from underway.cli.rights import forbidden, seen, watched
    from underway.errors import Refused
    from underway.live.clock import now_ms
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection
    from underway.live.loop import pump
    from underway.live.probing import Probing
    from underway.machines import PROVIDERS
    from underway.rotate.driver import Driver
    from underway.rotate.target import asks_first

    spec = rotation.spec.machines
    async with HttpApi(connection(kubeconfig, context)) as api, AsyncExitStack() as also:
        version = await connect(api)
        home = await also.enter_async_context(HttpApi(connection(spec.kubeconfig, spec.context))) if spec.kubeconfig else api
        machines = PROVIDERS[spec.provider](spec, home)
        snapshot, allowed = await seen(api, home, rotation.spec)
        if allowed.refused:
            raise Refused(f"nothing was changed: {forbidden(allowed.refused)}")
        if asks_first(rotation.spec):
            snapshot = await with_machines(snapshot, machines, rotation)
        made = planned(rotation, snapshot, await picture_of_live(api, version), now_ms(), allowed.namespaces)
        if made.blockers and not despite_blockers:
            show(made)
            click.echo("nothing was changed; remove what blocks, or rotate the rest with --despite-blockers", err=True)
            return None
        click.echo(f"rotating {made.total - made.up_to_date} of {made.total} nodes on {version}", err=True)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        probing, notify = Probing(), alerting()
        for note in allowed.notes:
            click.echo(note, err=True)
        identity = f"{socket.gethostname()}-{os.getpid()}-{now_ms():x}"
        driver = Driver(rotation, identity, evict_in=allowed.namespaces)
        watching = asyncio.create_task(watched(api, driver, stop)) if allowed.namespaces is not None else None
        with Progress(made.bound.seconds) as progress:
            try:
                await pump(driver, api, machines, probing, notify, stop, progress.update)
            finally:
                if watching is not None:
                    watching.cancel()
                await probing.close()
                await notify.close()
                await machines.close()
        return driver.status
