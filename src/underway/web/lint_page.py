"""The lint report as one HTML file: it filters itself, needs no network, and works on paper.

Owns the drawing. What is found and in which order is the engine's.
"""

import re
from collections import Counter
from collections.abc import Sequence

from underway.lint.engine import Report
from underway.lint.finding import Finding, ObjectRef, Severity
from underway.lint.report.patches import command
from underway.lint.rule import Rule

_FENCE = re.compile(r"^```(?:\w+\n)?", re.MULTILINE)


def render(report: Report, rules: Sequence[Rule], source: str = "") -> str:
    """The HTML. source: what was looked at, for the heading."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("underway.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    groups: dict[ObjectRef, list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault(finding.object, []).append(finding)
    counts = Counter(finding.severity.value for finding in report.findings)
    ranks = _ranks(report)
    spoken = {name for name, _, _ in ranks}
    return environment.get_template("lint.html").render(
        report=report,
        source=source,
        groups=groups,
        severities=[level.value for level in Severity],
        counts=counts,
        ranks=ranks,
        pages=[
            (rule, [(heading, _parts(text)) for heading, text in rule.sections.items()]) for rule in rules if rule.name in spoken
        ],
        namespaces=sorted({ref.namespace for ref in groups if ref.namespace}),
        teams=sorted({finding.team for finding in report.findings if finding.team}),
        command=command,
    )


def _ranks(report: Report) -> list[tuple[str, str, int]]:
    """Rules with their worst severity and how often they spoke: the worst first, then the most talkative."""
    counts = Counter(finding.rule for finding in report.findings)
    worst: dict[str, Severity] = {}
    for finding in report.findings:
        worst[finding.rule] = min(worst.get(finding.rule, finding.severity), finding.severity, key=lambda level: level.rank)
    order = sorted(counts, key=lambda name: (worst[name].rank, -counts[name], name))
    return [(name, worst[name].value, counts[name]) for name in order]


def _parts(text: str) -> list[tuple[bool, str]]:
    """A section of a rule's page as prose and blocks of code, in turn. True: code."""
    pieces = _FENCE.split(text)
    return [(index % 2 == 1, piece.strip("\n")) for index, piece in enumerate(pieces) if piece.strip()]
