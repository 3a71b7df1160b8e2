"""Runs the benches named on the command line, or all."""

import sys

from bench import conversion, demo, expressions, fuzz, help_time, lint, orders, pipeline, proof, swarm, webhook

BENCHES = {
    "demo": demo.run,
    "orders": orders.run,
    "swarm": swarm.run,
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
    names = sys.argv[1:] or list(BENCHES)
    for name in names:
        if name not in BENCHES:
            sys.exit(f"no bench {name!r}; there are {', '.join(BENCHES)}")
        BENCHES[name]()


if __name__ == "__main__":
    main()
