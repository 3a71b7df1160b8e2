"""The shape of a draw: what some seeds add to their run, beside what every seed draws."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from underway.sim.rehearsal import Rehearsal
from underway.sim.scenario import Scenario


def same(scenario: Scenario, _rng: Random, /) -> Scenario:
    """The cluster as it is."""
    return scenario


def nothing(_run: Rehearsal, _rng: Random, /) -> None:
    """Nobody does anything."""


class Draw(msgspec.Struct, frozen=True):
    """One draw. name: of its dice; share: of all seeds; cluster: what it makes of the cluster and of what the rotation is asked
    to do; script: what it does to the run, at once or later.
    """

    name: str
    share: float
    cluster: Callable[[Scenario, Random], Scenario] = same
    script: Callable[[Rehearsal, Random], None] = nothing

    def dice(self, seed: int) -> Random | None:
        """The dice of a seed that has this draw, None for all others. What a seed draws elsewhere is not touched by it."""
        rng = Random(f"{seed}/{self.name}")
        return rng if rng.random() < self.share else None


def asking(scenario: Scenario, section: str, **values: Any) -> Scenario:
    """The scenario with more said in one section of its specification."""
    rotation = {**scenario.rotation, section: {**scenario.rotation.get(section, {}), **values}}
    return msgspec.structs.replace(scenario, rotation=rotation)
