"""A second replica beside a single one before that is evicted, for whoever asks for it: scale up, wait, evict, restore.

    on record (Lease) -> 2 replicas -> both available -> the pod is evicted -> the pod is gone -> 1 replica -> off the record

Owns the order of these and what must never be: a raise without a record, a record that is dropped while a raise may still be on
its way, two owners of one number. What an autoscaler scales gets its second replica from the autoscaler, whose minReplicas is
raised instead; what somebody scales meanwhile is theirs. Whatever ends the drain (a freeze, a window, a stop, a crash) restores
as well: whoever leads next finds the record. The numbers are `Replicas`'s to move; `Autoscalers` remembers the autoscalers.
"""

from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from underway.kube.request import Request
from underway.model.autoscaler import HorizontalPodAutoscaler
from underway.model.node import Node
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.model.workload import Workload
from underway.policy.single import hindrance, single
from underway.rotate import acts
from underway.rotate.journal import JournalWriter, raised_annotation
from underway.rotate.ledger import Key
from underway.rotate.observe import newer
from underway.rotate.outbox import Outbox
from underway.rotate.record import Phase, Raised
from underway.rotate.situation import Situation

ASK_EVERY_MS = 300_000  # an autoscaler that is made meanwhile is heard of by then
WATCH_EVERY_MS = 5_000  # for as long as one of them is raised
LATE_MS = 60_000  # twice the time limit of a request: what an earlier driver sent has landed or never will


