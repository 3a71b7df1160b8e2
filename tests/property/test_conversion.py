"""A random set of Ingresses is converted and proved, or what differs was said; `tools/conversions.py` runs many more."""

import pytest

from property.conversions import silent

BATCH = 50


@pytest.mark.parametrize("wild", [False, True], ids=["tame", "wild"])
@pytest.mark.parametrize("batch", range(6))
def test_no_request_is_answered_otherwise_without_a_word(batch: int, wild: bool) -> None:
    found = [line for seed in range(batch * BATCH, (batch + 1) * BATCH) for line in silent(seed, wild)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("seed", [45_888, 55_350])
def test_a_host_without_a_path_is_not_answered_by_the_catch_all_of_another_gateway(seed: int) -> None:
    assert silent(seed) == []


def test_a_certificate_that_nobody_is_asked_for_over_http_is_said() -> None:
    assert silent(236_710, wild=True) == []
