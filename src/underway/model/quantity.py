"""Resource quantities. Source: apimachinery api/resource quantity.go, "Resource units in Kubernetes".

Amounts become integers of one thousandth ("milli"), the smallest unit that scheduling compares, rounded up as
Quantity.MilliValue does.
"""

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil

_PATTERN = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(n|u|m|k|Ki|[MGTPE]i?))?")
_SUFFIX = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "k": Fraction(10**3),
    **{letter: Fraction(1000**power) for power, letter in enumerate("MGTPE", start=2)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)},
}


@lru_cache(maxsize=4096)  # a cluster says the same few amounts ten thousand times
def milli(quantity: str | float) -> int:
    """Thousandths of a quantity such as "500m", "1.5Gi" or 2. Raises ValueError if it is none."""
    match = _PATTERN.fullmatch(str(quantity))
    if match is None:
        raise ValueError(f"{quantity!r} is not a quantity; write a number with a suffix such as 500m, 2, 1.5Gi")
    number, exponent, suffix = match.groups()
    return ceil(Fraction(number + (exponent or "")) * _SUFFIX.get(suffix, Fraction(1)) * 1000)