class Replicas:
    """The second replicas of one rotation. Memory: what this driver has seen and sent itself."""

    def __init__(self, outbox: Outbox, journal: JournalWriter) -> None:
        self._outbox = outbox
        self._journal = journal
        self._autoscalers = Autoscalers(outbox)
        self._written: dict[str, Workload] = {}
        self._wanted: dict[str, Raised] = {}
        self._ours: set[str] = set()
        self._sent: set[str] = set()
        self._up: set[str] = set()
        self._lowered: set[str] = set()
        self._let_be: set[str] = set()
        self._idle_ms: dict[str, int] = {}

    def told_autoscalers(self, namespace: str, autoscalers: Iterable[object], now_ms: int) -> None:
        """Take the autoscalers of a namespace, as plain values."""
        self._autoscalers.told(namespace, autoscalers, now_ms)

    def told_minimum(self, autoscaler: object) -> None:
        """Take the answer to a write of an autoscaler, as plain values."""
        self._autoscalers.wrote(autoscaler)

    def told_scale(self, scale: object) -> None:
        """Take the answer to a write of a scale, as plain values: until the watch has caught up, it is newer than the picture."""
        written = msgspec.convert(scale, Workload)  # its metadata and spec.replicas are those of the Deployment
        self._written[written.metadata.uid] = written

    def _deployment(self, debt: Raised, snapshot: Snapshot) -> Workload | None:
        """The Deployment of a debt, with the replicas that we have last written where the picture is older than that."""
        found = snapshot.workloads.get(f"Deployment/{debt.namespace}/{debt.name}")
        if found is None or (not debt.autoscaler and found.metadata.uid != debt.uid):
            return None
        written = self._written.get(debt.uid)
        if written is None or newer(found, written):
            return found
        return msgspec.structs.replace(found, spec=msgspec.structs.replace(found.spec, replicas=written.wanted))

    def _number(self, debt: Raised, snapshot: Snapshot) -> int | None:
        """The number of a debt as it is now, None where whoever it belonged to is gone."""
        if debt.autoscaler:
            autoscaler = self._autoscalers.of(debt)
            return autoscaler.spec.min_replicas if autoscaler is not None else None
        deployment = self._deployment(debt, snapshot)
        return deployment.wanted if deployment is not None else None

    def _write(self, debt: Raised, replicas: int, snapshot: Snapshot) -> bool:
        """Set the number of a debt; whether that was sent."""
        if debt.autoscaler:
            autoscaler = self._autoscalers.of(debt)
            return autoscaler is not None and self._sends(debt, lambda id_: acts.set_min_replicas(id_, autoscaler, replicas))
        deployment = self._deployment(debt, snapshot)
        return deployment is not None and self._sends(debt, lambda id_: acts.scale(id_, deployment, replicas))

    def _sends(self, debt: Raised, build: Callable[[int], Request]) -> bool:
        return self._outbox.send(_act_of(debt), build) is not None

    # Whether a pod may go

    def missing(self, situation: Situation) -> Callable[[Pod], str]:
        """What each pod still waits for before it may be evicted, as a function; "" for one that waits for nothing."""
        raised = {debt.pod: debt for debt in situation.journal.raised}
        return lambda pod: self._missing(pod, raised.get(pod.metadata.uid), situation)

    def _missing(self, pod: Pod, debt: Raised | None, situation: Situation) -> str:
        if debt is None:
            found = single(pod, situation.snapshot)
            if found is None or found.obstacle or found.deployment.metadata.uid in self._let_be:
                return ""
            namespace, name = pod.metadata.namespace, found.deployment.metadata.name
            if not self._autoscalers.known(namespace, situation.now_ms):
                return f"pod {pod.key} waits: whether an autoscaler scales its Deployment is being asked"
            autoscaler = self._autoscalers.scaling(namespace, name)
            if autoscaler is not None and (hindrance(autoscaler) or autoscaler.metadata.uid in self._let_be):
                return ""
            return f"pod {pod.key} waits: a second replica of Deployment {namespace}/{name} is being put on record"
        deployment = self._deployment(debt, situation.snapshot)
        if deployment is None or debt.uid in self._let_be:
            return ""
        what = f"pod {pod.key} waits: the second replica of Deployment {debt.namespace}/{debt.name}"
        if self._number(debt, situation.snapshot) != debt.raised:
            by = f" of HorizontalPodAutoscaler {debt.autoscaler}" if debt.autoscaler else ""
            return f"{what} is asked for{by}"
        seen = deployment.status.observed_generation >= deployment.metadata.generation
        return "" if seen and deployment.available >= debt.raised else f"{what} is not available yet"

    # What is done

    def bring(self, pods: Iterable[Pod], node: Node, situation: Situation) -> None:
        """Take the next step towards a second replica of each pod that misses one."""
        raised = {debt.pod: debt for debt in situation.journal.raised}
        for pod in pods:
            debt, namespace = raised.get(pod.metadata.uid), pod.metadata.namespace
            if debt is not None:
                self._raise(debt, situation.snapshot)
            elif not self._autoscalers.known(namespace, situation.now_ms):
                self._autoscalers.ask(namespace)
            elif (found := single(pod, situation.snapshot)) is not None:
                self._wanted[pod.metadata.uid] = self._owing(found.deployment, node, pod)

    def _owing(self, deployment: Workload, node: Node, pod: Pod) -> Raised:
        """The record of a second replica: of the Deployment itself, or of the autoscaler that scales it."""
        metadata, uid = deployment.metadata, pod.metadata.uid
        autoscaler = self._autoscalers.scaling(metadata.namespace, metadata.name)
        if autoscaler is None:
            return Raised(metadata.namespace, metadata.name, metadata.uid, node.name, uid, deployment.wanted)
        theirs, least = autoscaler.metadata, autoscaler.spec.min_replicas
        return Raised(metadata.namespace, metadata.name, theirs.uid, node.name, uid, least, theirs.name)

    def _raise(self, debt: Raised, snapshot: Snapshot) -> None:
        was_up = debt.pod in self._up and debt.pod not in self._lowered  # then somebody took it back: `settle` finds out
        theirs = was_up or debt.uid in self._let_be
        up = self._number(debt, snapshot) == debt.replicas and not theirs and self._write(debt, debt.raised, snapshot)
        if up:
            self._sent.add(debt.pod)

    def settle(self, situation: Situation) -> None:
        """Restore what need not be raised any more, and write down what is owed; also while nothing may be begun."""
        raised = situation.journal.raised
        for debt in raised:
            if debt.autoscaler and not self._autoscalers.known(debt.namespace, situation.now_ms, WATCH_EVERY_MS):
                self._autoscalers.ask(debt.namespace)  # nobody watches them
        kept = [debt for debt in raised if not self._is_over(debt, situation)]
        known = {debt.pod for debt in raised}
        added = [debt for pod, debt in self._wanted.items() if pod not in known]
        self._ours.update(debt.pod for debt in added)
        self._wanted.clear()
        if (*kept, *added) != raised:
            self._journal.want(raised_annotation((*kept, *added)))

    def _is_over(self, debt: Raised, situation: Situation) -> bool:
        """Whether nothing is owed to a Deployment any more; restores it where it is only too large still."""
        if debt.autoscaler and not self._autoscalers.known(debt.namespace, situation.now_ms):
            return False
        number = self._number(debt, situation.snapshot)
        if debt.uid in self._let_be or number not in (debt.replicas, debt.raised):
            return True  # it is gone, or somebody scales it: it is theirs
        is_up = number == debt.raised
        if is_up:
            self._up.add(debt.pod)
        if _is_needed(debt, situation):
            self._idle_ms.pop(debt.pod, None)
            return not is_up and self._was_taken_back(debt)
        if is_up:
            self._lowered.add(debt.pod)
            self._write(debt, debt.replicas, situation.snapshot)
            return False
        return self._has_landed(debt, situation.now_ms)

    def _was_taken_back(self, debt: Raised) -> bool:
        """Whether it was raised and is not any more, though we have not restored it: somebody else scales this Deployment."""
        if debt.pod not in self._up or not self._outbox.free(_act_of(debt)):
            return False
        self._up.discard(debt.pod)
        if debt.pod not in self._lowered:
            self._let_be.add(debt.uid)
            return True
        self._lowered.discard(debt.pod)
        return False

    def _has_landed(self, debt: Raised, now_ms: int) -> bool:
        """Whether no raise of this debt can be on its way any more: it came and was restored, was never sent, or is too old."""
        never = debt.pod in self._ours and debt.pod not in self._sent
        since_ms = self._idle_ms.setdefault(debt.pod, now_ms)
        seen_ms = self._autoscalers.told_ms(debt.namespace) if debt.autoscaler else now_ms
        return debt.pod in self._up or never or seen_ms >= since_ms + LATE_MS


