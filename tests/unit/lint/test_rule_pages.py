"""Every rule's page is whole, and its examples tell the truth."""

import re

import pytest

from linting import findings
from underway.lint.rule import SECTIONS, Rule
from underway.lint.rules import RULES
from underway.model.version import Version

BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
TARGET = Version(1, 37)  # what the examples are upgraded to
NOW_MS = 1_790_000_000_000  # September 2026


def example(rule: Rule, section: str) -> str:
    blocks = BLOCK.findall(rule.sections[section])
    assert len(blocks) == 1, f"{section} holds one YAML block"
    return str(blocks[0])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_has_every_section(rule: Rule) -> None:
    assert tuple(rule.sections) == SECTIONS
    assert all(rule.sections.values())
    assert rule.description.endswith(".")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name != "noop"], ids=lambda rule: rule.name)
def test_bad_yields_the_finding_and_good_does_not(rule: Rule) -> None:
    assert findings(rule.name, example(rule, "Bad"), target=TARGET, now_ms=NOW_MS)
    assert not findings(rule.name, example(rule, "Good"), target=TARGET, now_ms=NOW_MS)


def test_names_are_unique_and_modules_are_named_alike() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert rule.run.__module__ == f"underway.lint.rules.{rule.name.replace('-', '_')}"
