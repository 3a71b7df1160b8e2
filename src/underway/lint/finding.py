"""What a rule says: findings, graded and located; and what could not be looked at.

Source of the grades: static is read off a specification, observed was seen to happen, proven was made to happen.
"""

from enum import StrEnum
from typing import Any

import msgspec


class Severity(StrEnum):
    """How bad it is. error: it will hurt; warning: it can hurt; info: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return tuple(Severity).index(self)


class Evidence(StrEnum):
    """How sure it is."""

    STATIC = "static"
    OBSERVED = "observed"
    PROVEN = "proven"


class ObjectRef(msgspec.Struct, frozen=True, order=True):
    """The object that a finding is about. file, line: where it stands, "" and 0 for a live one."""

    kind: str
    namespace: str
    name: str
    api_version: str = ""
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Finding(msgspec.Struct, frozen=True):
    """One thing found.

    rule: its name; path: of the field, "" for the whole object; observed: the value there; message: one sentence; remedy:
    what to do; patch: a merge patch that kubectl takes, None where it cannot be written down; team: who owns the object, ""
    if unknown; group: the object that decides about it (its top owner), for grouping.
    """

    rule: str
    severity: Severity
    object: ObjectRef
    message: str
    path: str = ""
    observed: Any = None
    evidence: Evidence = Evidence.STATIC
    remedy: str = ""
    patch: dict[str, Any] | None = None
    team: str = ""
    details: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for the same finding in the next run: rule, object and path, not the message."""
        reference = self.object
        return f"{self.rule}/{reference.kind}/{reference.namespace}/{reference.name}/{self.path}"

    @property
    def order(self) -> tuple[Any, ...]:
        """Worst first, then by object, rule and path."""
        return (self.severity.rank, self.object, self.rule, self.path, self.message)


class Skipped(msgspec.Struct, frozen=True, order=True):
    """A kind that could not be read, or a rule that could not be run, and why."""

    kind: str
    reason: str
