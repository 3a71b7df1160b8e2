"""Watch events, as values. Source: apimachinery watch.Event; API concepts, "Efficient detection of changes"."""

from typing import Any, Literal

import msgspec

from underway.kube.request import Request

EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]


class WatchEvent(msgspec.Struct, frozen=True):
    """One change seen by a watch.

    request: the watch that saw it. object: typed for a modelled kind (`underway.model.decode`), else plain JSON; for a
    BOOKMARK only its resourceVersion means something. An ERROR event is not one: the shell ends the watch with a Reply.
    """

    request: Request
    type: EventType
    object: Any
    resource_version: str
