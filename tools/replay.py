"""Run one seed of the swarm again and tell what happened: python tools/replay.py SEED [-v]."""

import sys

from underway.sim import swarm


def main() -> None:
    """Replay a seed."""
    seed = int(sys.argv[1])
    print(swarm.options(seed))
    rehearsal = swarm.rehearsal_of(seed)
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
