"""What e2e and parity tests do where a real control plane cannot be built."""

import os

import pytest

import build


def require_control_plane() -> None:
    """Build the binaries, or say why not: skipped on a machine without Go, a failure in CI, where the tests must run."""
    try:
        build.binaries()
    except build.Unavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
