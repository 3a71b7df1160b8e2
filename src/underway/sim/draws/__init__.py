"""What only some seeds draw, each from dice of its own: one file a draw, one line in DRAWS.

Every draw is rare, so that a seed costs about what it did, and so that most runs are also met without it. A seed may have
several at once. What it draws for all runs is `sim.scenario`'s and `sim.swarm`'s.
"""

from collections.abc import Sequence
from random import Random

from underway.sim.draws.control_plane import CONTROL_PLANE
from underway.sim.draws.draw import Draw
from underway.sim.draws.late_volumes import LATE_VOLUMES
from underway.sim.draws.wrong_version import WRONG_VERSION
from underway.sim.draws.zone_budgets import ZONE_BUDGETS

DRAWS: tuple[Draw, ...] = (
    ZONE_BUDGETS,
    LATE_VOLUMES,
    CONTROL_PLANE,
    WRONG_VERSION,
)


def drawn(seed: int, draws: Sequence[Draw] = DRAWS) -> list[tuple[Draw, Random]]:
    """The draws of a seed, each with its dice."""
    return [(draw, rng) for draw in draws if (rng := draw.dice(seed)) is not None]


__all__ = ["DRAWS", "Draw", "drawn"]
