"""Which findings are silenced: clusterlint's annotation, and our own with a reason and an end.

    clusterlint.digitalocean.com/disabled-checks: "latest-tag, bare-pods"
    lint.underway.dev/ignore: "latest-tag: pinned by the mirror until 2027-01-31; hostpath-volume: reads the node's logs"

Both speak on the object, its pod template, its owners and its namespace. Owns the grammar; `rules/ignore_annotation.py` reports
what is expired or cannot be read, so that no silence lasts by mistake.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from underway.lint.decode import CLUSTERLINT_DISABLED, IGNORE
from underway.model import timestamp

_ENTRY = re.compile(r"(?P<rule>[a-z0-9][a-z0-9./-]*)\s*:\s*(?P<reason>.*?\S)(?:\s+until\s+(?P<until>\S+))?", re.DOTALL)
DAY_MS = 24 * 3600 * 1000
FORM = '"RULE: REASON until YYYY-MM-DD", several with a semicolon between them'


class Ignore(msgspec.Struct, frozen=True):
    """One entry. until_ms: the end of the last day on which it holds (UTC), None: for ever."""

    rule: str
    reason: str
    until: str = ""
    until_ms: int | None = None

    def holds(self, now_ms: int) -> bool:
        """Whether it is still in force."""
        return self.until_ms is None or now_ms < self.until_ms


class Malformed(msgspec.Struct, frozen=True):
    """An entry that silences nothing. why: a sentence's end."""

    text: str
    why: str


def entries(annotation: str) -> Iterator[Ignore | Malformed]:
    """What our own annotation says."""
    for part in re.split(r"[;\n]", annotation):
        text = part.strip()
        if not text:
            continue
        match = _ENTRY.fullmatch(text)
        if match is None:
            yield Malformed(text, f"is not of the form {FORM}")
            continue
        rule, reason, until = match["rule"], match["reason"], match["until"]
        if until is None:
            yield Ignore(rule, reason)
            continue
        until_ms = _end_of(until)
        if until_ms is None:
            yield Malformed(text, f"ends on {until!r}, which is no date; write YYYY-MM-DD")
        else:
            yield Ignore(rule, reason, until, until_ms)


def _end_of(day: str) -> int | None:
    """The end of a day, UTC; None if it is no date."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        return None
    try:
        return timestamp.parse(f"{day}T00:00:00Z") + DAY_MS
    except ValueError:
        return None


def silences(annotations: Mapping[str, str], rule: str, now_ms: int) -> bool:
    """Whether these annotations silence a rule now."""
    disabled = annotations.get(CLUSTERLINT_DISABLED, "")
    if disabled and rule in (name.strip() for name in disabled.split(",")):
        return True
    own = annotations.get(IGNORE, "")
    return bool(own) and any(isinstance(entry, Ignore) and entry.rule == rule and entry.holds(now_ms) for entry in entries(own))


def disabled_for_clusterlint(annotations: Mapping[str, str], rule: str) -> bool:
    """Whether clusterlint itself would be silent. Source: clusterlint checks/annotation.go, IsEnabled."""
    disabled = annotations.get(CLUSTERLINT_DISABLED, "")
    return rule in (name.strip() for name in disabled.split(",")) if disabled else False
