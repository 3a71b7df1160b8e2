"""The engine: order, fingerprints, score, what is skipped; a rule that breaks; the library in three lines."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from linting import picture
from underway.lint import Picture, lint, picture_of
from underway.lint.engine import score
from underway.lint.finding import Evidence, Finding, Found, ObjectRef, Severity, fingerprint
from underway.lint.picture import Skipped
from underway.lint.rule import Options, Rule
from underway.lint.rules import RULES
from underway.lint.rules.latest_tag import RULE as LATEST
from underway.lint.selection import Selection, fitting, platforms, problem, selected

TWO = """
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: shop, labels: {team: tills}},
 spec: {containers: [{name: x, image: x}, {name: y, image: y}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: x, image: x}]}}
"""


def made(run: Callable[[Picture, Options], Iterator[Any]]) -> Rule:
    return Rule(name="mine", groups=("own",), severity=Severity.ERROR, kinds=(), page="Mine.", run=run)


def test_as_a_library_in_three_lines() -> None:
    seen = picture_of(
        [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "x", "image": "x"}]}}]
    )
    assert "warning: Pod a: container 'x': image 'x' floats" in "\n".join(str(finding) for finding in lint(seen).findings)


def test_a_library_run_asks_no_platform_that_is_not_there() -> None:
    budget = "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b, namespace: shop}, spec: {maxUnavailable: 0}}"
    node = "{apiVersion: v1, kind: Node, metadata: {name: n}, spec: {providerID: '%s'}}"
    ran = {scheme: set(lint(picture(f"{budget}\n---\n{node % scheme}")).rules) for scheme in ("kind://a", "aws:///z/i-1")}
    assert "eks-fifteen-minutes" not in ran["kind://a"]
    assert ran["aws:///z/i-1"] - ran["kind://a"] == {rule.name for rule in RULES if set(rule.groups) == {"eks"}}


def test_the_order_does_not_depend_on_that_of_the_objects() -> None:
    forwards, backwards = TWO.split("---")
    one, other = (lint(picture(f"{first}---{second}")) for first, second in ((forwards, backwards), (backwards, forwards)))
    assert one == other
    assert len({finding.fingerprint for finding in one.findings}) == len(one.findings)


def test_a_fingerprint_survives_another_value_and_another_message() -> None:
    first, second = (lint(picture(TWO.replace("image: x", f"image: {image}")), [LATEST]) for image in ("x", "other"))
    assert [one.fingerprint for one in first.findings] == [one.fingerprint for one in second.findings]
    ref = ObjectRef("Pod", "shop", "a")
    assert fingerprint("latest-tag", ref, "spec", 0) != fingerprint("latest-tag", ref, "spec", 1)


def test_the_team_is_read_from_the_label() -> None:
    assert {one.object.name: one.team for one in lint(picture(TWO), [LATEST]).findings} == {"a": "", "b": "tills"}


def test_a_rule_that_breaks_is_named_and_keeps_what_it_found() -> None:
    def run(seen: Picture, _: Options) -> Iterator[Found]:
        for thing in seen.objects:
            yield Found(about=thing, message="seen")
            raise ZeroDivisionError("oops")

    report = lint(picture(TWO), [made(run), LATEST])
    assert report.skipped == (Skipped("Rule", "rule mine broke: ZeroDivisionError: oops; what it found before is kept"),)
    assert {finding.rule for finding in report.findings} == {"mine", "latest-tag"}


def test_a_rule_that_yields_something_else_is_named() -> None:
    report = lint(picture(TWO), [made(lambda _picture, _options: iter(["text"]))])
    assert report.skipped[0].reason.startswith("rule mine broke: TypeError: mine yields str; a rule yields Found")


PINNED = """
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop},
 spec: {nodeSelector: {kubernetes.io/hostname: n1}, containers: [{name: x, image: "x:1"}]}}
