"""`underway demo`: no cluster needed."""

import sys
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from underway.cli.options import emit, output_option
from underway.errors import UsageError
from underway.model.duration import human

SPEED = 60.0
FRAME_S = 0.1
FAULT_NAMES = ("etcd-quorum-loss", "api-server-overload", "ingress-overload", "quota", "boot-failure", "stuck-drain")
WINDOW_S = 15.0


@click.command(name="demo")
@click.option("--fast", is_flag=True, help="In virtual time: as fast as the machine can.")
@click.option("--seed", type=int, default=7, show_default=True, help="Of all dice: the same seed, the same run.")
@click.option("--fault", type=click.Choice(FAULT_NAMES), default=None, help="Let something break on the way.")
@click.option("--speed", type=click.FloatRange(1, 10_000), default=SPEED, show_default=True, help="Virtual seconds a second.")
@click.option("--serve", is_flag=True, help="Keep the embedded cluster's HTTPS API up for kubectl until Ctrl-C.")
@click.option(
    "--report",
    default="underway-report.html",
    show_default=True,
    metavar="FILE",
    help='Where to write the report; "" for nowhere.',
)
@output_option
@click.pass_context
def command(
    ctx: click.Context, fast: bool, seed: int, fault: str | None, speed: float, serve: bool, report: str, output: str
) -> None:
    """Upgrade an embedded cluster before your eyes: 24 nodes in 3 zones, live traffic, a report at the end.

    Exit code 1 if an invariant was broken or the upgrade did not finish.

    Example: underway demo --fast --fault stuck-drain
    """
    from underway.cli.serve import Served
    from underway.live.clock import now_ms
    from underway.sim.demo import Demo

    # kubectl shows ages against the wall clock, so a served cluster begins now; others begin at an instant of their own.
    demo = Demo(seed, fault or "", now_ms()) if serve else Demo(seed, fault or "")
    with Served(demo.world, wanted=serve) as served:
        with served.lock:
            demo.prepare()
        if fast:
            with served.lock:
                demo.rehearsal.run()
        else:
            _live(demo, speed, served.lock)
        with served.lock:
            result = demo.finish()
        _tell(demo, result, report, output)
        served.keep()
    ctx.exit(0 if result.invariants.broken == 0 and result.state == "Finished" else 1)


def _tell(demo: Any, result: Any, report: str, output: str) -> None:
    """Write the report and print the figures."""
    if report:
        _write(demo, result, report)
    if output == "text":
        show(demo, result)
        if report:
            click.echo(f"report: {report}")
    else:
        emit(result, output, lambda: None)


def _live(demo: Any, speed: float, lock: AbstractContextManager[object]) -> None:
    """Pace virtual time by the wall clock, and show it."""
    from rich.console import Console
    from rich.live import Live

    from underway.cli.progress import changes

    queue, driver = demo.world.queue, demo.rehearsal.pump.driver
    begun_s, virtual_ms = time.monotonic(), queue.now_ms()
    terminal = sys.stderr.isatty()
    last, pause = "", threading.Event()
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) if terminal else _Nothing() as live:
        while not demo.rehearsal.done():
            until_ms = virtual_ms + round((time.monotonic() - begun_s) * speed * 1_000)
            with lock:
                demo.rehearsal.advance(until_ms)
                if not demo.rehearsal.done():
                    queue.run_until(until_ms)
            if terminal:
                live.update(_frame(demo), refresh=True)
            else:
                for line in changes(driver.status):
                    if line != last:
                        click.echo(f"{human((queue.now_ms() - virtual_ms) / 1_000):>7} {line}", err=True)
                        last = line
            pause.wait(FRAME_S)


