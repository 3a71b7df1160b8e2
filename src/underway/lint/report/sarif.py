"""SARIF 2.1.0: for code scanning and editors. Source: OASIS sarif-v2.1.0-errata01, sections 3.13 to 3.49."""

from collections.abc import Sequence
from typing import Any

import msgspec

from underway import __version__
from underway.lint.engine import Report
from underway.lint.finding import Finding, Severity
from underway.lint.picture import Picture, Skipped
from underway.lint.report.format import Format
from underway.lint.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report, rules: Sequence[Rule], _picture: Picture) -> str:
    """The log of one run."""
    index = {rule.name: number for number, rule in enumerate(rules)}
    driver = {"name": "underway", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    invocation = {
        "executionSuccessful": not report.skipped,
        "toolExecutionNotifications": [_notification(skipped) for skipped in report.skipped],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": [_result(finding, index) for finding in report.findings],
        "columnKind": "unicodeCodePoints",
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.description},
        "fullDescription": {"text": rule.sections.get("What it finds", rule.description)},
        "help": {"text": rule.sections.get("Fix", rule.description), "markdown": rule.page.strip()},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": list(rule.groups)},
        **({"helpUri": rule.reference} if rule.reference else {}),
    }


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    ref = finding.object
    logical = {"name": ref.name, "fullyQualifiedName": str(ref), "kind": "resource"}
    physical = {
        "artifactLocation": {"uri": _uri(finding.file or f"{ref.kind}/{ref.namespace}/{ref.name}")},
        "region": {"startLine": max(1, finding.line)},
    }
    remedy = f" Remedy: {finding.remedy}." if finding.remedy else ""
    return {
        "ruleId": finding.rule,
        **({"ruleIndex": index[finding.rule]} if finding.rule in index else {}),
        "level": LEVELS[finding.severity],
        "message": {"text": f"{ref}: {finding.message}.{remedy}"},
        "locations": [{"physicalLocation": physical, "logicalLocations": [logical]}],
        "partialFingerprints": {"underwayFinding/v1": finding.fingerprint},
        "properties": {"path": finding.path, "evidence": finding.evidence.value, "team": finding.team},
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/.-_~")


def _notification(skipped: Skipped) -> dict[str, Any]:
    return {"level": "warning", "message": {"text": f"{skipped.kind}: {skipped.reason}"}}


FORMAT = Format("sarif", render)
