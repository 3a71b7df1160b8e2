"""Runs the benches named on the command line, or all: python -m bench [NAME...] [--clusterlint PATH] [--popeye PATH]."""

import argparse
import os
import sys

from bench import (
    conversion,
    demo,
    expressions,
    freezes,
    fuzz,
    help_time,
    lint,
    moves,
    operators,
    orders,
    pace,
    peers,
    pipeline,
    proof,
    swarm,
    webhook,
)

BENCHES = {
    "demo": demo.run,
    "orders": orders.run,
    "pace": pace.run,
    "swarm": swarm.run,
    "moves": moves.run,
    "freezes": freezes.run,
    "operators": operators.run,
    "help": help_time.run,
    "lint": lint.run,
    "webhook": webhook.run,
    "fuzz": fuzz.run,
    "pipeline": pipeline.run,
    "proof": proof.run,
    "conversion": conversion.run,
    "expressions": expressions.run,
}


def main() -> None:
    """Run benches."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", metavar="NAME")
    for name in peers.MODULES:
        parser.add_argument(f"--{name}", metavar="PATH", help=f"where {name} is")
    given = parser.parse_args()
    os.environ.update({name.upper(): path for name in peers.MODULES if (path := getattr(given, name))})
    for name in given.names or list(BENCHES):
        if name not in BENCHES:
            sys.exit(f"no bench {name!r}; there are {', '.join(BENCHES)}")
        BENCHES[name]()


if __name__ == "__main__":
    main()
