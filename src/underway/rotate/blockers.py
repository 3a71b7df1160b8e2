"""What can never end well as things stand, found before anything is touched: the preflight of `plan` and of admission.

A blocker names the node, the pod or budget, and the remedy. A blocked node is not begun: no surge, no cordon is spent on
it until the cause is gone.
"""

from collections.abc import Iterable

import msgspec

from underway.model.disruption import PodDisruptionBudget
from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.policy.budget import capacity, never_allows
from underway.policy.drain_rules import asked_of
from underway.policy.evictable import Block, Leave, Rules, bypasses_budget, fate
from underway.policy.single import single


class Blocker(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Why a node cannot be emptied.

    pod and budget: "namespace/name", "" where none is to blame; owner: the team that answers for it, "" while unknown. rung: how
    far up the ladder its drain has come, "" while it has not begun; since_ms: when it began to keep the node, 0 if not known.
    """

    node: str
    reason: str
    pod: str = ""
    budget: str = ""
    owner: str = ""
    rung: str = ""
    since_ms: int = 0

    @property
    def sentence(self) -> str:
        """The reason, with the owner where one is known."""
        return f"{self.reason} (owner: {self.owner})" if self.owner else self.reason


def blockers_of(node: Node, snapshot: Snapshot, rules: Rules) -> list[Blocker]:
    """What keeps the node from ever being emptied: its machine, then pod by pod."""
    hold = snapshot.holds.get(node.name)
    found = [Blocker(node.name, hold)] if hold else []
    for pod in snapshot.pods_on(node.name):
        verdict = fate(pod, snapshot, rules)
        if isinstance(verdict, Block):
            found.append(Blocker(node.name, verdict.reason, pod.key))
        elif not isinstance(verdict, Leave) and asked_of(pod, snapshot).behavior == "Drain":
            alone = single(pod, snapshot) if rules.surge_single else None
            surged = alone is not None and not alone.obstacle
            budgets = [one for one in snapshot.budgets_of(pod) if not surged or not capacity(one, surged=True)]
            found.extend(_refusals(node, pod, budgets, rules, alone.obstacle if alone is not None else ""))
    return found


def _refusals(node: Node, pod: Pod, budgets: Iterable[PodDisruptionBudget], rules: Rules, obstacle: str) -> Iterable[Blocker]:
    """The budgets that never let the pod go. obstacle: why it gets no second replica first, "" where nobody asks for one."""
    besides = f"; no second replica comes first: {obstacle}" if obstacle else ""
    for budget in budgets:
        never = None if rules.past_deadline else never_allows(budget)
        if never is not None and not bypasses_budget(pod, budget):
            yield Blocker(node.name, f"{never.reason}{besides}", pod.key, budget.key)
