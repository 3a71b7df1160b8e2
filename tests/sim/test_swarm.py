"""Runs with faults, drawn from seeds: no invariant may break, and each must finish once the faults have stopped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from underway.sim import swarm
from underway.sim.checkers import CHECKERS
from underway.sim.draws import DRAWS
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World
from waiting import wait_until

SEEDS = range(60)
ROOT = Path(__file__).resolve().parents[2]
REMEMBERED = [line.split() for line in (Path(__file__).parent / "seeds.txt").read_text().splitlines()]
REPLAY = "from underway.sim import swarm; r = swarm.rehearsal_of({seed}); r.run(); print(r.trace.digest())"


@pytest.mark.parametrize("seed", SEEDS)
def test_no_invariant_breaks(seed: int) -> None:
    outcome = swarm.run(seed)
    assert outcome.broken == (), f"replay with: python tools/replay.py {seed}"
    assert outcome.state == "Finished"


@pytest.mark.parametrize(("seed", "names"), [(int(seed), names) for seed, *names in REMEMBERED])
def test_what_once_broke_does_not_break_again(seed: int, names: list[str]) -> None:
    """With the draws that it had then: whatever seeds draw beside them since would make it another run."""
    outcome = swarm.run(seed, draws=[draw for draw in DRAWS if draw.name in names])
    assert outcome.broken == (), f"replay with: python tools/replay.py {seed} --draws={','.join(names)}"
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
    assert kinds == {"Refused", "LostReply", "Slow", "Queued", "StaleRead", "LateWatch", "CutWatch"}
    assert any(act == "kill" for options in drawn for _, act, _ in options.plan)
    assert any(act == "freeze" for options in drawn for _, act, _ in options.plan)


@pytest.mark.parametrize("seed", [2, 4, 9])
def test_a_dead_node_is_replaced_like_any_other(seed: int) -> None:
    """Its kubelet confirms no end of any pod; the rotation neither waits for it nor freezes over it."""
    scenario = random_scenario(seed)
    world = World(scenario, seed)
    world.start()
    world.machines.die("old-01")
    world.queue.run_until(world.queue.now_ms() + 90_000)
    checkers = [checker for checker in CHECKERS if checker.name not in ("budget-exceeded", "undrained-terminated")]
    rehearsal = Rehearsal(world, swarm.rotation_of(scenario), checkers=checkers)
    rehearsal.begin()
    outcome = rehearsal.run()
    assert outcome.state == "Finished", outcome.reason
    assert outcome.broken == ()


def test_workers_of_the_bench_end_with_a_parent_that_was_killed() -> None:
    command = [sys.executable, "-c", "from bench.swarm import run; run()"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "SEEDS": "500"}, stdout=subprocess.PIPE) as bench:
        children = Path(f"/proc/{bench.pid}/task/{bench.pid}/children")
        wait_until(lambda: len(children.read_text().split()) == 2, "two workers")
        bench.kill()
        # The workers have its standard output too: this comes to an end when the last of them does.
        bench.communicate(timeout=30)
