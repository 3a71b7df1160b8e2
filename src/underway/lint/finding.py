"""What lint says: Finding, with its Severity, its Evidence, the object, and what to do about it.

A rule yields `Found`s; the engine makes `Finding`s of them: it adds what a rule need not know (its own name, who owns the
object, where it stands in a file, the fingerprint).
"""

import enum
import hashlib
from typing import Any

import msgspec

from underway.lint.objects.meta import Object


class Severity(enum.StrEnum):
    """How bad it is. error: it breaks, or will; warning: it can hurt; info: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    def raised(self) -> "Severity":
        """One step worse; error stays error."""
        return list(Severity)[max(0, self.rank - 1)]

    def lowered(self) -> "Severity":
        """One step better; info stays info."""
        return list(Severity)[min(2, self.rank + 1)]


class Evidence(enum.StrEnum):
    """How it is known. static: it is written so; observed: it was seen in status or events; proven: it was tried."""

    STATIC = "static"
    OBSERVED = "observed"
    PROVEN = "proven"


class ObjectRef(msgspec.Struct, frozen=True, order=True):
    """The object that a finding is about."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        name = self.name or "(without a name)"
        return f"{self.kind} {self.namespace}/{name}" if self.namespace else f"{self.kind} {name}"


class Patch(msgspec.Struct, frozen=True):
    """A change that kubectl patch applies. type: "strategic" (containers are found by name), "merge" or "json"."""

    body: Any
    type: str = "strategic"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says about one place.

    about: the object, at its top owner. path: of the field, as server-side apply writes it, without the dot in front:
    spec.template.spec.containers[name="app"].image. message: one sentence, what is wrong. value: what was read there.
    remedy: one sentence, what to do. severity: None is the rule's own. pods: how many live pods it is about.
    """

    about: Object
    message: str
    path: str = ""
    value: str = ""
    remedy: str = ""
    patch: Patch | None = None
    severity: Severity | None = None
    evidence: Evidence = Evidence.STATIC
    pods: int = 0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What lint reports. file and line: where a manifest holds the object. team: from the owner label."""

    rule: str
    severity: Severity
    evidence: Evidence
    object: ObjectRef
    path: str
    message: str
    value: str = ""
    remedy: str = ""
    patch: Patch | None = None
    team: str = ""
    file: str = ""
    line: int = 0
    pods: int = 0
    fingerprint: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.object}: {self.message} ({self.rule})"


def fingerprint(rule: str, ref: ObjectRef, path: str, nth: int) -> str:
    """What stays the same from run to run: rule, object, path, and the count of equal ones before it; not message or value."""
    text = "\n".join((rule, ref.kind, ref.namespace, ref.name, path, str(nth)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def order(finding: Finding) -> tuple[Any, ...]:
    """The order of reports: the worst first, then by object, rule and path."""
    return finding.severity.rank, finding.object, finding.rule, finding.path, finding.message
