"""`underway freeze`: stop a rotation, a pool of nodes, or everything in the cluster."""

import asyncio
from typing import Any

import click

from underway.cli.options import cluster_options
from underway.errors import UsageError


def pool_option(function: Any) -> Any:
    """--pool SELECTOR."""
    return click.option("--pool", default="", metavar="SELECTOR", help="The nodes with these labels, such as pool=gpu.")(function)


@click.command(name="freeze")
@click.argument("rotation", default="")
@pool_option
@click.option("--fleet", default="", metavar="NAME", help="A Fleet of this hub: every cluster of it that has begun.")
@click.option("--reason", default="frozen by hand", show_default=True, help="Why; `underway status` shows it to everybody.")
@cluster_options
def command(rotation: str, pool: str, fleet: str, reason: str, kubeconfig: str, context: str) -> None:
    """Stop ROTATION, a pool, or (with neither) the whole cluster, within five seconds.

    Nothing new is begun; machines that are ending end; every other node in hand is opened again. A frozen cluster or pool
    holds rotations that are started later too.

    Example: underway freeze workers --reason "incident 4711"
    """
    if fleet:
        if rotation or pool:
            raise UsageError(f"give either a fleet ({fleet}), a rotation or a pool")
        asyncio.run(order_fleet(fleet, reason, kubeconfig, context))
        click.echo(f"fleet {fleet} is frozen: {reason}")
        click.echo(f"next: underway resume --fleet {fleet}", err=True)
        return
    asyncio.run(_freeze(rotation, selected(rotation, pool), pool, reason, kubeconfig, context))


async def order_fleet(name: str, reason: str, kubeconfig: str, context: str) -> None:
    """Freeze a Fleet for a reason, or with none let it go on."""
    from underway.live.clock import now_ms
    from underway.live.connect import connect
    from underway.live.freezing import order_fleet, whoami
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection
    from underway.rotate.freezes import Frozen

    async with HttpApi(connection(kubeconfig, context)) as api:
        await connect(api)
        frozen = Frozen(reason, await whoami(api), now_ms(), "fleet", fleet=name) if reason else None
        await order_fleet(api, name, frozen)


def selected(rotation: str, pool: str) -> Any:
    """The selector of --pool, None without it. Raises UsageError."""
    from underway.model import selector_text

    if not pool:
        return None
    if rotation:
        raise UsageError(f"give either a rotation ({rotation}) or --pool {pool}, not both")
    try:
        return selector_text.parse(pool)
    except ValueError as error:
        raise UsageError(f"--pool {pool}: {error}") from None


async def _freeze(rotation: str, selector: Any, pool: str, reason: str, kubeconfig: str, context: str) -> None:
    from underway.live.clock import now_ms
    from underway.live.connect import connect
    from underway.live.freezing import change, whoami
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection
    from underway.live.leases import annotate
    from underway.rotate.freezes import Freeze
    from underway.rotate.record import freeze_annotations

    async with HttpApi(connection(kubeconfig, context)) as api:
        await connect(api)
        who = await whoami(api)
        if rotation:
            for name in await annotate(api, rotation, freeze_annotations(reason, who, now_ms())):
                click.echo(f"rotation {name} is frozen: {reason}")
            return
        freeze = Freeze(reason, who, now_ms(), pool, selector)
        await change(api, lambda held: [*(one for one in held if one.pool != pool), freeze], now_ms(), ended=False)
        click.echo(f"{f'pool {pool}' if pool else 'the whole cluster'} is frozen: {reason}")
        click.echo(f"next: underway resume{f' --pool {pool}' if pool else ''}", err=True)
