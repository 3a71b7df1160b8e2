"""Three nodes of the control plane with a member of etcd each, rotated like all others; in half of the runs one member fails."""

from functools import partial
from random import Random

import msgspec

from underway.model.node import CONTROL_PLANE_LABEL
from underway.sim.draws.draw import Draw, asking
from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import ZONES, NodeSpec, Scenario

MEMBERS = tuple(f"control-{index}" for index in range(3))
FAILS_S, LASTS_S = (10.0, 250.0), (60.0, 400.0)


def _cluster(scenario: Scenario, _rng: Random) -> Scenario:
    more = tuple(NodeSpec(name, ZONES[index], {CONTROL_PLANE_LABEL: ""}) for index, name in enumerate(MEMBERS))
    return asking(msgspec.structs.replace(scenario, nodes=(*scenario.nodes, *more)), "nodes", selector={})


def _script(run: Rehearsal, rng: Random) -> None:
    if rng.random() < 0.5:
        return
    at_s, lasts_s = rng.uniform(*FAILS_S), rng.uniform(*LASTS_S)

    def fail() -> None:
        """One of those that are there; with two lost at once no quorum is left, whoever rotates it."""
        etcd = run.world.etcd
        member = rng.choice(sorted(etcd.voters()))
        if len(etcd.voters()) == len(MEMBERS):
            etcd.lose(member)
            run.at(lasts_s, partial(etcd.mend, member))

    run.at(at_s, fail)


CONTROL_PLANE = Draw("control-plane", 0.06, _cluster, _script)
