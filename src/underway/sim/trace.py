"""What happened in a run, as facts with their times: for the report, for comparing two runs byte by byte.

Owns the collection. It judges nothing (`sim.checkers`) and draws nothing (`web.report`).
"""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.store import Change, Object

PHASE = "rotation.underway.dev/phase"


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One thing. at_ms: since the run began; kind: phase, eviction, refusal, deletion, freeze, resume, kill or node."""

    at_ms: int
    kind: str
    subject: str
    text: str = ""


class Trace:
    """Facts of one run, in order."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.start_ms = now_ms()
        self.facts: list[Fact] = []
        self.evictions = 0

    def note(self, kind: str, subject: str, text: str = "") -> None:
        """Add a fact of now."""
        self.facts.append(Fact(self._now_ms() - self.start_ms, kind, subject, text))

    def on_change(self, change: Change) -> None:
        """Note phases of nodes and freezes."""
        kind = change.object.get("kind")
        if kind == "Node":
            self._node(change)
        elif kind == "Lease":
            before = _annotation(change.previous, "rotation.underway.dev/mode")
            after = _annotation(change.object, "rotation.underway.dev/mode")
            if before != after and after == "Freeze":
                self.note("freeze", "rotation", _annotation(change.object, "rotation.underway.dev/frozen-reason"))
            elif before == "Freeze" and after != "Freeze":
                self.note("resume", "rotation")

    def _node(self, change: Change) -> None:
        name = change.object["metadata"]["name"]
        if change.type == "ADDED":
            self.note("node", name, "registered")
        elif change.type == "DELETED":
            self.note("phase", name, "Deleted")
        else:
            before, after = _annotation(change.previous, PHASE), _annotation(change.object, PHASE)
            if before != after:
                self.note("phase", name, after or "released")
            if not _ready(change.previous) and _ready(change.object):
                self.note("node", name, "Ready")

    def on_write(self, request: Request, code: int) -> None:
        """Note evictions, and deletions of pods."""
        if request.resource == r.PODS and request.verb == "delete" and code < 300:
            self.note("deletion", f"{request.namespace}/{request.name}")
        if request.subresource != "eviction":
            return
        pod = f"{request.namespace}/{request.name}"
        if code < 300:
            self.evictions += 1
            self.note("eviction", pod)
        else:
            self.note("refusal", pod, str(code))

    def digest(self) -> str:
        """A hash of all facts: equal for equal runs."""
        return hashlib.sha256(msgspec.json.encode(self.facts)).hexdigest()


def _annotation(value: Object | None, key: str) -> str:
    return str((value["metadata"].get("annotations") or {}).get(key, "")) if value else ""


def _ready(value: Object | None) -> bool:
    conditions: Any = (value or {}).get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
