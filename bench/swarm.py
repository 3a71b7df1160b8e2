"""1,000 seeds with faults: how long, and how many broken invariants. SEEDS=N in the environment for fewer."""

import os
import time
from concurrent.futures import ProcessPoolExecutor

from bench.table import show
from underway.sim import swarm


def broken(seed: int) -> tuple[int, int]:
    """The seed and how many invariants it broke."""
    return seed, len(swarm.run(seed).broken)


def run() -> None:
    """Print the table."""
    count = int(os.environ.get("SEEDS", "1000"))
    begun_s = time.monotonic()
    with ProcessPoolExecutor(max_workers=2) as workers:
        outcomes = list(workers.map(broken, range(count), chunksize=10))
    bad = [seed for seed, sentences in outcomes if sentences]
    row = (
        count,
        f"{(time.monotonic() - begun_s) / 60:.1f} min",
        "10 min for 1,000",
        len(bad),
        ", ".join(map(str, bad[:10])) or "-",
    )
    show("seeds with faults, 2 processes", ("seeds", "wall", "goal", "with broken invariants", "which"), [row])
