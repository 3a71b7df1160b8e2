"""What tests of machine providers share."""

from collections.abc import Iterator

import pytest

from aws_account import aws_in_memory


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """AWS in memory, for the tests of a module."""
    with aws_in_memory():
        yield
