"""Convert and judge many random sets of Ingresses: python tools/conversions.py --cases 100000 --seed 0 [--wild].

Prints the hosts that differ without a word, with their seeds; exit code 1 if there is one.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from property.conversions import silent


def main() -> int:
    """Run the cases one after the other: a seed is a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--wild", action="store_true", help="annotations of ingress-nginx in each other's way")
    given = parser.parse_args()
    found = 0
    for number, seed in enumerate(range(given.seed, given.seed + given.cases), start=1):
        for line in silent(seed, given.wild):
            print(line, flush=True)
            found += 1
        if number % 1000 == 0:
            print(f"{number} cases, {found} silent differences", file=sys.stderr, flush=True)
    print(f"{given.cases} cases, {found} silent differences")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
