"""The order in which outdated nodes go: the specification's own keys, then the least projected wait for budgets.

Owns the keys and how they are told. Admission and plan ask the same object, so that what was shown is what happens.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from underway.model import timestamp
from underway.model.node import Node
from underway.model.selector import matches
from underway.model.snapshot import Snapshot
from underway.policy.evictable import Move, Rules, fate
from underway.rotate.spec import Nodes, OrderBy

Key = tuple[object, ...]
FOR_EVER_S = float("inf")


class Order:
    """The order of one specification on one picture. keys: its own, pools first where they are given and not placed."""

    def __init__(self, nodes: Nodes, snapshot: Snapshot, rules: Rules) -> None:
        self._nodes = nodes
        self._snapshot = snapshot
        self._rules = rules
        placed = not nodes.pools or any(key.by == "pool" for key in nodes.order)
        self.keys: tuple[OrderBy, ...] = nodes.order if placed else (OrderBy("pool"), *nodes.order)
        self._moved: dict[str, int] = {}
        self._scores: dict[tuple[str, str], tuple[bool, Any]] = {}
        self._of: dict[str, Callable[[Node, OrderBy], object]] = {
            "zone": lambda node, _: node.zone,
            "pool": lambda node, _: self._pool_index(node),
            "age": lambda node, _: node.metadata.creation_timestamp,
            "name": lambda node, _: node.name,
            "disruptions": lambda node, _: self._disruptions(node),
            "expression": lambda node, key: self._score(key.expression, node),
        }

    def rank(self, node: Node, wait_s: float, weight: float = 0.0) -> Key:
        """What sorts the node among the others. wait_s: how long it would wait for budgets; weight: how much of what is short
        it needs (`Forecast.weight`).
        """
        wait = round(wait_s) if wait_s < FOR_EVER_S else wait_s
        return (*(self._of[key.by](node, key) for key in self.keys), wait, -weight, node.zone, node.name)

    def reason(self, node: Node, wait_s: float) -> str:
        """The same in words."""
        told: dict[str, Callable[[OrderBy], str]] = {
            "zone": lambda _: f"zone {node.zone or 'unknown'}",
            "pool": lambda _: f"pool {self.pool(node) or 'none'}",
            "age": lambda _: f"since {node.metadata.creation_timestamp[:10]}",
            "name": lambda _: "name",
            "disruptions": lambda _: f"{self._disruptions(node)} pods move",
            "expression": lambda key: self._score_told(key.expression, node),
        }
        wait = f"waits {wait_s:.0f} s for budgets" if round(wait_s) else "no wait for budgets"
        return ", ".join([*(told[key.by](key) for key in self.keys), wait])

    def pool(self, node: Node) -> str:
        """The name of the node's pool, "" where it is in none."""
        index = self._pool_index(node)
        return self._nodes.pools[index].name if index < len(self._nodes.pools) else ""

    def _pool_index(self, node: Node) -> int:
        labels = node.metadata.labels
        found = (index for index, pool in enumerate(self._nodes.pools) if matches(pool.selector, labels))
        return next(found, len(self._nodes.pools))

    def _score(self, expression: str, node: Node) -> tuple[bool, Any]:
        from underway.rotate.expressions import score  # late: most Rotations have none

        place = (expression, node.name)
        if place not in self._scores:
            self._scores[place] = score(expression, node)
        return self._scores[place]

    def _score_told(self, expression: str, node: Node) -> str:
        failed, value = self._score(expression, node)
        return "no score: the expression fails" if failed else f"score {value}"

    def _disruptions(self, node: Node) -> int:
        """How many pods would have to move."""
        if node.name not in self._moved:
            pods = self._snapshot.pods_on(node.name)
            self._moved[node.name] = sum(isinstance(fate(pod, self._snapshot, self._rules), Move) for pod in pods)
        return self._moved[node.name]


class Canary(msgspec.Struct, frozen=True):
    """How far the canaries are. limit: how many more nodes may be begun now; waiting: why not more, or ""; due_ms: when
    time alone changes that; passed: whether all canaries have just been found finished.
    """

    limit: int | None = None
    waiting: str = ""
    due_ms: int | None = None
    passed: bool = False


def canary(count: int, soak_ms: int, begun: int, finished: int, passed_ms: int | None, now_ms: int) -> Canary:
    """Whether nodes beyond the canaries may be begun.

    begun and finished: how many nodes this rotation has taken in hand, and done, so far; passed_ms: when the last canary was
    found finished, None while it was not.
    """
    if not count:
        return Canary()
    if passed_ms is None:
        if finished < count:
            return Canary(max(0, count - begun), f"canary: {finished} of {count} done")
        return msgspec.structs.replace(_soaking(now_ms + soak_ms, now_ms), passed=True)
    return _soaking(passed_ms + soak_ms, now_ms)


def _soaking(until_ms: int, now_ms: int) -> Canary:
    if now_ms >= until_ms:
        return Canary()
    return Canary(0, f"canary: the others wait until {timestamp.format_ms(until_ms)}", until_ms)
