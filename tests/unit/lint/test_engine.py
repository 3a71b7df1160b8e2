"""The engine: who is asked, what is kept, in which order."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import yaml

from underway.lint.engine import Report, run
from underway.lint.finding import Finding, Severity
from underway.lint.ignore import IGNORE
from underway.lint.kinds import decoded
from underway.lint.options import Options
from underway.lint.picture import Picture, grouped
from underway.lint.rule import Rule
from underway.lint.rules import RULES

BY_NAME = {rule.name: rule for rule in RULES}
NOW = Options(now_ms=1_795_564_800_000)  # 2026-11-25


def picture(*values: dict[str, Any], **more: Any) -> Picture:
    return Picture(grouped(decoded(value["kind"], value) for value in values), **more)


def manifests(text: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(text) if document]


def cron_job(name: str = "backup", **annotations: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "annotations": annotations}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": {"schedule": "@daily"}}


def check(*values: dict[str, Any], options: Options = NOW, rules: tuple[Rule, ...] = RULES) -> Report:
    return run(picture(*values), rules, options)


def told(report: Report) -> list[tuple[str, str]]:
    return [(finding.rule, finding.object.name) for finding in report.findings]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_of_a_rule_tells_the_truth(rule: Rule) -> None:
    bad, good = (run(picture(*manifests(rule.sections[name])), (rule,), NOW) for name in ("Bad", "Good"))
    assert {finding.rule for finding in bad.findings} == {rule.name}, "Bad must be found"
    assert good.findings == (), "Good must not"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_page_has_all_its_sections(rule: Rule) -> None:
    assert list(rule.sections) == ["What it finds", "Why it matters", "Bad", "Good", "Fix", "Since", "References"]
    assert rule.description.endswith(".")


def test_a_workload_is_told_of_once_and_not_by_replica() -> None:
    owner = [{"kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": True}]
    spec = {"containers": [{"name": "app", "image": "web"}]}
    pods = [
        {"kind": "Pod", "metadata": {"name": f"web-1-{n}", "namespace": "shop", "ownerReferences": owner}, "spec": spec}
        for n in range(3)
    ]
    above = [{"kind": "Deployment", "name": "web", "uid": "d", "controller": True}]
    replica_set = {"kind": "ReplicaSet", "metadata": {"name": "web-1", "namespace": "shop", "ownerReferences": above}}
    deployment = {"kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"spec": spec}}}
    everything = (*pods, replica_set, deployment)
    assert told(check(*everything)) == [("latest-tag", "web")]
    each = check(*everything, options=msgspec.structs.replace(NOW, compat="clusterlint"))
    assert told(each) == [("latest-tag", f"web-1-{n}") for n in range(3)]


def test_owners_in_a_circle_end() -> None:
    def owned(name: str, by: str) -> dict[str, Any]:
        owner = [{"kind": "ReplicaSet", "name": by, "uid": by, "controller": True}]
        return {"kind": "ReplicaSet", "metadata": {"name": name, "namespace": "shop", "ownerReferences": owner}}

    assert check(owned("a", "b"), owned("b", "a")).findings == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cronjob-concurrency: they lock", []),
        ("cronjob-concurrency: they lock until 2027-01-31", []),
        ("*: legacy", []),
        ("cronjob-concurrency: they lock until 2026-01-31", ["cronjob-concurrency", "ignore-annotation"]),
        ("cronjob-concurrency", ["cronjob-concurrency", "ignore-annotation"]),
        ("cronjob-concurrency: they lock until soon", ["cronjob-concurrency", "ignore-annotation"]),
        ("latest-tag: other rule", ["cronjob-concurrency"]),
    ],
)
def test_an_annotation_silences_with_a_reason_and_may_end(text: str, expected: list[str]) -> None:
    report = check(cron_job(**{IGNORE: text}))
    assert [finding.rule for finding in report.findings] == expected
    assert report.ignored == (0 if expected else 1)


def test_what_a_namespace_silences_is_silent_in_it() -> None:
    namespace = {"kind": "Namespace", "metadata": {"name": "shop", "annotations": {IGNORE: "cronjob-concurrency: all lock"}}}
    assert check(cron_job(), namespace).findings == ()


def test_clusterlints_annotation_is_inherited_unless_her_semantics_are_wanted() -> None:
    annotations = {"clusterlint.digitalocean.com/disabled-checks": "other, cronjob-concurrency"}
    namespace = {"kind": "Namespace", "metadata": {"name": "shop", "annotations": annotations}}
    assert check(cron_job(), namespace).findings == ()
    assert told(check(cron_job(), namespace, options=msgspec.structs.replace(NOW, compat="clusterlint")))


def test_a_broken_rule_costs_its_own_findings_alone() -> None:
    def broken(_: Picture, __: Options) -> Iterator[Finding]:
        raise KeyError("spec")

    rule = Rule("broken-rule", ("mine",), Severity.ERROR, "It breaks.", broken)
    report = check(cron_job(), rules=(rule, BY_NAME["cronjob-concurrency"]))
    assert told(report) == [("cronjob-concurrency", "backup")]
    assert [str(one.kind) + ": " + one.reason for one in report.skipped] == ["rule broken-rule: failed: KeyError: 'spec'"]


def test_the_order_and_the_score_are_the_same_whatever_came_first() -> None:
    jobs = [cron_job(name) for name in "cab"]
    assert [finding.object.name for finding in check(*jobs).findings] == ["a", "b", "c"]
    assert check(*jobs, cron_job("d", **{IGNORE: "*: fine"})).score == 62  # three of four objects lose half: 100 * 2.5 / 4


def test_the_team_comes_from_the_object_or_its_namespace() -> None:
    namespace = {"kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "checkout"}}}
    (finding,) = check(cron_job(), namespace).findings
    assert finding.team == "checkout"
