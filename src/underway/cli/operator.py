"""`underway operator`: the process that runs in a cluster, or anywhere that can reach one."""

import asyncio
import os
import signal
import socket
import sys
import time
from functools import partial
from typing import Any

import click

from underway.cli.options import alerts_options, cluster_options
from underway.errors import UsageError

QPS, BURST = 50.0, 100  # controller-runtime's 20 and 30, and room for the evictions of several Rotations at once


@click.command(name="operator")
@click.option("--listen", default=":8080", show_default=True, metavar="[HOST]:PORT", help="/healthz, /readyz and /metrics.")
@click.option(
    "--allow-command",
    "commands",
    multiple=True,
    metavar="PATH",
    help="What providers and gates may run; may be given again.",
)
@click.option(
    "--fleet", is_flag=True, help="Be a hub: reconcile Fleets too, with the kubeconfigs in Secrets of our own namespace."
)
@click.option("--evict-in", multiple=True, metavar="NAMESPACE", help="Evict pods of this namespace only; may be given again.")
@alerts_options
@cluster_options
def command(
    listen: str,
    commands: tuple[str, ...],
    evict_in: tuple[str, ...],
    fleet: bool,
    alerts: str,
    cluster_name: str,
    kubeconfig: str,
    context: str,
) -> None:
    """Reconcile the Rotations of a cluster, for ever.

    Several may run: one leads, and another takes over when it ends. SIGTERM hands over what is in hand as it is; to leave
    the cluster tidy, freeze it first. `underway manifests` prints what it needs.

    Example: underway operator --kubeconfig ~/.kube/config --listen 127.0.0.1:8080
    """
    host, _, port = listen.rpartition(":")
    if not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"--listen {listen}: is not [HOST]:PORT, such as :8080 or 127.0.0.1:8080")
    from underway.live.alerting import Alerting, Destinations

    notify = partial(Alerting, Destinations(alerts, os.environ), cluster_name)
    asyncio.run(_operate(host.strip("[]"), int(port), commands, kubeconfig, context, notify, fleet=fleet, evict_in=evict_in))


def identity() -> str:
    """Who this process is on the Leases: unique, and telling for a person."""
    from underway.live.clock import now_ms

    name = os.environ.get("POD_NAME") or socket.gethostname()
    return f"{name}-{os.getpid()}-{now_ms():x}"


async def _operate(
    host: str,
    port: int,
    commands: tuple[str, ...],
    kubeconfig: str,
    context: str,
    alerting: Any,
    *,
    fleet: bool,
    evict_in: tuple[str, ...],
) -> None:
    from underway.cli.rights import may_begin
    from underway.errors import Refused
    from underway.live.connect import connect
    from underway.live.endpoints import Endpoints
    from underway.live.fleets import Fleets
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection
    from underway.live.loop import pump
    from underway.live.measures import Measures
    from underway.live.probing import Probing
    from underway.live.rate import RateLimit
    from underway.machines import PROVIDERS
    from underway.machines.workshop import Workshop
    from underway.rotate.gates import GATES
    from underway.rotate.operator.operator import Operator

    gates = [gate.name for gate in GATES]
    operator = Operator(identity(), gates, PROVIDERS, evict_in)
    async with HttpApi(connection(kubeconfig, context), RateLimit(QPS, BURST)) as api:
        version = await connect(api)
        await may_begin(api)
        workshop = Workshop(lambda id_: hand.machines if (hand := operator.hand_of(id_)) else None, PROVIDERS, api, commands)
        measures = Measures(operator)
        endpoints = Endpoints(host, port, lambda: "" if operator.synced else "still reading the cluster", measures.text)
        async with endpoints:
            say(f"{operator.identity} watches {version}; http://{host or '0.0.0.0'}:{endpoints.port}/metrics")  # noqa: S104 - shown
            stop, log = _stop(), Log()

            def turned(now: Operator) -> None:
                endpoints.turned()
                log.update(now)
                log.fleets(fleets.statuses)

            notify = alerting()
            namespace = os.environ.get("POD_NAMESPACE") or "underway-system"
            fleets = Fleets(api, namespace, gates, list(PROVIDERS), notify)
            measures.fleets = fleets.crier if fleet else None
            beside = _beside(fleets, operator, stop) if fleet else None
            probing = Probing(commands)
            try:
                await pump(operator, api, workshop, probing, notify, stop, turned)
            finally:
                await probing.close()
                await notify.close()
                await _ended(beside)
                await workshop.close()
    if operator.failure:
        raise Refused(f"{operator.failure}; see `underway manifests` for the definitions and the rights")
    say(f"{operator.identity} has handed over")


def _stop() -> asyncio.Event:
    """What Ctrl-C and the kubelet set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _beside(fleets: Any, operator: Any, stop: asyncio.Event) -> "asyncio.Task[None]":
    """The fleets of a hub, for as long as we lead."""
    from underway.live.clock import now_ms

    task = asyncio.create_task(fleets.run(stop, lambda: operator.leading and operator.synced, now_ms))
    # Without its fleets a hub would look well and do nothing: better to end, and be started again.
    task.add_done_callback(lambda _: stop.set())
    return task


async def _ended(task: "asyncio.Task[None] | None") -> None:
    """End a task, and let what went wrong in it be known."""
    if task is not None:
        task.cancel()
        done = (await asyncio.gather(task, return_exceptions=True))[0]
        if isinstance(done, Exception):
            raise done


def say(line: str) -> None:
    """One line of the log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")
    sys.stderr.flush()


class Log:
    """What changes, a line each: who leads, and how each Rotation stands."""

    def __init__(self) -> None:
        self._leading: bool | None = None
        self._last: dict[str, str] = {}

    def update(self, operator: Any) -> None:
        """Write what is new."""
        from underway.cli.progress import changes

        if operator.leading != self._leading and operator.synced:
            self._leading = operator.leading
            say(f"{operator.identity} {'leads' if operator.leading else 'stands by'}")
        for name, hand in operator.hands.items():
            if hand.status is None or not operator.leading:
                continue
            for line in changes(hand.status):
                self._say(name, line)
            if hand.permits.unknown:
                self._say(f"{name}'s rights", hand.permits.unknown)

    def fleets(self, statuses: dict[str, Any]) -> None:
        """Write what is new of the fleets of a hub. statuses: by name."""
        for name, status in statuses.items():
            by = f", by {status.frozen.by}" if status.frozen else ""
            self._say(name, f"{status.state}: {status.reason}{by}", "fleet")

    def _say(self, about: str, line: str, kind: str = "rotation") -> None:
        """A line, once."""
        if self._last.get(f"{kind} {about}") != line:
            self._last[f"{kind} {about}"] = line
            say(f"{kind} {about}: {line}")
