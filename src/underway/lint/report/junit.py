"""JUnit XML: for whatever shows test results. A rule is a suite; each finding a failure; what was skipped is skipped."""

from collections.abc import Sequence
from html import escape  # whose references are XML's too; xml.sax.saxutils brings an HTTP client along

from underway.lint.engine import Report
from underway.lint.finding import Finding
from underway.lint.picture import Picture
from underway.lint.report.format import Format
from underway.lint.rule import Rule

# Characters that XML 1.0 cannot hold at all, not even escaped.
_FORBIDDEN = dict.fromkeys((*range(9), 11, 12, *range(14, 32)), "�")

# As references, or a reader makes blanks of them.
_SPACES = {ord(space): f"&#{ord(space)};" for space in "\t\n\r"}


def render(report: Report, _rules: Sequence[Rule], _picture: Picture) -> str:
    """The XML."""
    by_rule: dict[str, list[Finding]] = {name: [] for name in report.rules}
    for finding in report.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    tests = sum(max(1, len(found)) for found in by_rule.values()) + len(report.skipped)
    lines.append(f'<testsuites name="underway lint" tests="{tests}" failures="{len(report.findings)}" errors="0">')
    for rule, found in by_rule.items():
        lines.append(f'  <testsuite name={_attribute(rule)} tests="{max(1, len(found))}" failures="{len(found)}" errors="0">')
        lines += [line for finding in found for line in _case(finding)]
        if not found:
            lines.append(f'    <testcase name="nothing found" classname={_attribute(rule)}/>')
        lines.append("  </testsuite>")
    if report.skipped:
        count = len(report.skipped)
        lines.append(f'  <testsuite name="skipped" tests="{count}" failures="0" errors="0" skipped="{count}">')
        for skipped in report.skipped:
            lines.append(f'    <testcase name={_attribute(skipped.kind)} classname="skipped">')
            lines.append(f"      <skipped message={_attribute(skipped.reason)}/>")
            lines.append("    </testcase>")
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(finding: Finding) -> list[str]:
    name = f"{finding.object} {finding.path}".strip()
    place = f"{finding.file}:{finding.line}\n" if finding.file else ""
    body = escape(f"{place}{finding.remedy}".translate(_FORBIDDEN))
    return [
        f"    <testcase name={_attribute(name)} classname={_attribute(finding.rule)}>",
        f"      <failure type={_attribute(finding.severity.value)} message={_attribute(finding.message)}>{body}</failure>",
        "    </testcase>",
    ]


def _attribute(text: str) -> str:
    return f'"{escape(text.translate(_FORBIDDEN)).translate(_SPACES)}"'


FORMAT = Format("junit", render)
