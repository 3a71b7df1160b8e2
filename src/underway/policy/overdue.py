"""When a pod may be deleted although its PodDisruptionBudget refuses: the one rule that this project knows for it.

Owns the rule and its figures. Source: Zalando's cluster-lifecycle-manager, config.go and pkg/updatestrategy/drain.go: the pod is
at least 72 hours old, its healthy siblings are at least an hour, the unhealthy ones at least six. What changes is left alone: an
application that is rolled out, scaled or on the mend gets its time. Stricter than there: it counts since when a sibling has been
healthy or not, no sibling may be missing or on its way out, and a budget must be up to date.
"""

from underway.model import timestamp
from underway.model.disruption import PodDisruptionBudget
from underway.model.pod import Pod
from underway.model.snapshot import Snapshot
from underway.policy.budget import is_stale
from underway.policy.evictable import bypasses_budget

HOUR_MS = 3_600_000
POD_AGE_MS = 72 * HOUR_MS
HEALTHY_MS = HOUR_MS
UNHEALTHY_MS = 6 * HOUR_MS


def not_yet(pod: Pod, snapshot: Snapshot, now_ms: int) -> str:
    """Why the pod may not be deleted now, or "" if it may. It has to be kept by budgets alone, which is not asked here."""
    if age_ms(pod, now_ms) < POD_AGE_MS:
        return f"it is {age_ms(pod, now_ms) // HOUR_MS} h old, less than {POD_AGE_MS // HOUR_MS} h"
    budgets = [budget for budget in snapshot.budgets_of(pod) if not bypasses_budget(pod, budget)]
    return next((reason for budget in budgets if (reason := _unsettled(pod, budget, snapshot, now_ms))), "")


def age_ms(pod: Pod, now_ms: int) -> int:
    """How long ago the pod was created, in milliseconds; 0 if that is not written down."""
    created = pod.metadata.creation_timestamp
    return now_ms - timestamp.parse(created) if created else 0


def _unsettled(pod: Pod, budget: PodDisruptionBudget, snapshot: Snapshot, now_ms: int) -> str:
    """What has changed of late among the pods of a budget, or ""."""
    if is_stale(budget):
        return f"PodDisruptionBudget {budget.key} was changed a moment ago"
    siblings = [one for one in snapshot.pods_of(budget) if one.metadata.uid != pod.metadata.uid]
    if len(siblings) + 1 < budget.status.expected_pods:
        return f"{budget.status.expected_pods - len(siblings) - 1} of its siblings are missing"
    for sibling in siblings:
        if sibling.terminating:
            return f"its sibling {sibling.key} is terminating"
        state, least_ms = ("healthy", HEALTHY_MS) if sibling.ready else ("unhealthy", UNHEALTHY_MS)
        lasts_ms = _since_ms(sibling, now_ms)
        if lasts_ms < least_ms:
            return f"its sibling {sibling.key} has been {state} for {lasts_ms // 60_000} min, less than {least_ms // 60_000} min"
    return ""


def _since_ms(pod: Pod, now_ms: int) -> int:
    """For how long the pod has been Ready, or not, in milliseconds; 0 if that is not written down."""
    ready = next((condition for condition in pod.status.conditions if condition.type == "Ready"), None)
    if ready is None:
        return age_ms(pod, now_ms)
    return now_ms - timestamp.parse(ready.last_transition_time) if ready.last_transition_time else 0
