"""What changed since an earlier run: findings are the same where their fingerprints are."""

from collections.abc import Collection
from typing import Any

import msgspec

from underway.lint.engine import Report, score
from underway.lint.finding import Finding


class Earlier(msgspec.Struct, frozen=True):
    """A finding of an earlier run, as `-o json` wrote it; what is not needed here is not read."""

    fingerprint: str
    rule: str = ""
    severity: str = ""
    message: str = ""
    object: dict[str, Any] = {}


class EarlierRun(msgspec.Struct, frozen=True):
    """The file of an earlier run."""

    findings: tuple[Earlier, ...]


class Difference(msgspec.Struct, frozen=True):
    """new: only now; gone: only then; same: how many stayed."""

    new: tuple[Finding, ...]
    gone: tuple[Earlier, ...]
    same: int


def difference(report: Report, before: EarlierRun) -> Difference:
    """What came and what went."""
    known = {finding.fingerprint for finding in before.findings}
    now = {finding.fingerprint for finding in report.findings}
    return Difference(
        new=tuple(finding for finding in report.findings if finding.fingerprint not in known),
        gone=tuple(finding for finding in before.findings if finding.fingerprint not in now),
        same=len(known & now),
    )


def without(report: Report, known: Collection[str]) -> Report:
    """The report without the findings of these fingerprints, and its score without them."""
    findings = tuple(finding for finding in report.findings if finding.fingerprint not in known)
    return msgspec.structs.replace(report, findings=findings, score=score(findings, report.objects))
