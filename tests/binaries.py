"""What e2e and parity tests do where a real program cannot be had: skipped with the reason, but in CI a failure."""

import os
import shutil

import pytest

import build


def require_control_plane() -> None:
    """Build the binaries of the control plane, for which Go is needed."""
    try:
        build.binaries()
    except build.Unavailable as error:
        lacking(str(error))


def require_program(name: str, package: str) -> str:
    """The path of a program that a Debian package brings; `.ci/run` installs them."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        lacking(f"there is no {name} on this machine: apt-get install {package}")
    return str(found)


def lacking(reason: str) -> None:
    """Skip, or fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
