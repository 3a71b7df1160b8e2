"""Silence: on the object, its template, its owners, its namespace; with a reason, and an end."""

import pytest

from linting import findings, picture
from underway.lint import lint
from underway.lint.ignore import Ignore, Malformed, entries
from underway.lint.rule import Options

DAY_MS = 24 * 3600 * 1000
END_OF_JANUARY_MS = 1_801_440_000_000  # 2027-02-01T00:00:00Z
OWN = 'lint.underway.dev/ignore: "latest-tag: pinned by the mirror until 2027-01-31"'
THEIRS = 'clusterlint.digitalocean.com/disabled-checks: "bare-pods, latest-tag"'


def cluster(*, namespace: str = "", deployment: str = "", template: str = "", pod: str = "") -> str:
    return f"""
{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, annotations: {{{namespace}}}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop, uid: d, annotations: {{{deployment}}}}}
spec:
  template:
    metadata: {{annotations: {{{template}}}}}
    spec: {{containers: [{{name: web, image: web}}]}}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-1
  namespace: shop
  annotations: {{{pod}}}
  ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: d, controller: true}}]
spec: {{containers: [{{name: web, image: web}}]}}
"""


@pytest.mark.parametrize("where", ["namespace", "deployment", "template", "pod"])
@pytest.mark.parametrize("annotation", [OWN, THEIRS])
def test_an_annotation_speaks_for_all_below_it(where: str, annotation: str) -> None:
    assert findings("latest-tag", cluster())
    assert not findings("latest-tag", cluster(**{where: annotation}), now_ms=END_OF_JANUARY_MS - 1)


def test_our_own_ends_with_its_day() -> None:
    assert findings("latest-tag", cluster(namespace=OWN), now_ms=END_OF_JANUARY_MS)


def test_clusterlint_honours_its_own_on_the_pod_alone() -> None:
    compat = {"compat": frozenset({"clusterlint"})}
    assert findings("latest-tag", cluster(namespace=THEIRS, deployment=THEIRS), **compat)
    assert not findings("latest-tag", cluster(pod=THEIRS), **compat)
    assert findings("latest-tag", cluster(pod=OWN), **compat)


def test_what_is_silenced_is_counted() -> None:
    assert lint(picture(cluster(namespace=THEIRS)), options=Options()).silenced == 1


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("latest-tag: it is so", [Ignore("latest-tag", "it is so")]),
        (
            "a: x until 2027-01-31; b: y\nc: z",
            [Ignore("a", "x", "2027-01-31", END_OF_JANUARY_MS), Ignore("b", "y"), Ignore("c", "z")],
        ),
        (
            "a: wait until tomorrow",
            [Malformed("a: wait until tomorrow", "ends on 'tomorrow', which is no date; write YYYY-MM-DD")],
        ),
        (
            "a: x until 2027-02-30",
            [Malformed("a: x until 2027-02-30", "ends on '2027-02-30', which is no date; write YYYY-MM-DD")],
        ),
        (" ; ", []),
    ],
)
def test_entries_are_read(text: str, read: list[Ignore | Malformed]) -> None:
    assert list(entries(text)) == read


@pytest.mark.parametrize("text", ["latest-tag", "latest-tag:", "Latest: x", ": x"])
def test_an_entry_needs_a_rule_and_a_reason(text: str) -> None:
    (entry,) = entries(text)
    assert isinstance(entry, Malformed)
    assert entry.why.startswith('is not of the form "RULE: REASON until YYYY-MM-DD"')


def test_an_entry_that_silences_nothing_is_reported() -> None:
    expired, malformed = findings(
        "ignore-annotation", cluster(namespace=OWN, deployment='lint.underway.dev/ignore: "oops"'), now_ms=END_OF_JANUARY_MS
    )[::-1]
    assert expired.message == "entry for latest-tag ended on 2027-01-31: pinned by the mirror"
    assert malformed.message.startswith("entry 'oops' silences nothing: it is not of the form")
