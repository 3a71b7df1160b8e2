"""Patches as commands: what a person pipes to a shell once they have read them. Nothing is applied here."""

import json
import shlex
from collections.abc import Iterator

from underway.lint.engine import Report
from underway.lint.finding import Finding


def commands(report: Report) -> Iterator[str]:
    """One kubectl patch a finding that has a patch, under the finding as a comment."""
    for finding in report.findings:
        if finding.patch is not None:
            text = " ".join(f"{finding.object}: {finding.message} ({finding.rule})".split())
            yield f"# {text}"
            yield command(finding)


def command(finding: Finding) -> str:
    """The kubectl patch of a finding. Raises ValueError if it has none."""
    if finding.patch is None:
        raise ValueError(f"{finding.rule} of {finding.object} has no patch")
    ref = finding.object
    where = ["--namespace", ref.namespace] if ref.namespace else []
    body = json.dumps(finding.patch.body, separators=(",", ":"))
    words = ["kubectl", "patch", ref.kind.lower(), ref.name, *where, "--type", finding.patch.type, "--patch", body]
    return shlex.join(words)
