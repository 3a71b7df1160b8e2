"""clusterlint's JSON, for whatever reads it today. Source: clusterlint checks/diagnostic.go, cmd/clusterlint/main.go.

Durations are empty: no clock runs here. With --compat clusterlint the Diagnostics are its own, one a replica.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from underway.lint.engine import Report
from underway.lint.finding import Finding, Severity
from underway.lint.picture import Picture
from underway.lint.report.format import Format
from underway.lint.rule import Rule

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "suggestion"}
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def render(report: Report, _rules: Sequence[Rule], picture: Picture) -> str:
    """The JSON. No Diagnostics are null, as Go writes an empty slice."""
    diagnostics = [_diagnostic(finding, picture) for finding in report.findings]
    return json.dumps({"Diagnostics": diagnostics or None, "Durations": {}}, indent=2) + "\n"


def _diagnostic(finding: Finding, picture: Picture) -> dict[str, Any]:
    ref = finding.object
    known = picture.get(ref.kind, ref.namespace, ref.name)
    metadata: dict[str, Any] = msgspec.to_builtins(known.metadata) if known else {"name": ref.name, "namespace": ref.namespace}
    return {
        "Check": finding.rule,
        "Severity": LEVELS[finding.severity],
        "Message": finding.message,
        "Kind": _WORD.sub(" ", ref.kind).lower(),
        "Object": metadata,
        "Owners": metadata.get("ownerReferences"),
        "Details": finding.value,
    }


FORMAT = Format("clusterlint-json", render)
