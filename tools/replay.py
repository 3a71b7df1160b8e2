"""Run one seed of the swarm again and tell what happened: python tools/replay.py SEED [-v] [--draws=NAME,...]."""

import sys

from underway.sim import swarm
from underway.sim.draws import DRAWS, drawn


def main() -> None:
    """Replay a seed."""
    seed = int(sys.argv[1])
    named = next((option.partition("=")[2].split(",") for option in sys.argv if option.startswith("--draws=")), None)
    draws = [draw for draw in DRAWS if named is None or draw.name in named]
    print(swarm.options(seed))
    print("also drawn:", ", ".join(draw.name for draw, _ in drawn(seed, draws)) or "nothing")
    rehearsal = swarm.rehearsal_of(seed, draws=draws)
    outcome = rehearsal.run()
    if "-v" in sys.argv:
        for fact in rehearsal.trace.facts:
            print(f"{fact.at_ms / 1_000:9.3f} {fact.kind:9} {fact.subject} {fact.text}")
    print(f"{outcome.state} after {outcome.makespan_s:.0f} s; trace {rehearsal.trace.digest()}")
    for sentence in outcome.broken:
        print(f"broken: {sentence}")
    sys.exit(1 if outcome.broken else 0)


if __name__ == "__main__":
    main()
