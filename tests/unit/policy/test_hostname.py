"""Hostnames of the Gateway API, by the examples of its documents."""

import pytest

from underway.policy.hostname import covers, intersection, patterns_of, specificity


@pytest.mark.parametrize(
    ("listening", "routed_", "both"),
    [
        ("", "", ""),
        ("", "a.example.com", "a.example.com"),
        ("*.example.com", "", "*.example.com"),
        ("test.example.com", "*.example.com", "test.example.com"),
        ("*.example.com", "foo.test.example.com", "foo.test.example.com"),
        ("*.example.com", "example.com", None),
        ("*.example.com", "test.example.net", None),
        ("*.example.com", "*.test.example.com", "*.test.example.com"),
        ("*.example.com", "*.example.com", "*.example.com"),
        ("*.example.com", "*.badexample.com", None),
        ("a.example.com", "b.example.com", None),
    ],
)
def test_hostnames_intersect_as_documented(listening: str, routed_: str, both: str | None) -> None:
    assert intersection(listening, routed_) == both
    assert intersection(routed_, listening) == both


def test_a_wildcard_covers_one_label_or_more() -> None:
    for host, expected in [("a.example.com", True), ("a.b.example.com", True), ("example.com", False), (".example.com", False)]:
        assert covers("*.example.com", host) is expected, host


def test_the_patterns_of_a_host_go_from_precise_to_any() -> None:
    assert list(patterns_of("a.b.example")) == ["a.b.example", "*.b.example", "*.example", ""]
    assert sorted(patterns_of("a.b.example"), key=specificity, reverse=True) == list(patterns_of("a.b.example"))
