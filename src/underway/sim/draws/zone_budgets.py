"""Zones with budgets of their own, in place of the pace's."""

from random import Random

from underway.sim.draws.draw import Draw, asking
from underway.sim.scenario import Manifest, Scenario

BUDGETS: tuple[Manifest, ...] = (
    {"maxSurge": 2},
    {"maxSurge": "50%"},
    {"maxSurge": 0, "maxUnavailable": 1},
    {"maxSurge": 1, "maxUnavailable": "50%"},
)


def _cluster(scenario: Scenario, rng: Random) -> Scenario:
    zones = sorted({node.zone for node in scenario.nodes})
    own = [{"name": zone, **rng.choice(BUDGETS)} for zone in zones if rng.random() < 0.7]
    return asking(scenario, "pace", perZone=True, zones=own)


ZONE_BUDGETS = Draw("zone-budgets", 0.08, _cluster)
