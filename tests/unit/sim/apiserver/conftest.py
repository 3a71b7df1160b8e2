"""A fresh server for each test."""

import pytest

from unit.sim.apiserver.caller import Caller


@pytest.fixture
def api() -> Caller:
    """A server with the namespace "default"."""
    return Caller()
