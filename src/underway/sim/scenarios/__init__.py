"""Named scenarios: what went wrong in other programs, played with ours in virtual time, each with what must hold.

Owns the tuple SCENARIOS, by subject: each with its evidence (the issue or pull request in which somebody met it), what is done
to the run and what must be true at its end. Every checker of `sim.checkers` watches as well; nothing here prints.
"""

from underway.sim.scenarios import control_plane, drains, machines, workloads
from underway.sim.scenarios.play import Named, Played, Run, begin, play

SCENARIOS: tuple[Named, ...] = (*drains.SCENARIOS, *control_plane.SCENARIOS, *machines.SCENARIOS, *workloads.SCENARIOS)

__all__ = ["SCENARIOS", "Named", "Played", "Run", "begin", "play"]
