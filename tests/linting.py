"""How tests of lint speak: a picture from YAML, and what one rule finds in it."""

from typing import Any

import yaml

from underway.lint import Picture, lint, picture_of
from underway.lint.finding import Finding
from underway.lint.rule import Options
from underway.lint.rules import RULES


def picture(text: str) -> Picture:
    """The picture of the YAML documents in a text."""
    return picture_of(document for document in yaml.safe_load_all(text) if document)


def findings(name: str, text: str | Picture, **options: Any) -> tuple[Finding, ...]:
    """What the rule of this name finds. options: of `Options`."""
    rules = [rule for rule in RULES if rule.name == name]
    assert rules, f"there is no rule {name}"
    report = lint(picture(text) if isinstance(text, str) else text, rules, Options(**options))
    assert not report.skipped
    return report.findings


def places(name: str, text: str | Picture, **options: Any) -> list[str]:
    """The objects and paths that the rule of this name finds, as text."""
    return [f"{finding.object} {finding.path}".strip() for finding in findings(name, text, **options)]
