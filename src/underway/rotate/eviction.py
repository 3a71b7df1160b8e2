"""Evictions under way: what they have spent of each budget before its status shows it, and what the server refused.

The server decides every eviction; this memory only keeps us from asking for what is already promised, and wakes a
refused pod as soon as its budget changes instead of after a delay.
"""

from collections import Counter
from collections.abc import Collection

import msgspec

from underway.kube.reply import Reply
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.policy.evictable import bypasses_budget
from underway.rotate.ledger import Ledger

BUDGET_CAUSE = "DisruptionBudget"
TOO_MANY_REQUESTS = 429


class Spent(msgspec.Struct, frozen=True):
    """One disruption that we asked for. seen: the resourceVersion that the budget had then."""

    budget: str
    seen: str
    accepted: bool = False


class Refusal(msgspec.Struct, frozen=True):
    """What the server said to an eviction. seen: as in Spent; reason: its own text."""

    pod: Pod
    reason: str
    seen: tuple[str, ...]


class Evictions:
    """Memory of one driver; a new one begins empty."""

    def __init__(self) -> None:
        self._asked: dict[str, Pod] = {}
        self._spent: dict[str, tuple[Spent, ...]] = {}
        self._refused: dict[str, Refusal] = {}
        self._granted: set[str] = set()
        self.accepted = 0
        self.refused_by_budget = 0

    def spent(self, snapshot: Snapshot) -> Counter[str]:
        """How many disruptions of each budget are spent but not yet shown by its status."""
        versions = {budget.key: budget.metadata.resource_version for budgets in snapshot.budgets.values() for budget in budgets}
        for uid, spends in list(self._spent.items()):
            left = tuple(spend for spend in spends if not spend.accepted or versions.get(spend.budget) == spend.seen)
            if left:
                self._spent[uid] = left
            else:
                del self._spent[uid]
        return Counter(spend.budget for spends in self._spent.values() for spend in spends)

    @property
    def leaving(self) -> Collection[str]:
        """The UIDs of pods whose eviction was accepted. The answer may be here before a watch tells of the end:

        whoever asked again then would evict a pod twice, and spend a second disruption on it.
        """
        return self._granted

    def asked(self, pod: Pod, snapshot: Snapshot) -> None:
        """Note that an eviction was sent."""
        self._asked[pod.metadata.uid] = pod
        spends = tuple(
            Spent(budget.key, budget.metadata.resource_version)
            for budget in snapshot.budgets_of(pod)
            if not bypasses_budget(pod, budget)
        )
        if spends:
            self._spent[pod.metadata.uid] = spends

    def answered(self, uid: str, reply: Reply, snapshot: Snapshot) -> None:
        """Note the server's answer, which may come long after the pod has gone."""
        pod = self._asked.pop(uid)
        self._refused.pop(uid, None)
        if reply.ok:
            self.accepted += 1
            self._granted.add(uid)
            self._spent[uid] = tuple(msgspec.structs.replace(spend, accepted=True) for spend in self._spent.get(uid, ()))
            return
        self._spent.pop(uid, None)
        texts = [cause.message for cause in reply.causes if cause.reason == BUDGET_CAUSE]
        if reply.code == TOO_MANY_REQUESTS and texts:
            self.refused_by_budget += 1
        self._refused[uid] = Refusal(pod, f"pod {pod.key} waits: {(texts or [reply.message])[0]}", self._versions(pod, snapshot))

    def refusal(self, pod: Pod) -> str:
        """What the server last said to an eviction of the pod, or ""."""
        refusal = self._refused.get(pod.metadata.uid)
        return refusal.reason if refusal else ""

    def wake(self, snapshot: Snapshot, ledger: Ledger) -> None:
        """Let refused evictions go again whose budget has changed since."""
        for uid, refusal in self._refused.items():
            if self._versions(refusal.pod, snapshot) != refusal.seen:
                ledger.hasten(("evict", uid))

    def forget(self, present: set[str]) -> None:
        """Drop what concerns pods (by UID) that are no longer on a node in hand."""
        self._spent = {
            uid: spends for uid, spends in self._spent.items() if uid in present or not all(s.accepted for s in spends)
        }
        self._refused = {uid: refusal for uid, refusal in self._refused.items() if uid in present}
        self._granted &= present

    @staticmethod
    def _versions(pod: Pod, snapshot: Snapshot) -> tuple[str, ...]:
        return tuple(budget.metadata.resource_version for budget in snapshot.budgets_of(pod))
