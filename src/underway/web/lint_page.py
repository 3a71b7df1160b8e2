"""The lint report as one HTML file: it filters itself, needs no network, and works on paper.

Owns the drawing. What is found and in which order is the engine's.
"""

from collections import Counter
from collections.abc import Sequence

from underway.lint.engine import Report
from underway.lint.finding import Finding, ObjectRef, Severity
from underway.lint.report.patches import command
from underway.lint.rule import Rule


def render(report: Report, rules: Sequence[Rule], source: str = "") -> str:
    """The HTML. source: what was looked at, for the heading."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("underway.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    groups: dict[ObjectRef, list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault(finding.object, []).append(finding)
    counts = Counter(finding.severity.value for finding in report.findings)
    return environment.get_template("lint.html").render(
        report=report,
        source=source,
        groups=groups,
        severities=[level.value for level in Severity],
        counts=counts,
        pages={rule.name: rule for rule in rules},
        namespaces=sorted({ref.namespace for ref in groups if ref.namespace}),
        found_rules=sorted({finding.rule for finding in report.findings}),
        command=command,
    )
