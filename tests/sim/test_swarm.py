"""Runs with faults, drawn from seeds: no invariant may break, and each must finish once the faults have stopped."""

import subprocess
import sys
from pathlib import Path

import pytest

from underway.sim import swarm

SEEDS = range(60)
REMEMBERED = [int(line) for line in (Path(__file__).parent / "seeds.txt").read_text().split()]
REPLAY = "from underway.sim import swarm; r = swarm.rehearsal_of({seed}); r.run(); print(r.trace.digest())"


@pytest.mark.parametrize("seed", [*SEEDS, *REMEMBERED])
def test_no_invariant_breaks(seed: int) -> None:
    outcome = swarm.run(seed)
    assert outcome.broken == (), f"replay with: python tools/replay.py {seed}"
    assert outcome.state == "Finished"


@pytest.mark.parametrize("seed", [3, 11])
def test_the_same_seed_is_the_same_run_in_any_process(seed: int) -> None:
    digests = set()
    for hash_seed in ("0", "4711"):
        command = [sys.executable, "-c", REPLAY.format(seed=seed)]
        done = subprocess.run(command, env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True)
        digests.add(done.stdout.strip())
    assert len(digests) == 1


def test_seeds_draw_different_faults() -> None:
    drawn = [swarm.options(seed) for seed in range(50)]
    kinds = {type(fault).__name__ for options in drawn for fault in options.faults}
    assert kinds == {"Refused", "LostReply", "Slow", "LateWatch", "CutWatch"}
    assert any(act == "kill" for options in drawn for _, act, _ in options.plan)
    assert any(act == "freeze" for options in drawn for _, act, _ in options.plan)
