"""The real control plane, one for all e2e tests."""

from collections.abc import Iterator

import pytest

from binaries import require_control_plane
from controlplane import ControlPlane


@pytest.fixture(scope="session")
def cluster() -> Iterator[ControlPlane]:
    """A running control plane with all its controllers and kwok."""
    require_control_plane()
    with ControlPlane() as running:
        yield running
