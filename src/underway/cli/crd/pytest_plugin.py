"""The pytest plugin: the fixture `fuzz_conversions`, which tries conversions and fails with the smallest counterexamples.

Loaded by the entry point pytest11 wherever Underway is installed; it imports nothing else until the fixture is used.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from underway.crd.conversion import Conversions

ROUNDS = 10_000  # about a second for a small kind


def pytest_addoption(parser: pytest.Parser) -> None:
    """--fuzz-rounds and --fuzz-seed."""
    group = parser.getgroup("underway")
    group.addoption("--fuzz-rounds", type=int, default=ROUNDS, help="rounds of fuzz_conversions (default: %(default)s)")
    group.addoption("--fuzz-seed", type=int, default=1, help="seed of fuzz_conversions (default: %(default)s)")


@pytest.fixture
def fuzz_conversions(request: pytest.FixtureRequest) -> "Callable[[Conversions], None]":
    """A function that tries conversions and fails the test if they lose, change, refuse or restore stale anything."""
    rounds, seed = request.config.getoption("--fuzz-rounds"), request.config.getoption("--fuzz-seed")

    def fuzz(conversions: "Conversions") -> None:
        from underway.cli.crd import fuzzing

        outcome = fuzzing.run_here(conversions, rounds, seed)
        if outcome.counterexamples:
            shown = "\n".join(map(fuzzing.as_yaml, outcome.counterexamples))
            pytest.fail(
                f"{conversions.versions.name}: {len(outcome.counterexamples)} ways of going wrong\n{shown}", pytrace=False
            )

    return fuzz
