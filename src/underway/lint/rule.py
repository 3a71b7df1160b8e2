"""What a rule is: a name, groups, a severity, a page, and a pure function over the picture.

A rule is one file in `lint.rules` (or a third party's): its docstring is its page, and `RULE` at its end makes it one. The
page has fixed sections; the Bad and Good manifests in it are run by a test.
"""

import re
from collections.abc import Callable, Iterator
from textwrap import dedent

import msgspec

from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture

SECTIONS = ("What it finds", "Why it matters", "Bad", "Good", "Fix", "Since", "References")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HEADING = re.compile(rf"^({'|'.join(SECTIONS)})\n", re.MULTILINE)

Run = Callable[[Picture, Options], Iterator[Finding]]


class Rule(msgspec.Struct, frozen=True):
    """One rule. page: its docstring; needs: the kinds without which it says nothing."""

    name: str
    groups: tuple[str, ...]
    severity: Severity
    page: str
    run: Run
    needs: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """The first sentence of its page."""
        return " ".join(self.page.strip().split("\n\n", 1)[0].split())

    @property
    def sections(self) -> dict[str, str]:
        """The page's sections by their headings."""
        parts = _HEADING.split(self.page)
        return {heading: dedent(text).strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def problems_of(rule: Rule) -> list[str]:
    """What keeps a rule from being one: a third party's is told so by name."""
    found = [] if _NAME.fullmatch(rule.name) else [f"its name {rule.name!r} is not kebab-case"]
    if not rule.groups:
        found.append("it is in no group")
    if not rule.page.strip():
        found.append("it has no page")
    return found
