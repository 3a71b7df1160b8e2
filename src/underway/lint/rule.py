"""What a rule is: one module in `rules`, whose docstring is its page, with a RULE at its end.

The docstring's sections are fixed (SECTIONS); tools/rule_pages.py makes docs/rules/NAME.md of it, and one test runs the YAML
of Bad (which must yield the finding) and of Good (which must not).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from underway.lint.finding import Found, Severity
from underway.model.version import Version

if TYPE_CHECKING:
    from underway.lint.picture import Picture

SECTIONS = ("What it finds", "Why it matters", "Bad", "Good", "Fix", "Since", "References")
CLUSTERLINT = "clusterlint"
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is asked for.

    now_ms: the clock, epoch milliseconds. target: the version to upgrade to. compat: peers whose exact behaviour is wanted
    ("clusterlint"). thresholds: "RULE.NAME" to the user's value. team_label: the label that names the owner of an object.
    """

    now_ms: int = 0
    target: Version | None = None
    compat: frozenset[str] = frozenset()
    thresholds: Mapping[str, float] = {}
    team_label: str = "team"

    @property
    def as_clusterlint(self) -> bool:
        """Whether clusterlint's own behaviour is wanted, known faults included."""
        return CLUSTERLINT in self.compat

    def threshold(self, rule: "Rule", name: str) -> float:
        """The user's value of a rule's threshold, or the rule's own. Raises KeyError for one that the rule does not declare."""
        return self.thresholds.get(f"{rule.name}.{name}", rule.thresholds[name])


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule.

    name: kebab-case, the problem; the module is named alike with underscores. groups: what -g selects. kinds: what must have
    been read, or the rule is not run: a rule that looks for what is missing would lie. also: kinds that it looks at where they
    could be read, and can do without. page: the module's docstring.
    thresholds: numbers with their units last, which `--set NAME.THRESHOLD=VALUE` changes. covered_by: rules that say more about
    the same: what one of them finds in an object, this one does not say again, except as clusterlint.
    """

    name: str
    groups: tuple[str, ...]
    severity: Severity
    kinds: tuple[str, ...]
    run: Callable[["Picture", Options], Iterator[Found]]
    page: str
    thresholds: Mapping[str, float] = {}
    also: tuple[str, ...] = ()
    covered_by: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """One sentence: the first line of the page."""
        return self.page.strip().splitlines()[0]

    @property
    def sections(self) -> dict[str, str]:
        """The page's sections by heading."""
        parts = _HEADING.split(self.page)
        return {heading.strip(): text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}

    @property
    def reference(self) -> str:
        """The first address of the page's references, "" if there is none."""
        found = re.search(r"<(https://[^>]+)>", self.sections.get("References", ""))
        return found[1] if found else ""
