"""DeadlineDelete, the last rung of the ladder for whoever asks for it: a pod that nothing but its budget keeps is deleted.

    chosen (written on the node) -> deleted (UID, its own grace period) -> 5 minutes -> the next

Owns pace and memory; whether a pod may go at all is `policy.overdue`'s. The choice is written down before its deletion is sent,
so that a driver made anew knows when this node last lost a pod; it looks at the cluster for QUIET_MS before it deletes anything,
since what it reads first may be old. Source of the pace: Zalando's cluster-lifecycle-manager, one pod in 5 minutes a node.
"""

from collections.abc import Callable, Mapping

import msgspec

from underway.model.node import Node
from underway.model.pod import Pod
from underway.policy.overdue import not_yet
from underway.rotate import acts, guard
from underway.rotate.drain import Drain, Waiting
from underway.rotate.outbox import Outbox
from underway.rotate.record import Record
from underway.rotate.situation import Situation

EVERY_MS = 300_000
CHOICE_MS = 60_000  # a choice that was not carried out by then is not carried out any more
QUIET_MS = 300_000


class Deadline:
    """The deletions of one driver. Memory: since when it has looked at the cluster, and when it last chose a pod."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._looked_ms: int | None = None
        self._chosen_ms = 0

    def round(
        self, node: Node, record: Record, left: Drain, situation: Situation, grace_s: Callable[[Pod, Node], int | None]
    ) -> None:
        """Delete the pod that was chosen on a node past its deadline, or choose the next; one at a time in the rotation."""
        now_ms = situation.now_ms
        self._looked_ms = now_ms if self._looked_ms is None else self._looked_ms
        if now_ms < self._looked_ms + QUIET_MS:
            return
        kept = {wait.pod for wait in left.waiting if wait.budget}
        pods = [pod for pod in situation.snapshot.pods_on(node.name) if pod.key in kept]
        ready = [pod for pod in pods if not not_yet(pod, situation.snapshot, now_ms)]
        chosen = next((pod for pod in ready if pod.metadata.uid == record.forced), None)
        if chosen is not None and now_ms < record.forced_ms + CHOICE_MS:
            self._delete(chosen, node, record, grace_s(chosen, node), now_ms)
        elif ready and now_ms >= record.forced_ms + EVERY_MS and now_ms >= self._chosen_ms + CHOICE_MS:
            self._choose(ready[0], node, record, now_ms)

    def _choose(self, pod: Pod, node: Node, record: Record, now_ms: int) -> None:
        written = msgspec.structs.replace(record, forced_ms=now_ms, forced=pod.metadata.uid)
        sent = self._outbox.send(("record", node.metadata.uid), lambda id_: acts.write_record(id_, node, written, closed=None))
        if sent is not None:
            self._chosen_ms = now_ms

    def _delete(self, pod: Pod, node: Node, record: Record, grace_s: int | None, now_ms: int) -> None:
        guard.before_deadline_delete(pod, node, record, now_ms)
        self._outbox.send(("deadline-delete", pod.metadata.uid), lambda id_: acts.delete_pod(id_, pod, grace_s))


def explained(waits: tuple[Waiting, ...], pods: Mapping[str, Pod], situation: Situation) -> tuple[Waiting, ...]:
    """The waits of a drain past its deadline, each with why its pod may not be deleted yet. pods: by key."""

    def said(wait: Waiting) -> Waiting:
        if wait.pod not in pods:
            return wait
        why = not_yet(pods[wait.pod], situation.snapshot, situation.now_ms) if wait.budget else "no budget alone keeps it"
        return msgspec.structs.replace(wait, reason=f"{wait.reason}; not deleted past the deadline: {why}") if why else wait

    return tuple(map(said, waits))