class Autoscalers:
    """The HorizontalPodAutoscalers of the namespaces that were asked about: they are listed now and then, not watched."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._told: dict[str, tuple[int, dict[str, HorizontalPodAutoscaler]]] = {}

    def ask(self, namespace: str) -> None:
        """Have those of a namespace listed."""
        self._outbox.send(("autoscalers", namespace), partial(acts.list_autoscalers, namespace=namespace))

    def told(self, namespace: str, autoscalers: Iterable[object], now_ms: int) -> None:
        """Take a listing, as plain values. What we have written since it was asked for is newer."""
        _, before = self._told.get(namespace, (0, {}))
        listed = {one.metadata.uid: one for one in (msgspec.convert(one, HorizontalPodAutoscaler) for one in autoscalers)}
        kept = {uid: before[uid] if uid in before and newer(before[uid], one) else one for uid, one in listed.items()}
        self._told[namespace] = now_ms, kept

    def wrote(self, autoscaler: object) -> None:
        """Take the answer to a write, as plain values."""
        written = msgspec.convert(autoscaler, HorizontalPodAutoscaler)
        self._told.setdefault(written.metadata.namespace, (0, {}))[1][written.metadata.uid] = written

    def told_ms(self, namespace: str) -> int:
        """When a namespace was last listed, 0 for never."""
        return self._told.get(namespace, (0, {}))[0]

    def known(self, namespace: str, now_ms: int, every_ms: int = ASK_EVERY_MS) -> bool:
        """Whether those of a namespace were listed not long ago."""
        return namespace in self._told and now_ms < self.told_ms(namespace) + every_ms

    def scaling(self, namespace: str, deployment: str) -> HorizontalPodAutoscaler | None:
        """The autoscaler that scales a Deployment."""
        _, found = self._told.get(namespace, (0, {}))
        targets = ((one, one.spec.scale_target_ref) for one in found.values())
        return next((one for one, target in targets if (target.kind, target.name) == ("Deployment", deployment)), None)

    def of(self, debt: Raised) -> HorizontalPodAutoscaler | None:
        """The autoscaler of a debt, None where it is gone."""
        return self._told.get(debt.namespace, (0, {}))[1].get(debt.uid)


def _act_of(debt: Raised) -> Key:
    return ("minReplicas" if debt.autoscaler else "scale", debt.uid)


def _is_needed(debt: Raised, situation: Situation) -> bool:
    """Whether the pod is still there to be moved. One that ends is waited for: scaled down before, its successor might go."""
    pods = situation.snapshot.pods_on(debt.node)
    pod = next((pod for pod in pods if pod.metadata.uid == debt.pod), None)
    record = situation.records.get(debt.node)
    if pod is None or pod.terminating:
        return pod is not None and record is not None
    draining = record is not None and record.phase in (Phase.DRAINING, Phase.QUARANTINED)
    return draining and situation.acts_on(debt.node)
