"""The version set of a definition, looked over: what will surprise those who use several of its versions.

One file a rule, and one line here. What needs objects (whether values really survive) is `crd.fuzz`'s.
"""

from collections.abc import Mapping
from typing import Any

from underway.crd.conversion import Conversions
from underway.crd.lint import (
    default_outside_storage,
    defaults_differ,
    lossy_field,
    missing_conversion,
    narrower_enum,
    old_review_version,
    one_of_not_enforced,
    printer_columns,
    stale_stored_version,
    tighter_new_version,
)
from underway.crd.lint.finding import SEVERITIES, Finding, Rule, Severity, definition_of

RULES: tuple[Rule, ...] = (
    default_outside_storage.RULE,
    defaults_differ.RULE,
    lossy_field.RULE,
    missing_conversion.RULE,
    narrower_enum.RULE,
    old_review_version.RULE,
    one_of_not_enforced.RULE,
    printer_columns.RULE,
    stale_stored_version.RULE,
    tighter_new_version.RULE,
)


def findings(crd: Mapping[str, Any], conversions: Conversions | None = None) -> list[Finding]:
    """All findings, the gravest first. conversions: what is declared, if it is known. Raises UsageError for what is no CRD."""
    definition = definition_of(crd, conversions)
    found = [one for rule in RULES for one in rule.findings(definition)]
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), one.rule, one.version, one.path))


__all__ = ["RULES", "SEVERITIES", "Finding", "Rule", "Severity", "findings"]
