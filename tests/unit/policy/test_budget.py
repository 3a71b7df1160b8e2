"""The arithmetic of budgets."""

from typing import Any

import pytest

from objects import budget
from underway.policy.budget import capacity, desired_healthy, explain, never_allows, scaled


@pytest.mark.parametrize(
    ("spec", "expected", "k"),
    [
        ({"maxUnavailable": 1}, 10, 1),
        ({"maxUnavailable": "25%"}, 10, 3),
        ({"minAvailable": "80%"}, 10, 2),
        ({"minAvailable": 4}, 3, 0),
        ({"maxUnavailable": 0}, 5, 0),
        ({"maxUnavailable": "100%"}, 5, 5),
    ],
)
def test_capacity(spec: dict[str, int | str], expected: int, k: int) -> None:
    assert capacity(budget(expected=expected, **dict[str, Any](spec))) == k


def test_neither_given_means_one_available() -> None:
    found = budget(expected=3, unhealthyPodEvictionPolicy="AlwaysAllow")
    assert desired_healthy(found, 3) == 1


def test_a_budget_that_never_allows_names_itself_and_the_remedy() -> None:
    never = never_allows(budget(expected=3, maxUnavailable=0))
    assert never is not None
    assert never.reason == (
        "PodDisruptionBudget shop/web never allows a disruption: maxUnavailable 0 with 3 expected pods; "
        "raise the replicas or loosen the budget"
    )
    assert never_allows(budget(expected=0, maxUnavailable=0)) is None


def test_a_bad_percentage() -> None:
    with pytest.raises(ValueError, match="neither a number nor a percentage"):
        scaled("half", 3)


def test_explain_uses_the_servers_terms() -> None:
    assert explain(budget(expected=4, healthy=3)) == "PodDisruptionBudget shop/web needs 3 healthy pods and has 3 currently"
