"""One seed, one run with faults: the cluster, the specification, the faults, the kills and the freezes are all drawn.

Safety is judged always; liveness after the faults have stopped. A failure prints its seed: `tools/replay.py SEED` runs it
again, byte for byte (CONTRIBUTING.md).
"""

from collections.abc import Sequence
from random import Random

import msgspec

from underway.rotate.gates import GATES
from underway.rotate.spec import Rotation, rotation_from
from underway.sim.checkers import CHECKERS
from underway.sim.checkers.evidence import Checker
from underway.sim.draws import DRAWS, Draw, drawn
from underway.sim.faults import CutWatch, Fault, LateWatch, LostReply, Queued, Refused, Slow, StaleRead
from underway.sim.rehearsal import Outcome, Rehearsal, interventions
from underway.sim.scenario import ZONES, Scenario, random_scenario
from underway.sim.world.world import World

FAULTY_S = 300.0
TIME_LIMIT_S = 3 * 3600
WINDOW_EVERY_S = 1800  # no drawn window comes more rarely


class Options(msgspec.Struct, frozen=True):
    """What a seed drew. plan: (seconds, act, argument), as rehearsal.interventions takes it."""

    seed: int
    faults: tuple[Fault, ...]
    plan: tuple[tuple[float, str, str | None], ...]
    failing_boots: int = 0
    throttled: float = 0.0


def options(seed: int) -> Options:
    """The faults of a seed. Each kind is absent in half of the runs, so that they are also met alone."""
    rng = Random(f"{seed}/options")
    kinds = ((Refused, 0.15), (LostReply, 0.1), (Slow, 0.1), (LateWatch, 0.5), (CutWatch, 0.5))
    faults: tuple[Fault, ...] = tuple(kind(rng.uniform(0.01, most)) for kind, most in kinds if rng.random() < 0.5)
    # Dice of its own: the seeds that are remembered keep what they drew before this fault was known.
    stale = Random(f"{seed}/stale")
    if stale.random() < 0.5:
        faults = (*faults, StaleRead(stale.uniform(0.1, 0.8)))
    queued = Random(f"{seed}/queued")
    if queued.random() < 0.3:
        faults = (*faults, Queued(queued.uniform(0.02, 0.3)))
    plan: list[tuple[float, str, str | None]] = [
        (rng.uniform(1, FAULTY_S), "kill", None) for _ in range(rng.choice((0, 0, 1, 2, 5)))
    ]
    if rng.random() < 0.4:
        at_s = rng.uniform(5, FAULTY_S)
        plan += [(at_s, "freeze", "drill"), (at_s + rng.uniform(20, 300), "resume", None)]
    plan += _pool_freeze(seed)
    return Options(seed, faults, tuple(plan), rng.choice((0, 0, 0, 1)), rng.choice((0.0, 0.0, 0.2)))


def _pool_freeze(seed: int) -> list[tuple[float, str, str | None]]:
    """A freeze of one zone alone, in one run of five."""
    rng = Random(f"{seed}/pool-freeze")
    if rng.random() >= 0.2:
        return []
    at_s = rng.uniform(5, FAULTY_S)
    pool = f"topology.kubernetes.io/zone={rng.choice(ZONES)}"
    return [(at_s, "freeze-pool", pool), (at_s + rng.uniform(20, 300), "resume-pool", None)]


def rotation_of(scenario: Scenario) -> Rotation:
    """The rotation that a scenario asks for."""
    values = {
        "apiVersion": "underway.dev/v1",
        "kind": "Rotation",
        "metadata": {"name": scenario.name},
        "spec": {"target": {"kubeletVersion": scenario.target}, **scenario.rotation},
    }
    return rotation_from(values, f"scenario {scenario.name}", [gate.name for gate in GATES], ["Command"])


def time_limit_s(scenario: Scenario) -> float:
    """When a run must have ended: short windows may let one node through each, and not a second one."""
    windows = len(scenario.nodes) if "windows" in scenario.rotation["pace"] else 0
    return TIME_LIMIT_S + windows * WINDOW_EVERY_S


def rehearsal_of(seed: int, checkers: Sequence[type[Checker]] = CHECKERS, draws: Sequence[Draw] = DRAWS) -> Rehearsal:
    """The run of a seed, ready to go."""
    scenario, found, also = random_scenario(seed), options(seed), drawn(seed, draws)
    for draw, dice in also:
        scenario = draw.cluster(scenario, dice)
    world = World(scenario, seed)
    world.start()
    rehearsal = Rehearsal(world, rotation_of(scenario), time_limit_s=time_limit_s(scenario), checkers=checkers)
    rehearsal.begin()
    world.api.faults = found.faults
    world.machines.trouble.failing_boots = found.failing_boots
    world.machines.trouble.throttled = found.throttled
    interventions(rehearsal, found.plan)
    for draw, dice in also:
        draw.script(rehearsal, dice)
    rehearsal.at(FAULTY_S, lambda: _heal(rehearsal, found.faults))
    return rehearsal


def _heal(rehearsal: Rehearsal, faults: Sequence[Fault]) -> None:
    """The faults stop. What froze the rotation is gone, so a person resumes it, again if need be."""
    api = rehearsal.world.api
    api.faults = tuple(fault for fault in api.faults if fault not in faults)
    rehearsal.world.machines.trouble.throttled = 0.0
    for minutes in (5, 10, 20, 40, 60, 90):
        rehearsal.at(minutes * 60, rehearsal.resume)


def run(seed: int, checkers: Sequence[type[Checker]] = CHECKERS, draws: Sequence[Draw] = DRAWS) -> Outcome:
    """Run one seed to its end. checkers: who judges it; draws: what some seeds draw beside what all do."""
    return rehearsal_of(seed, checkers, draws).run()