"""


def test_what_two_rules_say_of_one_object_is_said_once() -> None:
    both = tuple(rule for rule in RULES if rule.name in ("node-name-pod-selector", "pinned-to-node"))
    assert [one.rule for one in lint(picture(PINNED), both).findings] == ["pinned-to-node"]
    assert [one.rule for one in lint(picture(PINNED), both[:1]).findings] == ["node-name-pod-selector"]
    compat = lint(picture(PINNED), both, Options(compat=frozenset({"clusterlint"})))
    assert "node-name-pod-selector" in [one.rule for one in compat.findings]
    silent = PINNED.replace(
        "namespace: shop", 'namespace: shop, annotations: {lint.underway.dev/ignore: "pinned-to-node: it is the disk"}'
    )
    assert lint(picture(silent), both).findings == ()


def test_every_rule_that_is_covered_is_covered_by_rules() -> None:
    names = {rule.name for rule in RULES}
    assert all(set(rule.covered_by) <= names - {rule.name} for rule in RULES)


def test_a_rule_without_its_kinds_is_not_run() -> None:
    report = lint(Picture((), skipped=(Skipped("Pod", "needs the verb list on pods"),)), [LATEST])
    assert report.rules == ()
    assert [one.reason for one in report.skipped] == ["needs the verb list on pods", "rule latest-tag was not run: it needs Pod"]


@pytest.mark.parametrize(
    ("severities", "objects", "result"),
    [((), 0, 100), (("error",), 1, 0), (("warning",), 1, 50), (("info",), 1, 100), (("error", "warning"), 4, 62)],
)
def test_the_score_is_its_formula(severities: tuple[str, ...], objects: int, result: int) -> None:
    findings = [
        Finding(
            rule="r",
            severity=Severity(level),
            evidence=Evidence.STATIC,
            object=ObjectRef("Pod", "", str(number)),
            path="",
            message="",
        )
        for number, level in enumerate(severities)
    ]
    assert score(findings, objects) == result


class TestSelection:
    def names(self, as_clusterlint: bool = False, **asked: tuple[str, ...]) -> set[str]:
        return {rule.name for rule in selected(Selection(**asked), RULES, as_clusterlint=as_clusterlint)}

    def test_a_group_left_out_is_left_out_whole(self) -> None:
        assert "bare-pods" not in self.names(without_groups=("basic",))
        assert "noop" in self.names(without_groups=("basic",))
        assert "bare-pods" in self.names(without_groups=("basic",), as_clusterlint=True), "it is in doks too"
        assert "noop" not in self.names(without_groups=("basic",), as_clusterlint=True), "it is in no group"

    def test_two_groups_run_a_rule_once(self) -> None:
        rules = selected(Selection(groups=("basic", "doks")), RULES)
        assert len({rule.name for rule in rules}) == len(rules)

    def test_what_contradicts_or_is_unknown_is_a_sentence(self) -> None:
        assert problem(Selection(groups=("a",), without_groups=("b",)), RULES).startswith("-g and -G exclude each other")
        assert problem(Selection(names=("a",), without_names=("b",)), RULES).startswith("-c and -C exclude each other")
        assert (
            problem(Selection(names=("latest-tags",)), RULES)
            == "rule 'latest-tags' is not known; did you mean 'latest-tag'?; `underway lint list` shows all"
        )
        assert problem(Selection(groups=("nope",)), RULES) == "group 'nope' is not known; `underway lint list` shows all"

    def test_platforms_are_seen_in_the_nodes(self) -> None:
        seen = picture("{apiVersion: v1, kind: Node, metadata: {name: n}, spec: {providerID: 'digitalocean://17'}}")
        assert platforms(seen) == {"doks"}
        only_doks = "node-labels-and-taints"
        assert only_doks in {rule.name for rule in fitting(RULES, Selection(), platforms(seen))}
        assert only_doks not in {rule.name for rule in fitting(RULES, Selection(), frozenset())}
        assert only_doks in {rule.name for rule in fitting(RULES, Selection(groups=("doks",)), frozenset())}
        assert only_doks in {rule.name for rule in fitting(RULES, Selection(names=(only_doks,)), frozenset())}


def test_all_of_clusterlints_checks_are_there_by_name_and_group() -> None:
    groups = {rule.name: set(rule.groups) for rule in RULES}
    theirs = {
        "basic": (
            "admission-controller-webhook bare-pods cronjob-concurrency default-namespace "
            "fully-qualified-image hostpath-volume latest-tag resource-requirements unused-config-map "
            "unused-pv unused-pvc unused-secret"
        ),
        "security": "non-root-user privileged-containers",
        "containerd": "docker-pkg-github-com-registry",
        "workload-health": "pod-state",
        "doks": (
            "admission-controller-webhook-replacement admission-controller-webhook-timeout bare-pods "
            "dobs-pod-owner docker-pkg-github-com-registry hostpath-volume invalid-volume-snapshot "
            "invalid-volume-snapshot-content node-labels-and-taints node-name-pod-selector validating-admission-policy "
            "resource-requirements"
        ),
    }
    for group, names in theirs.items():
        assert {name for name in groups if group in groups[name]} == set(names.split())
    assert groups["noop"] == set()
