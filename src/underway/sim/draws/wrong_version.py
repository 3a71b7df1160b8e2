"""An image that boots the old version, until somebody corrects it and takes away what booted wrongly."""

from random import Random

from underway.kube import resource as r
from underway.sim.draws.draw import Draw
from underway.sim.rehearsal import Rehearsal

MENDED_S = (60.0, 280.0)  # before a person resumes for the first time


def _script(run: Rehearsal, rng: Random) -> None:
    world = run.world
    at_start = {node.name for node in world.scenario.nodes}
    world.machines.trouble.wrong_version = world.scenario.version

    def remove() -> None:
        for node in world.store.values(r.NODES):
            name = node["metadata"]["name"]
            if name not in at_start and node["status"]["nodeInfo"]["kubeletVersion"] != world.scenario.target:
                world.machines.remove(name)

    def mend() -> None:
        world.machines.trouble.wrong_version = ""
        remove()
        run.at(world.scenario.timing.boot_s * 2, remove)  # and what was still booting

    run.at(rng.uniform(*MENDED_S), mend)
    run.before_resume = mend  # the freeze says to; who does not has one node more than there were


WRONG_VERSION = Draw("wrong-version", 0.05, script=_script)
