"""The text format of Prometheus, for node_exporter's textfile collector: counts of findings, the score, what was skipped."""

from collections import Counter
from collections.abc import Sequence

from underway.lint.engine import Report
from underway.lint.picture import Picture
from underway.lint.report.format import Format
from underway.lint.rule import Rule


def render(report: Report, _rules: Sequence[Rule], _picture: Picture) -> str:
    """The metrics. Objects are not named: their number has no bound."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    findings = Gauge(
        "underway_lint_findings", "Findings of the last run.", ("rule", "severity", "namespace", "team"), registry=registry
    )
    counts = Counter((one.rule, one.severity.value, one.object.namespace, one.team) for one in report.findings)
    for labels in sorted(counts):
        findings.labels(*labels).set(counts[labels])
    for name, text, value in (
        ("score", "0 to 100: objects without errors and, at half their weight, warnings.", report.score),
        ("objects", "Objects without a controller that were looked at.", report.objects),
        ("rules", "Rules that ran.", len(report.rules)),
        ("silenced", "Findings that annotations silence.", report.silenced),
        ("skipped", "Kinds, files and rules that could not be looked at.", len(report.skipped)),
    ):
        Gauge(f"underway_lint_{name}", text, registry=registry).set(value)
    return generate_latest(registry).decode()


FORMAT = Format("prometheus", render)
