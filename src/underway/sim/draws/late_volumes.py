"""Volumes that take minutes to detach from a node."""

from random import Random

import msgspec

from underway.sim.draws.draw import Draw
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import App, Scenario

DETACH_MS = (40_000, 150_000)


def _cluster(scenario: Scenario, rng: Random) -> Scenario:
    store = App(name="store", namespace="data", replicas=rng.randint(1, 3), cpu="200m", budget={"maxUnavailable": 1})
    return msgspec.structs.replace(scenario, manifests=(*scenario.manifests, *store.stateful_set()))


def _script(run: Rehearsal, _rng: Random) -> None:
    run.world.volumes.detach_ms = DETACH_MS


LATE_VOLUMES = Draw("late-volumes", 0.06, _cluster, _script)
