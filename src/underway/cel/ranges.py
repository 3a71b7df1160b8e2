"""Bounds of sizes and costs: from at least to at most, in 64 bits without overflow. Source: cel-go checker/cost.go."""

from math import ceil
from typing import NamedTuple

UNBOUNDED = 2**64 - 1


def _product(one: int, other: int) -> int:
    return min(one * other, UNBOUNDED)


def _scaled(value: int, factor: float) -> int:
    # As Go computes it: in doubles, rounded up.
    product = float(value) * factor
    return UNBOUNDED if product >= 2.0**64 else ceil(product)


class Range(NamedTuple):
    """At least `low`, at most `high`; UNBOUNDED is no limit."""

    low: int
    high: int

    def plus(self, other: "Range") -> "Range":
        """The sum."""
        return Range(min(self.low + other.low, UNBOUNDED), min(self.high + other.high, UNBOUNDED))

    def times(self, other: "Range") -> "Range":
        """The product."""
        return Range(_product(self.low, other.low), _product(self.high, other.high))

    def scaled(self, factor: float) -> "Range":
        """The product with a cost for each unit."""
        return Range(_scaled(self.low, factor), _scaled(self.high, factor))

    def union(self, other: "Range") -> "Range":
        """The smallest range around both."""
        return Range(min(self.low, other.low), max(self.high, other.high))


def fixed(value: int) -> Range:
    """Exactly that."""
    return Range(value, value)


UNKNOWN = Range(0, UNBOUNDED)
ONE = fixed(1)
ZERO = fixed(0)
