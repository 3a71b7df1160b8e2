"""What comes back: a Reply to a Request, and the Status that the API server explains a refusal with.

Source of the shapes: apimachinery meta/v1 types.go (Status, StatusDetails, StatusCause).
"""

from typing import Any

import msgspec

from underway.kube.request import Request


class StatusCause(msgspec.Struct, frozen=True):
    """One cause; an eviction that a PodDisruptionBudget refuses has reason "DisruptionBudget"."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(msgspec.Struct, frozen=True, rename="camel"):
    """What the refusal is about."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: tuple[StatusCause, ...] = ()
    retry_after_seconds: int = 0


class StatusMeta(msgspec.Struct, frozen=True):
    """Its metadata. continue_: with 410 for a list, a token that goes on in another, later list."""

    continue_: str = msgspec.field(name="continue", default="")


class Status(msgspec.Struct, frozen=True):
    """The API's answer where it is not an object."""

    status: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: StatusDetails | None = None
    metadata: StatusMeta = StatusMeta()


class ObjectList(msgspec.Struct, frozen=True):
    """One page of a list.

    items: decoded objects; resource_version: of the whole list; continue_: token of the next page, "" on the last.
    """

    resource_version: str
    items: tuple[Any, ...]
    continue_: str = ""


NO_ANSWER = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one request.

    code: the HTTP status; NO_ANSWER (0) when the answer was lost or late: the act may have happened or not.
    body: a typed object for get/create/update/patch of a modelled kind, an ObjectList for a list, else plain JSON or None.
    status: for every code >= 400 that came with one. elapsed_ms: from sending to the last byte.
    A watch is answered by WatchEvents and ends with one Reply: code 200 when the server closed it in peace, 410 when
    its resourceVersion is gone, NO_ANSWER when the connection broke.
    """

    request: Request
    code: int
    body: Any = None
    status: Status | None = None
    elapsed_ms: int = 0

    @property
    def ok(self) -> bool:
        """Whether the server did what was asked."""
        return 200 <= self.code < 300

    @property
    def reason(self) -> str:
        """The machine-readable reason of a refusal, or ""."""
        return self.status.reason if self.status else ""

    @property
    def message(self) -> str:
        """The server's own sentence, or one for a lost answer."""
        if self.status and self.status.message:
            return self.status.message
        return "no answer" if self.code == NO_ANSWER else f"HTTP {self.code}"

    @property
    def causes(self) -> tuple[StatusCause, ...]:
        """The causes of a refusal."""
        return self.status.details.causes if self.status and self.status.details else ()

    @property
    def retry_after_s(self) -> int:
        """How long the server asks to wait, 0 if it does not say."""
        return self.status.details.retry_after_seconds if self.status and self.status.details else 0
