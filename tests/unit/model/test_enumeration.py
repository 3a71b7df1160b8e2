"""A few names stand for many."""

from underway.model.enumeration import some_of


def test_what_does_not_fit_is_counted() -> None:
    assert some_of(["a", "b", "c"], 3) == "a, b, c"
    assert some_of(["a", "b", "c", "d", "e"], 3) == "a, b, c and 2 more"
    assert some_of([], 3) == ""
