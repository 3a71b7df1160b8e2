"""The report as plain data: what `-o json` and `-o yaml` print. Scripts rely on its shape."""

from typing import Any

import msgspec

from underway.lint.engine import Report
from underway.lint.finding import Finding
from underway.lint.report.comparison import Difference


def plain(report: Report) -> dict[str, Any]:
    """The report as dicts and lists."""
    return {
        "findings": [plain_finding(finding) for finding in report.findings],
        "skipped": [msgspec.to_builtins(skipped) for skipped in report.skipped],
        "score": report.score,
        "objects": report.objects,
        "silenced": report.silenced,
    }


def plain_finding(finding: Finding) -> dict[str, Any]:
    """One finding."""
    values: dict[str, Any] = msgspec.to_builtins(finding)
    return values


def plain_difference(report: Report, changed: Difference) -> dict[str, Any]:
    """What came and what went since an earlier run."""
    return {
        "new": [plain_finding(finding) for finding in changed.new],
        "gone": [msgspec.to_builtins(finding) for finding in changed.gone],
        "same": changed.same,
        "skipped": [msgspec.to_builtins(skipped) for skipped in report.skipped],
        "score": report.score,
    }
