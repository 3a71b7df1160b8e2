"""The report for people: by object, the worst first, with links where the terminal knows them."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from underway.lint.engine import Report
from underway.lint.finding import Finding, ObjectRef, Severity
from underway.lint.report.comparison import Difference
from underway.lint.rule import Rule

if TYPE_CHECKING:
    from rich.text import Text

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
PLAIN_WIDTH = 160  # where no terminal says how wide it is


def of_report(report: Report, rules: Sequence[Rule]) -> str:
    """The whole report; what was skipped is counted here and told on standard error."""
    from rich.text import Text

    links = {rule.name: rule.reference for rule in rules}
    groups: dict[ObjectRef, list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault(finding.object, []).append(finding)
    lines: list[Text] = []
    for ref, findings in groups.items():
        lines.append(_heading(ref, findings[0]))
        lines += [line for finding in findings for line in _finding(finding, links.get(finding.rule, ""))]
        lines.append(Text())
    counts = ", ".join(f"{sum(1 for one in report.findings if one.severity is level)} {level}" for level in Severity)
    counts += f", {report.silenced} silenced" if report.silenced else ""
    counts += f", {len(report.skipped)} skipped" if report.skipped else ""
    lines.append(Text(f"{counts}; {len(report.rules)} rules over {report.objects} objects; score {report.score}"))
    return _drawn(lines)


def of_difference(changed: Difference) -> str:
    """What came (+) and what went (-)."""
    from rich.text import Text

    lines = [Text(f"+ {finding}", style=COLOURS[finding.severity]) for finding in changed.new]
    for gone in changed.gone:
        where = "/".join(str(gone.object[key]) for key in ("namespace", "name") if gone.object.get(key))
        lines.append(Text(f"- {gone.severity}: {gone.object.get('kind', '')} {where}: {gone.message} ({gone.rule})", style="dim"))
    lines.append(Text(f"{len(changed.new)} new, {len(changed.gone)} gone, {changed.same} the same"))
    return _drawn(lines)


def _heading(ref: ObjectRef, finding: Finding) -> "Text":
    from rich.text import Text

    heading = Text(str(ref), style="bold")
    if finding.team:
        heading.append(f"  {finding.team}", style="cyan not bold")
    if finding.file:
        link = f" link file://{Path(finding.file).resolve()}" if finding.file != "-" else ""
        heading.append(f"  {finding.file}:{finding.line}", style=f"dim not bold{link}")
    return heading


def _finding(finding: Finding, link: str) -> "list[Text]":
    from rich.text import Text

    head = Text.assemble("  ", (f"{finding.severity.value:<8}", COLOURS[finding.severity]), finding.message)
    head.append(f"  {finding.rule}", style=f"dim link {link}" if link else "dim")
    path = f"at {finding.path}" if finding.path else ""
    pods = f"{finding.pods} pods" if finding.pods > 1 else ""
    seen = "" if finding.evidence.value == "static" else finding.evidence.value
    lines = [head]
    if where := ", ".join(part for part in (path, pods, seen) if part):
        lines.append(Text(f"          {where}", style="dim"))
    if finding.remedy:
        lines.append(Text(f"          do {finding.remedy}"))
    return lines


def _drawn(lines: "list[Text]") -> str:
    """The lines as the terminal on standard output takes them; without one, without colours and links."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    console = Console(
        highlight=False, soft_wrap=True, width=width, no_color="NO_COLOR" in os.environ, force_terminal=sys.stdout.isatty()
    )
    with console.capture() as capture:
        for line in lines:
            console.print(line)
    return capture.get()