class _Nothing:
    """A Live that shows nothing."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def _frame(demo: Any) -> Any:
    from rich.console import Group
    from rich.text import Text

    from underway.cli.progress import table

    world, trace = demo.world, demo.rehearsal.trace
    now_ms = world.queue.now_ms()
    clock = human((now_ms - trace.start_ms) / 1_000)
    recent = [sample for sample in world.traffic.samples[-600:] if sample.at_ms > now_ms - 20_000]
    failed = sum(1 for sample in world.traffic.samples if sample.cause)
    times = sorted(sample.latency_ms for sample in recent if not sample.cause) or [0.0]
    line = Text(f"virtual time {clock}   evictions {trace.evictions}   requests {len(world.traffic.samples)}, {failed} failed   ")
    line.append(f"p50 {times[len(times) // 2]:.0f} ms  p99 {times[int(len(times) * 0.99)]:.0f} ms")
    return Group(_sea(demo), line, table(demo.rehearsal.pump.driver.status, now_ms))


def _sea(demo: Any) -> Any:
    """One glyph a node: what is old, in hand, and new."""
    from rich.text import Text

    from underway.kube.resource import NODES
    from underway.rotate.record import PHASE

    text = Text()
    zone = ""
    nodes = demo.world.store.values(NODES)
    for node in sorted(nodes, key=lambda n: (n["metadata"]["labels"]["topology.kubernetes.io/zone"], n["metadata"]["name"])):
        here = node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        if here != zone:
            text.append(f"  {here} ", style="bold")
            zone = here
        current = node["status"]["nodeInfo"]["kubeletVersion"] == demo.scenario.target
        phase = (node["metadata"].get("annotations") or {}).get(PHASE)
        text.append("■ ", style="green" if current else "yellow" if phase else "grey50")
    return text


def show(demo: Any, result: Any) -> None:
    """Print the closing table."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(
        title=f"{demo.scenario.version} to {demo.scenario.target}, seed {result.seed}", title_justify="left", show_header=False
    )
    for name, value, remark in figures(result):
        table.add_row(name, f"[bold]{value}[/]", remark)
    console.print(table)
    for freeze in result.freezes:
        resumed = f", resumed at {human(freeze['resumed_s'])}" if freeze["resumed_s"] is not None else ""
        console.print(f"frozen at {human(freeze['at_s'])}: {freeze['reason']}{resumed}")
    for sentence in result.violations:
        console.print(f"[red]broken[/] {sentence}")


def figures(result: Any) -> list[tuple[str, str, str]]:
    """The figures of a run, for people."""
    requests = result.requests
    ratio = result.makespan_s / result.bound_s if result.bound_s else 0.0
    moves = result.evictions / result.pods_moved if result.pods_moved else 0.0
    p99 = requests.p99_ms
    return [
        ("nodes", f"{result.nodes.up_to_date} of {result.nodes.total}", "up to date"),
        ("time", human(result.makespan_s), f"lower bound {human(result.bound_s)} ({result.bound_limit}): {ratio:.2f} of it"),
        ("evictions", str(result.evictions), f"{result.pods_moved} pods had to move: {moves:.2f} each"),
        ("requests", f"{requests.failed} failed", f"of {requests.sent}"),
        ("p99 latency", f"{p99.during:.0f} ms", f"before {p99.before:.0f} ms, after {p99.after:.0f} ms"),
        ("invariants", f"{result.invariants.broken} broken", f"{result.invariants.checked} independent checkers watched"),
    ]


def _write(demo: Any, result: Any, path: str) -> None:
    from underway.web.report import Page, render, spans_of

    trace, start_ms = demo.rehearsal.trace, demo.rehearsal.trace.start_ms
    end_s = result.makespan_s
    phases = [(fact.at_ms / 1_000, fact.subject, fact.text) for fact in trace.facts if fact.kind == "phase"]
    marks = [
        (f.at_ms / 1_000, f.kind, f.text or f.subject)
        for f in trace.facts
        if f.kind in ("fault", "freeze", "mended", "resume", "kill")
    ]
    samples = [((sample.at_ms - start_ms) / 1_000, sample) for sample in demo.world.traffic.samples]
    during = [(at_s, sample) for at_s, sample in samples if 0 <= at_s < end_s]
    page = Page(
        title=f"Underway: {demo.scenario.version} to {demo.scenario.target}",
        subtitle=f"embedded cluster, seed {result.seed}; {result.pods} pods; the production driver in virtual time"
        + (f"; incident: {result.fault}" if result.fault else ""),
        figures=tuple(figures(result)),
        spans=spans_of(phases, end_s),
        marks=tuple(marks),
        evictions=tuple(fact.at_ms / 1_000 for fact in trace.facts if fact.kind == "eviction"),
        failed=tuple(at_s for at_s, sample in during if sample.cause),
        latency=tuple(_windows(during)),
        end_s=end_s,
        violations=result.violations,
    )
    try:
        Path(path).write_text(render(page))
    except OSError as error:
        raise UsageError(f"--report {path}: cannot be written: {error.strerror}") from None


def _windows(samples: list[tuple[float, Any]]) -> list[tuple[float, float, float]]:
    """p50 and p99 of each quarter of a minute."""
    found = []
    by_window: dict[int, list[float]] = {}
    for at_s, sample in samples:
        if not sample.cause:
            by_window.setdefault(int(at_s // WINDOW_S), []).append(sample.latency_ms)
    for window, values in sorted(by_window.items()):
        values.sort()
        found.append((window * WINDOW_S, values[len(values) // 2], values[int(len(values) * 0.99)]))
    return found
