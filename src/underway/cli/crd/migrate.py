"""`underway crd migrate`: write every object again in the storage version, then trim storedVersions."""

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import click

from underway.cli.options import cluster_options, emit, output_option
from underway.errors import UsageError

if TYPE_CHECKING:
    from underway.crd.migration import Migration
    from underway.crd.storage import Plan

QPS = 100  # enough for 6,000 objects a minute; the server's own fairness is the real limit


@click.command()
@click.argument("name", metavar="CRD-NAME")
@click.option("--dry-run", is_flag=True, help="Show the order and where it stands; write nothing.")
@click.option("--qps", default=QPS, show_default=True, type=click.FloatRange(1), help="Requests a second, at most.")
@cluster_options
@output_option
def command(name: str, dry_run: bool, qps: float, kubeconfig: str, context: str, output: str) -> int:
    """Bring all objects of a custom resource to its storage version.

    Every object is written again unchanged, in pages; the API server stores it in the storage version. When all are, and the
    definition has not changed meanwhile, status.storedVersions is trimmed, so that old versions can be taken out. A run that
    was stopped goes on where it stood. It may run beside the cluster's own StorageVersionMigration. Exit code 4 if objects
    were refused, 1 if something else keeps storedVersions from being trimmed.

    Example: underway crd migrate devices.things.underway.dev --dry-run
    """
    plan, outcome = asyncio.run(_run(name, dry_run, qps, kubeconfig, context))
    if outcome is None:
        emit(plan, output, lambda: _show_plan(plan))
        return 1 if plan.blocked and plan.needed else 0
    emit(outcome, output, lambda: _show(outcome))
    if outcome.refusals:
        return 4
    return 0 if outcome.trimmed else 1


async def _run(name: str, dry_run: bool, qps: float, kubeconfig: str, context: str) -> "tuple[Plan, Migration | None]":
    from underway.crd.migration import DEFINITIONS
    from underway.crd.storage import plan_of, stored_of
    from underway.kube.request import Request
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection
    from underway.live.migrating import run
    from underway.live.rate import RateLimit
    from underway.live.replies import checked

    async with HttpApi(connection(kubeconfig, context), RateLimit(qps, int(qps))) as api:
        await connect(api)
        reply = await api.call(Request(id=0, verb="get", resource=DEFINITIONS, name=name))
        if reply.code == 404:
            raise UsageError(f"there is no CustomResourceDefinition {name}; its name is PLURAL.GROUP")
        read = checked(reply, f"read CustomResourceDefinition {name}", "get and patch")
        plan = plan_of(stored_of(read.body))
        if dry_run:
            return plan, None
        outcome = await run(api, name, _progress)
        if sys.stderr.isatty():
            click.echo(err=True)
        return plan, outcome


def _progress(count: int) -> None:
    end = not sys.stderr.isatty()
    click.echo(f"{'' if end else chr(13)}{count:,} objects written again", err=True, nl=end)


def _show_plan(plan: Any) -> None:
    click.echo(f"{plan.name}: the storage version is {plan.storage}; storedVersions: {', '.join(plan.stored) or 'none'}")
    for number, step in enumerate(plan.steps, start=1):
        why = f": {step.why}" if step.why else ""
        click.echo(f"{number:3}. {step.state:8} {step.text}{why}")


def _show(outcome: Any) -> None:
    for refusal in outcome.refused:
        click.echo(f"{refusal.name}: {refusal.message}")
    if outcome.refusals > len(outcome.refused):
        click.echo(f"and {outcome.refusals - len(outcome.refused)} more")
    gone = f", {outcome.gone} gone meanwhile" if outcome.gone else ""
    resumed = ", with those of an earlier run" if outcome.resumed else ""
    click.echo(f"{outcome.name}: {outcome.written} objects written in {outcome.storage}{resumed}{gone}")
    if outcome.trimmed:
        click.echo(f"status.storedVersions is [{outcome.storage}]")
    else:
        click.echo(f"status.storedVersions was not trimmed: {outcome.stopped}")
