"""Which pods of the draining nodes are evicted now, and what the others wait for.

Nodes are asked in the order in which they began to drain: the first has first claim on every budget, so that nodes are
emptied one after the other instead of all by halves. Sources: kubectl pkg/drain; "API-initiated eviction"; KEP-3017.
"""

from collections.abc import Callable, Container, Mapping, Sequence

import msgspec

from underway.model import timestamp
from underway.model.disruption import PodDisruptionBudget
from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.policy.budget import explain
from underway.policy.drain_rules import Asked, asked_of
from underway.policy.evictable import Block, Leave, Rules, bypasses_budget, fate, tolerates_cordon
from underway.rotate.long_work import Hold, hold
from underway.rotate.record import Record

CRITICAL_PRIORITY = 2_000_000_000  # scheduling/v1: system-cluster-critical; such pods go last, as others may need them
UNREACHABLE_GONE_MS = 1_000  # kubectl's --skip-wait-for-delete-timeout as Cluster API sets it for unreachable nodes


class Waiting(msgspec.Struct, frozen=True):
    """A pod that stays for now. blocked: whether it will stay until somebody acts."""

    pod: str
    reason: str
    budget: str = ""
    blocked: bool = False


class Drain(msgspec.Struct, frozen=True):
    """One node's drain at one instant. evict: now, in this order; waiting: what keeps the others; left: stay to the end.

    held_ms: until when long work is waited for at the latest, 0 where there is none; the drain's own time begins then. ask: pods
    that are to be asked for a checkpoint now; alone: those that wait for a second replica of theirs.
    """

    evict: tuple[Pod, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    left: tuple[Pod, ...] = ()
    held_ms: int = 0
    ask: tuple[Pod, ...] = ()
    alone: tuple[Pod, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing that moves is left on the node."""
        return not self.evict and not self.waiting


class Purse:
    """The disruptions that budgets allow at this instant, less those already spent in this round or not yet reflected."""

    def __init__(self, spent: Mapping[str, int]) -> None:
        self._spent = dict(spent)

    def take(self, budget: PodDisruptionBudget) -> bool:
        """Spend one disruption of a budget if one is left."""
        spent = self._spent.get(budget.key, 0)
        if budget.status.disruptions_allowed - spent <= 0:
            return False
        self._spent[budget.key] = spent + 1
        return True


def order(pods: Sequence[Pod]) -> list[Pod]:
    """The order within a node: critical pods last, then by priority, then by name."""
    return sorted(pods, key=lambda pod: ((pod.spec.priority or 0) >= CRITICAL_PRIORITY, pod.spec.priority or 0, pod.key))


def unreachable(node: Node) -> bool:
    """Whether the kubelet is silent: its Ready condition is Unknown, and no pod of it will confirm its end."""
    return any(condition.type == "Ready" and condition.status == "Unknown" for condition in node.status.conditions)


def drain(
    node: Node,
    record: Record,
    snapshot: Snapshot,
    rules: Rules,
    purse: Purse,
    now_ms: int,
    missing: Callable[[Pod], str] = lambda _pod: "",
    leaving: Container[str] = (),
) -> Drain:
    """What to do with each pod of a draining node.

    purse: shared by all draining nodes of this round; missing: why a pod has to wait for a second replica, or "". leaving: the
    UIDs of pods whose eviction was accepted, where the picture may not show it yet.
    """
    evict: list[Pod] = []
    waiting: list[Waiting] = []
    left: list[Pod] = []
    ask: list[Pod] = []
    alone: list[Pod] = []
    held_ms = 0
    silent = unreachable(node)
    pods = [(pod, fate(pod, snapshot, rules), asked_of(pod, snapshot)) for pod in order(snapshot.pods_on(node.name))]
    first = min((asked.order for _, verdict, asked in pods if not isinstance(verdict, Leave)), default=0)
    for pod, verdict_on_it, asked in pods:
        match verdict_on_it:
            case Leave():
                left.append(pod)
            case Block(reason):
                waiting.append(Waiting(pod.key, reason, blocked=True))
            case _ if pod.terminating:
                if silent and now_ms - timestamp.parse(pod.metadata.deletion_timestamp) > UNREACHABLE_GONE_MS:
                    left.append(pod)
                else:
                    waiting.append(Waiting(pod.key, f"pod {pod.key} is terminating"))
            case _ if pod.metadata.uid in leaving:
                waiting.append(Waiting(pod.key, f"pod {pod.key} is being evicted"))
            case _:
                held = None if pod.finished or silent else hold(pod, rules, record.since_ms)
                held_ms = max(held_ms, held.until_ms if held else 0)
                if held is not None and held.ask and now_ms < held.until_ms:
                    ask.append(pod)
                verdict = _ruled(pod, asked, first, silent=silent) or _held(pod, held, now_ms) or _came_back(pod, record)
                if verdict is None and (why := missing(pod)):
                    alone.append(pod)
                    verdict = Waiting(pod.key, why)
                verdict = verdict or _refused(pod, snapshot, purse)
                if verdict is None:
                    evict.append(pod)
                else:
                    waiting.append(verdict)
    return Drain(tuple(evict), tuple(waiting), tuple(left), held_ms, tuple(ask), tuple(alone))


def _ruled(pod: Pod, asked: Asked, first: int, *, silent: bool) -> Waiting | None:
    """What a MachineDrainRule keeps for now. first: the lowest order that is left on the node."""
    if asked.behavior == "WaitCompleted" and not pod.finished and not silent:
        return Waiting(pod.key, f"pod {pod.key} runs to its end ({asked.by})")
    if asked.order > first:
        by = f" ({asked.by}: order {asked.order})" if asked.by else ""
        return Waiting(pod.key, f"pod {pod.key} goes after those of order {first}{by}")
    return None


def _held(pod: Pod, held: Hold | None, now_ms: int) -> Waiting | None:
    """Long work that is still waited for."""
    if held is None or now_ms >= held.until_ms:
        return None
    return Waiting(pod.key, f"{held.reason}, until {timestamp.format_ms(held.until_ms)} at the latest")


def _came_back(pod: Pod, record: Record) -> Waiting | None:
    """A pod that tolerates the cordon and was created since: evicting it again and again would never end."""
    created = pod.metadata.creation_timestamp
    if not tolerates_cordon(pod) or not created or timestamp.parse(created) <= record.since_ms:
        return None
    return Waiting(
        pod.key,
        f"pod {pod.key} tolerates the cordon and came back to the node; "
        "remove its toleration of node.kubernetes.io/unschedulable",
        blocked=True,
    )


def _refused(pod: Pod, snapshot: Snapshot, purse: Purse) -> Waiting | None:
    for budget in snapshot.budgets_of(pod):
        if not bypasses_budget(pod, budget) and not purse.take(budget):
            return Waiting(pod.key, f"pod {pod.key} waits: {explain(budget)}", budget=budget.key)
    return None
