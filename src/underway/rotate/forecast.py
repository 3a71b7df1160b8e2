"""How long a node would wait for disruption budgets if it went next, given what is already promised to others.

Each budget is a set of tokens: k may be out at once, and a token comes back one restart after it was taken. Nodes in hand
reserve theirs first, in the order in which they drain, so that two nodes never wait for each other half drained. The next
node admitted is the one that this forecast makes wait the least; measured, that keeps the makespan within a few per cent
of the lower bound, where name order costs up to 43 % (docs/adr/0004).
"""

import heapq
from collections import Counter
from collections.abc import Iterable

from underway.model.disruption import PodDisruptionBudget
from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.policy.budget import capacity
from underway.policy.evictable import Move, Rules, fate
from underway.rotate.estimates import restart

FOR_EVER_S = float("inf")


class Tokens:
    """The tokens of one budget: when each of its k becomes free, in seconds from now."""

    def __init__(self, budget: PodDisruptionBudget, restart_s: float, *, surged: bool = False) -> None:
        k = capacity(budget, surged=surged)
        free = min(max(budget.status.disruptions_allowed, 0), k)
        self.free_at_s = [0.0] * free + [restart_s] * (k - free)
        heapq.heapify(self.free_at_s)
        self.restart_s = restart_s
        self.each_s = restart_s / k if k else FOR_EVER_S

    def take(self, not_before_s: float) -> float:
        """Take the next token at or after a time; when that is."""
        if not self.free_at_s:
            return FOR_EVER_S
        at_s = max(not_before_s, self.free_at_s[0])
        heapq.heapreplace(self.free_at_s, at_s + self.restart_s)
        return at_s

    def peek(self, count: int, not_before_s: float) -> float:
        """When the last of `count` tokens could be taken, taking none."""
        if not self.free_at_s:
            return FOR_EVER_S if count else not_before_s
        heap, at_s = list(self.free_at_s), not_before_s
        for _ in range(count):
            at_s = max(not_before_s, heap[0])
            heapq.heapreplace(heap, at_s + self.restart_s)
        return at_s


class Forecast:
    """The promises of one instant. Make one per decision; `reserve` nodes in hand first, then ask `wait_s` of candidates."""

    def __init__(self, snapshot: Snapshot, rules: Rules) -> None:
        self._snapshot = snapshot
        self._rules = rules
        self._tokens: dict[str, Tokens] = {}
        self._demands: dict[str, dict[str, int]] = {}
        self._load_s: dict[str, float] = {}

    def reserve(self, node: Node, drains_in_s: float) -> None:
        """Promise a node in hand the tokens that its pods need, from the time at which it drains."""
        for budget, count in self._demand(node).items():
            for _ in range(count):
                self._tokens[budget].take(drains_in_s)

    def wait_s(self, node: Node, drains_in_s: float) -> float:
        """How much longer than its own drain the node would wait for budgets."""
        demand = self._demand(node)
        return (
            max((self._tokens[budget].peek(count, drains_in_s) for budget, count in demand.items()), default=drains_in_s)
            - drains_in_s
        )

    def weigh(self, nodes: Iterable[Node]) -> None:
        """Note how long each budget would need for all of these nodes, were there nothing else to wait for."""
        needed: Counter[str] = Counter()
        for node in nodes:
            needed.update(self._demand(node))
        self._load_s = {key: count * self._tokens[key].each_s for key, count in needed.items()}

    def weight(self, node: Node) -> float:
        """How much of what is short the node needs: of nodes that wait equally long, the heaviest goes first.

        Otherwise those that are easy go first, and the pods of the shortest budgets are left to wait for each other at the
        end. The fourth power lets one short budget outweigh any number of ample ones (measured: docs/adr/0004).
        """
        return sum(self._load_s.get(key, 0.0) ** 4 for key in self._demand(node))

    def _demand(self, node: Node) -> dict[str, int]:
        """How many tokens of each budget the node's pods need."""
        if node.name not in self._demands:
            demand: dict[str, int] = {}
            for pod in self._snapshot.pods_on(node.name):
                for budget in self._budgets(pod):
                    demand[budget.key] = demand.get(budget.key, 0) + 1
            self._demands[node.name] = demand
        return self._demands[node.name]

    def _budgets(self, pod: Pod) -> tuple[PodDisruptionBudget, ...]:
        if pod.terminating or pod.finished or not isinstance(fate(pod, self._snapshot, self._rules), Move):
            return ()
        budgets = self._snapshot.budgets_of(pod)
        for budget in budgets:
            if budget.key not in self._tokens:
                self._tokens[budget.key] = Tokens(
                    budget, restart(budget, self._snapshot).typical_s, surged=self._rules.surge_single
                )
        return budgets
