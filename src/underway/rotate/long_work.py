"""Long work on a node that drains: pods that run to their end, that are asked to save their work first, or that ask to be left
alone for a while.

Owns who is waited for and until when; after that a pod is evicted like any other. A checkpoint is a conversation by annotations:
the driver writes when it asks, and the pod, or what watches over it, copies that into its answer once the work is saved; so an
answer belongs to one question, and no two clocks have to agree. What asks never to be disrupted is no matter of time:
`policy.evictable` blocks it. Sources: Karpenter, "Disruption" (karpenter.sh/do-not-disrupt as a duration from the pod's start; a
value that cannot be read is ignored); Cluster Autoscaler FAQ (safe-to-evict).
"""

import msgspec

from underway.model import timestamp
from underway.model.duration import seconds
from underway.model.pod import Pod
from underway.model.selector import matches
from underway.policy.evictable import DO_NOT_DISRUPT, Rules, Wait

CHECKPOINT_REQUESTED = "underway.dev/checkpoint-requested"
CHECKPOINT_DONE = "underway.dev/checkpoint-done"


class Hold(msgspec.Struct, frozen=True):
    """Until when a pod is waited for at the latest, epoch milliseconds, and why. ask: whether to ask it for a checkpoint now."""

    until_ms: int
    reason: str
    ask: bool = False


def hold(pod: Pod, rules: Rules, draining_ms: int) -> Hold | None:
    """How long the pod is waited for, over or not; None for those that are not. draining_ms: since when its node drains."""
    found = [
        _checkpoint(pod, wait, draining_ms)
        if wait.checkpoint
        else Hold(draining_ms + wait.limit_ms, f"pod {pod.key} runs to its end")
        for wait in rules.waits
        if matches(wait.selector, pod.metadata.labels)
    ]
    asked_ms = _asked_ms(pod) if rules.honour_do_not_disrupt else None
    if asked_ms is not None:
        found.append(Hold(asked_ms, f"pod {pod.key} asks not to be disrupted ({DO_NOT_DISRUPT})"))
    return max(found, key=lambda one: one.until_ms, default=None)


def _checkpoint(pod: Pod, wait: Wait, draining_ms: int) -> Hold:
    """A pod that is asked to save its work. A question from before this drain is void: work has been done since."""
    requested = pod.metadata.annotations.get(CHECKPOINT_REQUESTED, "")
    try:
        current = timestamp.parse(requested) >= draining_ms
    except ValueError:
        current = False
    if current and pod.metadata.annotations.get(CHECKPOINT_DONE) == requested:
        return Hold(draining_ms, f"pod {pod.key} has saved its work")
    return Hold(draining_ms + wait.limit_ms, f"pod {pod.key} is asked to save its work ({CHECKPOINT_REQUESTED})", ask=not current)


def ignored(pod: Pod) -> str:
    """What is said of an annotation that asks for something that cannot be read, "" where all can."""
    value = pod.metadata.annotations.get(DO_NOT_DISRUPT)
    if value is None or value in ("true", "false"):
        return ""
    try:
        seconds(value)
    except ValueError:
        return f"pod {pod.key} has {DO_NOT_DISRUPT}: {value!r}, neither true nor a duration such as 4h: it is ignored"
    return ""


def _asked_ms(pod: Pod) -> int | None:
    """When the duration that the pod asks for is over."""
    started = pod.status.start_time or pod.metadata.creation_timestamp
    try:
        length_s = seconds(pod.metadata.annotations.get(DO_NOT_DISRUPT, ""))
    except ValueError:
        return None
    return timestamp.parse(started) + round(length_s * timestamp.MILLISECONDS) if started else None
