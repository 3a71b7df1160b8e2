"""Long work on a node that drains: pods that run to their end, and pods that ask not to be disrupted for a while.

Owns who is waited for and until when; after that a pod is evicted like any other. What asks never to be disrupted is no
matter of time: `policy.evictable` blocks it. Sources: Karpenter, "Disruption" (karpenter.sh/do-not-disrupt as a duration from
the pod's start; a value that cannot be read is ignored); Cluster Autoscaler FAQ (safe-to-evict).
"""

import msgspec

from underway.model import timestamp
from underway.model.duration import seconds
from underway.model.pod import Pod
from underway.model.selector import matches
from underway.policy.evictable import DO_NOT_DISRUPT, Rules


class Hold(msgspec.Struct, frozen=True):
    """Until when a pod is waited for at the latest, epoch milliseconds, and why."""

    until_ms: int
    reason: str


def hold(pod: Pod, rules: Rules, draining_ms: int) -> Hold | None:
    """How long the pod is waited for, over or not; None for those that are not. draining_ms: since when its node drains."""
    found = [
        Hold(draining_ms + wait.limit_ms, f"pod {pod.key} runs to its end")
        for wait in rules.waits
        if matches(wait.selector, pod.metadata.labels)
    ]
    asked_ms = _asked_ms(pod) if rules.honour_do_not_disrupt else None
    if asked_ms is not None:
        found.append(Hold(asked_ms, f"pod {pod.key} asks not to be disrupted ({DO_NOT_DISRUPT})"))
    return max(found, key=lambda one: one.until_ms, default=None)


def _asked_ms(pod: Pod) -> int | None:
    """When the duration that the pod asks for is over."""
    started = pod.status.start_time or pod.metadata.creation_timestamp
    try:
        length_s = seconds(pod.metadata.annotations.get(DO_NOT_DISRUPT, ""))
    except ValueError:
        return None
    return timestamp.parse(started) + round(length_s * timestamp.MILLISECONDS) if started else None
