"""Progress of a rotation on stderr: a live table on a terminal, a plain line for each change elsewhere."""

import sys
import time
from types import TracebackType
from typing import Any, Self

import click

from underway.live.clock import now_ms
from underway.model.duration import human
from underway.rotate.driver import Driver
from underway.rotate.status import InFlight, Status

BLOCKERS_SHOWN = 5


def headline(status: Status, now_ms: int) -> str:
    """One line: how far, and how long still."""
    nodes = status.nodes
    left = ""
    if status.predicted_finish_ms is not None and status.state == "Progressing":
        left = f", about {human(max(0, status.predicted_finish_ms - now_ms) / 1_000)} left"
    reason = f": {status.reason}" if status.reason else ""
    apart = f", {status.quarantine.nodes} of them quarantined" if status.quarantine else ""
    return f"{status.state}{reason} | {nodes.up_to_date}/{nodes.total} up to date, {nodes.in_hand} in hand{apart}{left}"


def table(status: Status, now_ms: int) -> Any:
    """The nodes in hand, each with what it waits for and, where its drain is stuck, since when and how far up the ladder."""
    from rich.table import Table

    shown = Table(title=headline(status, now_ms), title_justify="left", box=None, pad_edge=False, expand=False)
    for column in ("node", "zone", "phase", "for", "pods", "stuck"):
        shown.add_column(column, overflow="ellipsis", no_wrap=True)
    shown.add_column("waiting for", overflow="fold")  # the server's own words, whole
    sentences = {(one.node, one.reason): one.sentence for one in status.blockers}
    told = {(node.node, reason) for node in status.in_flight for reason in node.waiting[:1]}
    for node in status.in_flight:
        waiting = sentences.get((node.node, node.waiting[0]), node.waiting[0]) if node.waiting else ""
        stuck = f"{node.rung}, {_ago(node.stuck_ms, now_ms)}" if node.rung else ""
        shown.add_row(node.node, node.zone, node.phase, _ago(node.since_ms, now_ms), str(node.pods), stuck, waiting)
    for blocker in [one for one in status.blockers if (one.node, one.reason) not in told][:BLOCKERS_SHOWN]:
        since = _ago(blocker.since_ms, now_ms) if blocker.since_ms else ""
        shown.add_row(blocker.node, "", "Blocked", since, "", blocker.rung, blocker.sentence)
    shown.show_header = bool(shown.rows)
    return shown


def _ago(then_ms: int, now_ms: int) -> str:
    return human(max(0, now_ms - then_ms) / 1_000)


class Progress:
    """A context that shows a driver's status. bound_s: the lower bound from the plan, for the first line."""

    def __init__(self, bound_s: float) -> None:
        self._bound_s = bound_s
        self._live: Any = None
        self._last = ""
        self._undelivered = ""

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), refresh_per_second=4, transient=True)
            self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def update(self, driver: Driver) -> None:
        """Show the present status."""
        if driver.status.undelivered not in ("", self._undelivered):
            click.echo(driver.status.undelivered, err=True)
        self._undelivered = driver.status.undelivered
        if self._live is not None:
            self._live.update(table(driver.status, now_ms()))
            return
        for line in changes(driver.status):
            if line != self._last:
                sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
                sys.stderr.flush()
                self._last = line


def changes(status: Status) -> list[str]:
    """What a log should say of a status: one line, without times, so that the same state is the same line.

    A drain that is stuck says so with its rung, and what keeps it in the server's own words.
    """
    reason = f" ({status.reason})" if status.reason else ""
    hands = ", ".join(f"{node.node} {node.phase}{_stuck(node)}" for node in status.in_flight)
    nodes = status.nodes
    return [f"{status.state}{reason} {nodes.up_to_date}/{nodes.total}" + (f" [{hands}]" if hands else "")]


def _stuck(node: InFlight) -> str:
    return f" ({node.rung}: {node.waiting[0]})" if node.rung and node.waiting else ""
