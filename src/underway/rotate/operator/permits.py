"""What the operator is allowed to do for one Rotation: asked before anything is begun, and again while some of it is refused.

Owns the answers and their age. Which rights there are to ask for is `rotate.grants`'s; an answer that does not come is not waited
for: the API server is then asked to act, and refuses by itself what it has to.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from underway.rotate import grants
from underway.rotate.plan import rules_of

if TYPE_CHECKING:
    from underway.kube.reply import Reply
    from underway.rotate.grants import Need, Needs
    from underway.rotate.observe import Observed
    from underway.rotate.outbox import Outbox
    from underway.rotate.spec import RotationSpec

FRESH_MS = 30_000  # as long as a failure that a person has to cure is left alone before it is tried again
LOOK_EVERY_MS = 5_000  # for a pod of a namespace that was not asked about
VERB = "may"


class Permits:
    """name: of the Rotation; evict_in: the only namespaces in which the operator is to evict, None for all.

    unknown: why the API server did not say, "" where it did.
    """

    def __init__(self, name: str, evict_in: frozenset[str] | None) -> None:
        self._name = name
        self._evict_in = evict_in
        self._spec: RotationSpec | None = None
        self._needs: Needs | None = None
        self._answers: dict[Need, bool | None] = {}
        self._answered_ms: dict[Need, int] = {}
        self._asked: dict[str, Need] = {}
        self._looked = (-1, 0, frozenset[str]())
        self.unknown = ""

    def take(self, spec: RotationSpec) -> None:
        """What is asked for is what this specification needs."""
        if self._spec != spec:
            self._spec, self._needs = spec, grants.needs_of(spec, "operator")
            self._looked = (-1, 0, frozenset())

    def ask(self, outbox: Outbox, picture: Observed, now_ms: int, *, working: bool) -> None:
        """Ask for what is not known, or was found out too long ago. working: then only where pods may be moved may change."""
        if working and not self._limited:
            return
        for need in self._moving(picture, now_ms) if working else self._wanted(picture, now_ms):
            if not self._is_fresh(need, now_ms):
                key = f"{self._name}: {need}"
                self._asked[key] = need
                outbox.send((VERB, key), partial(grants.review, need=need))

    def answered(self, key: str, reply: Reply, now_ms: int) -> None:
        """Take an answer, if it is one to a question of this Rotation's."""
        need = self._asked.pop(key, None)
        if need is not None:
            self._answers[need], self._answered_ms[need] = grants.verdict(reply), now_ms
            doubtful = self._answers[need] is None
            self.unknown = f"not known whether the operator may {need}: {reply.message}" if doubtful else ""

    def settled(self, picture: Observed, now_ms: int) -> bool:
        """Whether all that is needed to begin is answered, not too long ago."""
        return all(self._is_fresh(need, now_ms) for need in self._wanted(picture, now_ms))

    @property
    def missing(self) -> str:
        """What is refused and cannot be done without, and what to apply; "" for nothing."""
        found = grants.refused(self._needs.everywhere, self._answers) if self._needs is not None else ()
        if not found or self._spec is None:
            return ""
        command = grants.manifests_for(self._spec, self._evict_in or ())
        return f"the operator may not {grants.listed(found)}; apply `{command}`, with the options that it was installed with"

    @property
    def namespaces(self) -> frozenset[str] | None:
        """The only ones in which pods may be moved, None for all."""
        if not self._limited or self._needs is None:
            return None
        known = {need.namespace for need in self._answers if need.namespace}
        moves = self._needs.moves
        asked = (name for name in known if all(need in self._answers for need in grants.within(moves, (name,))))
        return grants.open_namespaces(moves, asked, self._answers)

    @property
    def _limited(self) -> bool:
        """Whether pods may not be moved everywhere."""
        refused = self._needs is not None and bool(grants.refused(self._needs.moves, self._answers))
        return self._evict_in is not None or refused

    def _is_fresh(self, need: Need, now_ms: int) -> bool:
        return need in self._answers and now_ms < self._answered_ms[need] + FRESH_MS

    def _wanted(self, picture: Observed, now_ms: int) -> tuple[Need, ...]:
        """What has to be known to begin. Reading is left out: who has the picture could read."""
        if self._needs is None:
            return ()
        return (*self._needs.acts, *self._needs.machines, *self._moving(picture, now_ms))

    def _moving(self, picture: Observed, now_ms: int) -> tuple[Need, ...]:
        moves = self._needs.moves if self._needs is not None else ()
        if self._evict_in is not None:
            return grants.within(moves, self._evict_in)
        return (*moves, *grants.within(moves, self._places(picture, now_ms))) if self._limited else moves

    def _places(self, picture: Observed, now_ms: int) -> frozenset[str]:
        """The namespaces of the pods that have to move."""
        version, at_ms, found = self._looked
        if self._spec is not None and version != picture.version and (version < 0 or now_ms >= at_ms + LOOK_EVERY_MS):
            found = grants.namespaces_to_leave(picture.snapshot(), self._spec, rules_of(self._spec))
            self._looked = picture.version, now_ms, found
        return found
