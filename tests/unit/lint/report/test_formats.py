"""Each format, as those read it who asked for it. tests/schemas holds the schema of SARIF as OASIS published it."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
from prometheus_client.parser import text_string_to_metric_families

from linting import picture
from underway.lint import lint
from underway.lint.engine import Report
from underway.lint.picture import Picture, Place, Skipped
from underway.lint.report import FORMATS
from underway.lint.report.comparison import EarlierRun, difference, without
from underway.lint.report.patches import commands
from underway.lint.report.plain import plain
from underway.lint.rules import RULES
from underway.web.lint_page import render

TEXT = """
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop},
 spec: {containers: [{name: web, image: "a|b<script>alert(1)</script>\\x01"}]}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop},
 spec: {template: {spec: {nodeSelector: {kubernetes.io/hostname: n}, containers: [
 {name: api, image: "api:1", securityContext: {privileged: true}}]}}}}
"""


def seen() -> Picture:
    objects = picture(TEXT).objects
    return Picture(
        objects,
        skipped=[Skipped("Secret", "needs the verb list on secrets")],
        places={("Pod", "shop", "web"): Place("a b.yaml", 7)},
    )


def report() -> Report:
    return lint(seen())


def printed(name: str) -> str:
    (found,) = (one for one in FORMATS if one.name == name)
    return found.render(report(), RULES, seen())


def test_json_has_the_shape_that_scripts_rely_on() -> None:
    data = json.loads(json.dumps(plain(report())))
    assert set(data) >= {"findings", "skipped", "score"}
    for finding in data["findings"]:
        assert set(finding) >= {"rule", "severity", "evidence", "object", "path", "message", "remedy", "patch"}
        assert set(finding["object"]) == {"kind", "namespace", "name"}
    assert {"kind": "Secret", "reason": "needs the verb list on secrets"} in data["skipped"]


def test_sarif_is_valid_and_has_the_help_of_each_rule() -> None:
    log = json.loads(printed("sarif"))
    schema = json.loads((Path(__file__).parents[3] / "schemas" / "sarif-2.1.0-rtm.5.json").read_text())
    jsonschema.validate(log, schema)
    (run,) = log["runs"]
    assert all(rule["help"]["markdown"] for rule in run["tool"]["driver"]["rules"])
    assert run["invocations"][0]["executionSuccessful"] is False
    places = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]}
    assert places == {"a%20b.yaml", "Deployment/shop/api"}
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_junit_counts_what_it_holds() -> None:
    root = ET.fromstring(printed("junit"))  # noqa: S314  # our own text
    assert int(root.attrib["tests"]) == len(root.findall(".//testcase"))
    assert int(root.attrib["failures"]) == len(root.findall(".//failure")) == len(report().findings)
    assert root.findall(".//skipped")[0].attrib["message"] == "needs the verb list on secrets"


def test_markdown_cannot_be_broken_by_a_name() -> None:
    text = printed("markdown")
    assert "<script>" not in text
    for row in (line for line in text.splitlines() if line.startswith("| ")):
        assert len(re.findall(r"(?<!\\)\|", row)) == 5


def test_prometheus_reads_its_own_numbers() -> None:
    families: dict[str, Any] = {family.name: family for family in text_string_to_metric_families(printed("prometheus"))}
    assert sum(sample.value for sample in families["underway_lint_findings"].samples) == len(report().findings)
    assert families["underway_lint_score"].samples[0].value == report().score


def test_clusterlints_json_is_as_it_writes_it() -> None:
    data = json.loads(printed("clusterlint-json"))
    assert set(data) == {"Diagnostics", "Durations"}
    first = data["Diagnostics"][0]
    assert list(first) == ["Check", "Severity", "Message", "Kind", "Object", "Owners", "Details"]
    assert {one["Kind"] for one in data["Diagnostics"]} == {"pod", "deployment"}
    assert first["Object"]["name"]
    empty = next(one for one in FORMATS if one.name == "clusterlint-json").render(lint(Picture(())), RULES, Picture(()))
    assert json.loads(empty)["Diagnostics"] is None


def test_html_is_one_file_that_escapes_what_it_shows() -> None:
    page = render(report(), RULES, "here")
    assert "<script>alert" not in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert page.count('class="object"') == 2
    assert "kubectl patch deployment api --namespace shop" in page
    assert page.count('id="rule-latest-tag"') == 1, "each page of a rule once, however often it spoke"


def test_patches_are_commands_for_a_shell() -> None:
    lines = list(commands(report()))
    assert "# Deployment shop/api: container 'api' runs privileged (privileged-containers)" in lines
    assert (
        """kubectl patch deployment api --namespace shop --type strategic --patch """
        """'{"spec":{"template":{"spec":{"containers":[{"name":"api","securityContext":{"privileged":false}}]}}}}'"""
    ) in lines
    assert not any("\n" in line for line in lines)


def test_a_difference_is_by_fingerprint() -> None:
    now = report()
    before = EarlierRun(tuple(one for one in _earlier(now) if one.rule != "latest-tag"))
    changed = difference(now, before)
    assert {one.rule for one in changed.new} == {"latest-tag"}
    assert changed.gone == ()
    later = without(now, {one.fingerprint for one in now.findings})
    assert later.findings == ()
    assert later.score == 100
    assert difference(later, before).gone == before.findings


def _earlier(now: Report) -> tuple[Any, ...]:
    import msgspec

    return msgspec.json.decode(json.dumps(plain(now)), type=EarlierRun).findings
