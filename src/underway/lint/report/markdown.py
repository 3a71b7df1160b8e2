"""Markdown: for a comment on a pull request. Grouped by severity; what an object is called cannot break the table."""

from collections.abc import Sequence

from underway.lint.engine import Report
from underway.lint.finding import Finding, Severity
from underway.lint.picture import Picture
from underway.lint.report.format import Format
from underway.lint.rule import Rule

ROWS_MAX = 500  # of one severity: GitHub cuts a comment at 65,536 characters


def render(report: Report, _rules: Sequence[Rule], _picture: Picture) -> str:
    """The page."""
    counts = ", ".join(f"{sum(1 for one in report.findings if one.severity is level)} {level}" for level in Severity)
    lines = [f"# Lint: score {report.score}", "", f"{counts}; {report.objects} objects, {len(report.rules)} rules."]
    for level in Severity:
        found = [finding for finding in report.findings if finding.severity is level]
        if found:
            lines += ["", f"## {level.value.capitalize()}", "", "| object | finding | rule | remedy |", "|---|---|---|---|"]
            lines += [_row(finding) for finding in found[:ROWS_MAX]]
        if len(found) > ROWS_MAX:
            lines += ["", f"{len(found) - ROWS_MAX} more are in the other formats."]
    if report.skipped:
        lines += ["", "## Skipped", "", *(f"- {_cell(one.kind)}: {_cell(one.reason)}" for one in report.skipped)]
    return "\n".join([*lines, ""])


def _row(finding: Finding) -> str:
    place = f" ({finding.file}:{finding.line})" if finding.file else ""
    cells = (f"{finding.object}{place}", finding.message, f"`{finding.rule}`", finding.remedy)
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """The text without what Markdown would read as a table, a tag or a new line."""
    for mark, written in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("\n", " "), ("\r", " ")):
        text = text.replace(mark, written)
    return text


FORMAT = Format("markdown", render)
