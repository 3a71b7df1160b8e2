"""Conversations about the eviction subresource: what budgets allow, refuse and spend."""

from typing import Any

from parity.conversation import CORE, POLICY, Step, budget, counted, delete, eviction, get, merge, pod, post, ready, talk

PODS = f"{CORE}/pods"
BUDGETS = f"{POLICY}/poddisruptionbudgets"
RUNNING = (post(PODS, pod("web", node="n1")), merge(f"{PODS}/web/status", ready()))
UNREADY = (post(PODS, pod("web", node="n1")), merge(f"{PODS}/web/status", ready(is_ready=False)))


def evict(**options: Any) -> Step:
    """Evict the pod."""
    return post(f"{PODS}/web/eviction", eviction("web", **options))


def guarded(allowed: int, healthy: int, desired: int, **spec: Any) -> tuple[Step, Step]:
    """A budget and its count."""
    return post(BUDGETS, budget("web", **spec)), merge(f"{BUDGETS}/web/status", counted(allowed, healthy, desired))


def chosen(selector: Any) -> tuple[Step, Step]:
    """A budget of a selector of its own, which allows nothing."""
    spec = {"minAvailable": 1} | ({} if selector is None else {"selector": selector})
    return post(BUDGETS, {**budget("web"), "spec": spec}), merge(f"{BUDGETS}/web/status", counted(0, 1, 1))


CONVERSATIONS = (
    talk("evict-without-a-budget", *RUNNING, evict(), get(f"{PODS}/web")),
    talk("evict-what-is-not-there", evict()),
    talk("evict-allowed", *RUNNING, *guarded(1, 2, 1), evict(), get(f"{BUDGETS}/web"), get(f"{PODS}/web")),
    talk("evict-refused", *RUNNING, *guarded(0, 1, 1), evict(), get(f"{BUDGETS}/web"), get(f"{PODS}/web")),
    talk(
        "evict-spends-the-last",
        post(PODS, pod("other", node="n1")),
        merge(f"{PODS}/other/status", ready()),
        *RUNNING,
        *guarded(1, 2, 1),
        evict(),
        post(f"{PODS}/other/eviction", eviction("other")),
        get(f"{BUDGETS}/web"),
    ),
    talk("evict-dry-run", *RUNNING, *guarded(1, 2, 1), evict(dryRun=["All"]), get(f"{BUDGETS}/web"), get(f"{PODS}/web")),
    talk("evict-dry-run-refused", *RUNNING, *guarded(0, 1, 1), evict(dryRun=["All"])),
    talk(
        "evict-dry-run-by-query",
        *RUNNING,
        *guarded(1, 2, 1),
        evict().asking(dryRun="All"),
        get(f"{BUDGETS}/web"),
        get(f"{PODS}/web"),
    ),
    talk("evict-uncounted", *RUNNING, post(BUDGETS, budget("web")), evict()),
    talk(
        "evict-after-the-budget-changed",
        *RUNNING,
        *guarded(1, 2, 1),
        merge(f"{BUDGETS}/web", {"spec": {"minAvailable": 2}}),
        evict(),
    ),
    talk("evict-under-two-budgets", *RUNNING, *guarded(1, 2, 1), post(BUDGETS, budget("more")), evict()),
    *(
        talk(f"evict-under-a-budget-that-{name}", *RUNNING, *chosen(selector), evict(), get(f"{BUDGETS}/web"))
        for name, selector in (
            ("names-nothing", None),
            ("selects-everything", {}),
            ("selects-by-expression", {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "shop"]}]}),
            ("excludes-by-expression", {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}),
            ("wants-a-label-that-is-there", {"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
            ("wants-a-label-to-be-absent", {"matchExpressions": [{"key": "canary", "operator": "DoesNotExist"}]}),
            ("wants-both", {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "canary", "operator": "Exists"}]}),
        )
    ),
    talk(
        "budget-with-bad-expressions",
        *(
            post(BUDGETS, {**budget(f"bad-{index}"), "spec": {"minAvailable": 1, "selector": {"matchExpressions": [wrong]}}})
            for index, wrong in enumerate(
                (
                    {"key": "app", "operator": "Like", "values": ["web"]},
                    {"key": "app", "operator": "In"},
                    {"key": "app", "operator": "Exists", "values": ["web"]},
                )
            )
        ),
    ),
    talk("evict-with-another-uid", *RUNNING, evict(preconditions={"uid": "00000000-0000-4000-8000-000000000000"})),
    talk(
        "evict-with-the-uid",
        RUNNING[0].keeping(uid="metadata.uid"),
        RUNNING[1],
        *guarded(1, 2, 1),
        evict(preconditions={"uid": "$uid"}),
        get(f"{PODS}/web"),
    ),
    talk("evict-with-a-grace-period", *RUNNING, evict(gracePeriodSeconds=5), get(f"{PODS}/web")),
    talk("evict-pending", post(PODS, pod("web")), *guarded(0, 1, 1), evict(), get(f"{PODS}/web")),
    talk(
        "evict-finished",
        post(PODS, pod("web", node="n1", restartPolicy="Never")),
        merge(f"{PODS}/web/status", ready("Failed", is_ready=False)),
        *guarded(0, 1, 1),
        evict(),
        get(f"{PODS}/web"),
    ),
    talk("evict-unready-of-an-unhealthy-application", *UNREADY, *guarded(0, 0, 1), evict()),
    talk("evict-unready-of-a-healthy-application", *UNREADY, *guarded(0, 1, 1), evict(), get(f"{BUDGETS}/web")),
    talk(
        "evict-unready-always",
        *UNREADY,
        *guarded(0, 0, 1, minAvailable=1, unhealthyPodEvictionPolicy="AlwaysAllow"),
        evict(),
        get(f"{BUDGETS}/web"),
    ),
    talk("evict-twice", *RUNNING, *guarded(1, 2, 1), evict(), evict(), get(f"{BUDGETS}/web")),
    talk(
        "evict-under-a-budget-that-selects-nothing",
        *RUNNING,
        post(BUDGETS, budget("web", {"app": "other"})),
        evict(),
    ),
    talk(
        "evict-under-a-name-that-differs",
        *RUNNING,
        post(f"{PODS}/web/eviction", eviction("other")),
        delete(f"{PODS}/web", {"gracePeriodSeconds": 0}),
    ),
)
