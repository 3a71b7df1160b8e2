"""What goes out in this round. An act that is under way, or waits out a delay, is not sent again."""

from collections.abc import Callable, Iterator

from underway.kube.request import Request
from underway.rotate.effects import Ask, MachineRequest, Notice
from underway.rotate.ledger import Key, Ledger

Effect = Request | MachineRequest | Ask | Notice

WRITES_AT_ONCE = 16  # enough to fill a 20-per-second client without letting evictions queue behind taints


Act = Request | MachineRequest
"""What the ledger keeps the books of; a question of a gate changes nothing and is simply asked again."""


class Outbox:
    """ids: where request ids come from; ledger: what is under way."""

    def __init__(self, ids: Iterator[int], ledger: Ledger) -> None:
        self._ids = ids
        self._ledger = ledger
        self._effects: list[Effect] = []
        self.now_ms = 0
        self.sent = 0

    def send(self, key: Key, build: Callable[[int], Act]) -> Act | None:
        """Send the effect that `build(id)` makes, unless its act is not free; what was sent."""
        if not self._ledger.free(key, self.now_ms) or len(self._ledger) >= WRITES_AT_ONCE:
            return None
        effect = build(next(self._ids))
        self._ledger.begin(key, effect)
        self._effects.append(effect)
        self.sent += 1
        return effect

    def free(self, key: Key) -> bool:
        """Whether the act is neither under way nor waiting out a delay."""
        return self._ledger.free(key, self.now_ms)

    def awaits(self, key: Key) -> bool:
        """Whether the act is under way."""
        return self._ledger.awaits(key)

    def post(self, *effects: Effect) -> None:
        """Send effects that keep their own books (lists, watches)."""
        self._effects.extend(effects)

    def next_id(self) -> int:
        """A request id."""
        return next(self._ids)

    def empty(self) -> list[Effect]:
        """What was sent since the last call."""
        effects, self._effects = self._effects, []
        return effects
