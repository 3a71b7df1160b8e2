"""The whole exception tree.

    UnderwayError
    ├── UsageError            what the user gave cannot be read or contradicts itself          exit 2
    ├── Unreachable           the cluster or a dependency did not answer                       exit 3
    ├── Refused               it answered, and said no (credentials, RBAC, TLS)                exit 3
    └── InvariantViolated     a bug of ours: the driver stops, it never retries                exit 70

Outcomes that a caller can expect are values (Blocked, Status, Problem), not exceptions. The exit codes are applied
in `underway.cli` alone. Every message names the object, says what is wrong and what to do.
"""


class UnderwayError(Exception):
    """The root: whatever Underway raises on purpose."""


class UsageError(UnderwayError):
    """A file, a specification or a flag cannot be read, or contradicts itself."""


class Unreachable(UnderwayError):
    """The cluster or a dependency did not answer."""


class Refused(UnderwayError):
    """The cluster or a dependency answered, and refused: credentials, RBAC or TLS."""


class InvariantViolated(UnderwayError):
    """An act that cannot be undone was about to break a rule: stop, never retry."""
