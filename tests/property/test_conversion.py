"""A random set of Ingresses is converted and proved, or what differs was said; `tools/conversions.py` runs many more."""

import pytest

from property.conversions import silent


@pytest.mark.parametrize("batch", range(6))
def test_no_request_is_answered_otherwise_without_a_word(batch: int) -> None:
    found = [line for seed in range(batch * 25, batch * 25 + 25) for line in silent(seed)]
    assert found == [], "\n".join(found)
