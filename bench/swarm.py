"""Seeds with faults: how long, and how many broken invariants.

SEEDS=N for another count than 1,000, FIRST=N to begin elsewhere. A broken seed is told at once, with the command that plays it
again.
"""

import os
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from bench.table import show
from underway.sim import swarm
from underway.web.orphans import end_with_parent

PROCESSES = 2
A_TASK = 10
TOLD_EVERY = 500
KILL_S = 1.0


def broken(seeds: range) -> list[int]:
    """Those of the seeds that broke an invariant."""
    return [seed for seed in seeds if swarm.run(seed).broken]


def outcomes(seeds: range) -> Iterator[int]:
    """The broken seeds as they are met, with progress on stderr."""
    done = 0
    with ProcessPoolExecutor(PROCESSES, initializer=end_with_parent, initargs=(KILL_S,)) as workers:
        batches = [seeds[at : at + A_TASK] for at in range(0, len(seeds), A_TASK)]
        tasks = {workers.submit(broken, batch): len(batch) for batch in batches}
        for task in as_completed(tasks):
            for seed in task.result():
                print(f"broken: python tools/replay.py {seed}", file=sys.stderr, flush=True)
                yield seed
            before, done = done, done + tasks[task]
            if done // TOLD_EVERY > before // TOLD_EVERY:
                print(f"{done} of {len(seeds)} seeds", file=sys.stderr, flush=True)


def run() -> None:
    """Print the table."""
    first, count = int(os.environ.get("FIRST", "0")), int(os.environ.get("SEEDS", "1000"))
    begun_s = time.monotonic()
    bad = sorted(outcomes(range(first, first + count)))
    wall_s = time.monotonic() - begun_s
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = spent.ru_utime + spent.ru_stime
    row = (
        f"{first} to {first + count - 1}",
        f"{wall_s / 60:.1f} min",
        f"{cpu_s / PROCESSES / 60:.1f} min",
        f"{cpu_s / count:.2f} s",
        "10 min for 1,000, 60 min for 10,000",
        len(bad),
        ", ".join(map(str, bad[:10])) or "-",
    )
    columns = ("seeds", "wall", f"CPU on {PROCESSES} cores", "CPU a seed", "goal", "with broken invariants", "which")
    show(f"seeds with faults, {PROCESSES} processes", columns, [row])
