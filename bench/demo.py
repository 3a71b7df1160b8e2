"""demo --fast: time as a whole process, and the makespan over its lower bound for 20 seeds."""

import resource
import subprocess
import sys
import time
from statistics import mean, median

from bench.table import show
from underway.sim.demo import play

SEEDS = range(1, 21)
RUNS = 3


def process_times() -> list[tuple[float, float]]:
    """Wall and CPU seconds of the whole command."""
    times = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun_s = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "underway", "demo", "--fast", "--report", "", "-o", "json"], check=True, capture_output=True
        )
        wall_s = time.monotonic() - begun_s
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append((wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return times


def run() -> None:
    """Print both tables."""
    times = process_times()
    row = (f"{median(cpu for _, cpu in times):.2f}", f"{median(wall for wall, _ in times):.2f}", "5 s")
    show(f"underway demo --fast, median of {RUNS} processes", ("CPU s", "wall s", "goal"), [row])
    results = [play(seed)[1] for seed in SEEDS]
    ratios = [result.makespan_s / result.bound_s for result in results]
    moves = [result.evictions / result.pods_moved for result in results]
    failed = sum(result.requests.failed for result in results if result.requests)
    rows = [
        ("makespan / bound, average", f"{mean(ratios):.3f}", "1.10"),
        ("makespan / bound, worst", f"{max(ratios):.3f}", ""),
        ("evictions / pods moved", f"{mean(moves):.3f}", "1.00"),
        ("failed requests", str(failed), "0"),
        ("broken invariants", str(sum(result.invariants.broken for result in results)), "0"),
    ]
    show(f"the demo, {len(SEEDS)} seeds", ("figure", "measured", "goal"), rows)
