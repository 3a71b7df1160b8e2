"""The requests that stand for all of them."""

from underway.ingress.equivalence.classes import fresh_token, host_classes, path_classes, requests_of
from underway.ingress.matchers.request import Request
from underway.ingress.matchers.router import Condition, PathAtom


def test_hosts_have_one_and_two_labels_under_each_wildcard_and_a_foreign_one() -> None:
    found = {one.label: one.hosts for one in host_classes({"a.example", "*.example", "*.foo.com", "foo.com", "", "x.invalid"})}
    assert found == {
        "a.example": ("a.example",),
        "foo.com": ("foo.com",),
        "*.example": ("zq.example", "zq.zq.example", "example"),
        "*.foo.com": ("zq.foo.com", "zq.zq.foo.com"),
        "*": ("zq.zq-other",),
    }


def test_paths_stand_at_each_boundary_and_behind_it() -> None:
    found = path_classes([PathAtom("elements", "/foo/"), PathAtom("exact", "/bar"), PathAtom("string", "/s")])
    assert set(found.paths) == {"/", "/zq", "/foo", "/foozq", "/foo/", "/foo/zq", "/bar", "/barzq", "/s", "/szq"}
    assert found.exhausted


def test_the_fresh_word_stands_in_no_path() -> None:
    assert fresh_token("a zq zqz qzq7 zq7q q7z7 b") == "zq1q"


def test_expressions_add_words_and_their_upper_case() -> None:
    found = path_classes([PathAtom("regex", "^/item/[0-9]+", True), PathAtom("elements", "/foo")])
    assert {"/item/0", "/FOO", "/foo/zq"} <= set(found.paths)


def test_every_combination_of_conditions_is_asked_for() -> None:
    conditions = [Condition("header", "x", "1"), Condition("method", "", "POST"), Condition("cookie", "c", "always")]
    found = requests_of(Request("a.example"), conditions)
    assert found.exhausted
    assert len(found.requests) == 3 * 2 * 3
    assert {one.method for one in found.requests} == {"GET", "POST"}
    assert {one.cookie("c") for one in found.requests} == {None, "always", "zq"}


def test_expressions_of_headers_get_words_of_their_own() -> None:
    found = requests_of(Request("a.example"), [Condition("header", "x", "^b.*", regex=True)])
    assert {one.header("x") for one in found.requests} >= {None, "b"}


def test_too_many_combinations_are_said() -> None:
    conditions = [Condition("header", f"h{number}", "1") for number in range(10)]
    found = requests_of(Request("a.example"), conditions)
    assert not found.exhausted
    assert "more than 512 combinations" in found.why
