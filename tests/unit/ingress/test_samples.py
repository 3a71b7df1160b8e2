"""Requests out of access logs, and what counts as the same answer."""

from underway.ingress.samples import Answered, Sample, difference, samples_of

LOG = [
    '1.2.3.4 - - [24/Nov/2026:22:00:00 +0000] "GET /a?x=1 HTTP/1.1" 200 5 "-" "curl"',
    '1.2.3.4 - - [24/Nov/2026:22:00:00 +0000] "GET /a?x=1 HTTP/1.1" 200 5 "-" "curl"',
    '1.2.3.4 - - [24/Nov/2026:22:00:00 +0000] "POST /b HTTP/1.1" 200 5 "-" "curl"',
    '1.2.3.4 - - [24/Nov/2026:22:00:00 +0000] "HEAD http://b.com/c HTTP/2.0" 200 0 "-" "curl"',
    "nonsense",
]
ONE = Sample("GET", "a.com", "/")


def test_safe_requests_are_taken_once_each() -> None:
    found, skipped = samples_of(LOG, "a.com", 10)
    assert found == [Sample("GET", "a.com", "/a?x=1"), Sample("HEAD", "b.com", "/c")]
    assert skipped == 2
    assert len(samples_of(LOG, "a.com", 1)[0]) == 1


def test_what_differs_is_named() -> None:
    assert difference(ONE, Answered(200), Answered(200)) is None
    for old, new, what in (
        (Answered(200), Answered(404), "status"),
        (Answered(200, backend="a"), Answered(200, backend="b"), "backend"),
        (Answered(301, (("Location", "/x"),)), Answered(301, (("location", "/y"),)), "location"),
        (Answered(200), Answered(0, error="refused"), "no answer"),
    ):
        found = difference(ONE, old, new)
        assert found is not None
        assert found.what == what


def test_the_port_of_the_scheme_and_the_page_of_an_error_do_not_count() -> None:
    old = Answered(308, (("Location", "https://a.com/x"), ("Content-Type", "text/html")))
    new = Answered(308, (("location", "https://a.com:443/x"), ("content-type", "text/plain")))
    assert difference(ONE, old, new) is None
