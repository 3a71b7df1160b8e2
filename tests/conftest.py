"""Settings that all tests share."""

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, and no clock: a loaded machine must not make a law fail.
settings.register_profile("underway", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("underway")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where peers are that cannot be had everywhere."""
    where = 'the path of clusterlint, for tests/e2e/test_clusterlint.py; or "install", to have Go install it'
    parser.addoption("--clusterlint", default="", metavar="PATH", help=where)
