"""underway --help, as a whole process."""

import resource
import subprocess
import sys
import time
from statistics import median

from bench.table import show

RUNS = 7


def run() -> None:
    """Print the table."""
    walls, cpus = [], []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun_s = time.monotonic()
        subprocess.run([sys.executable, "-m", "underway", "--help"], check=True, capture_output=True)
        walls.append(time.monotonic() - begun_s)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    show(
        f"underway --help, median of {RUNS}",
        ("CPU s", "wall s", "goal"),
        [(f"{median(cpus):.3f}", f"{median(walls):.3f}", "0.2 s")],
    )
