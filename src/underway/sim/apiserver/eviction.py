"""The eviction subresource: what a PodDisruptionBudget allows, decided as the real server decides it.

Source: kubernetes pkg/registry/core/pod/storage/eviction.go (Create, checkAndDecrement), KEP-85, KEP-3017. Written from
the server's rules alone: it shares no arithmetic with `underway.policy`, so that a mistake there shows as a refusal here.
"""

import msgspec

from underway.kube.resource import POD_DISRUPTION_BUDGETS, PODS
from underway.model.meta import LabelSelector
from underway.model.selector import matches
from underway.sim.apiserver import status
from underway.sim.apiserver.registry import Registry
from underway.sim.store import Object

DISRUPTED_PODS_MAX = 2_000
STALE_RETRY_S = 10


def evict(registry: Registry, namespace: str, pod_name: str, eviction: Object) -> Object:
    """Evict one pod. Returns a Status of success; raises StatusError."""
    pod = registry.get(PODS, namespace, pod_name)
    options = eviction.get("deleteOptions") or {}
    dry_run = options.get("dryRun") == ["All"]
    wanted_uid = (options.get("preconditions") or {}).get("uid")
    if wanted_uid and wanted_uid != pod["metadata"]["uid"]:
        raise status.precondition_failed(PODS, pod_name, "UID", wanted_uid, pod["metadata"]["uid"])
    if not _ignores_budgets(pod):
        budgets = _budgets_of(registry, pod)
        if len(budgets) > 1:
            raise status.several_budgets()
        if budgets and not _unhealthy_may_go(pod, budgets[0]):
            _check_and_decrement(registry, budgets[0], pod_name, dry_run=dry_run)
    if not dry_run:
        registry.mutate(PODS, namespace, pod_name, lambda current: _targeted(current, registry.now()), "status")
    registry.delete_pod(namespace, pod_name, options, dry_run=dry_run)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _with_condition(status_now: Object, condition: Object) -> Object:
    others = [present for present in status_now.get("conditions") or () if present["type"] != condition["type"]]
    return {**status_now, "conditions": [*others, condition]}


def _targeted(pod: Object, now: str) -> Object:
    """The pod that says why it goes. Source: KEP-3329, addConditionAndDeletePod."""
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    return {**pod, "status": _with_condition(pod.get("status") or {}, {**condition, "lastTransitionTime": now})}


def _ignores_budgets(pod: Object) -> bool:
    phase = pod.get("status", {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or bool(pod["metadata"].get("deletionTimestamp"))


def _budgets_of(registry: Registry, pod: Object) -> list[Object]:
    labels = pod["metadata"].get("labels", {})
    found = []
    for budget in registry.store.ordered(POD_DISRUPTION_BUDGETS, pod["metadata"]["namespace"]):
        selector = budget["spec"].get("selector")
        # policy/v1: no selector matches no pod, an empty one every pod of the namespace.
        if selector is not None and matches(msgspec.convert(selector, LabelSelector), labels):
            found.append(budget)
    return found


def _unhealthy_may_go(pod: Object, budget: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    if any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions):
        return False
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    healthy, desired = budget["status"]["currentHealthy"], budget["status"]["desiredHealthy"]
    return bool(healthy >= desired > 0)


def _check_and_decrement(registry: Registry, budget: Object, pod_name: str, *, dry_run: bool) -> None:
    state, metadata = budget["status"], budget["metadata"]
    name = metadata["name"]
    if state.get("observedGeneration", 0) < metadata["generation"]:
        raise status.over_budget(f"The disruption budget {name} is still being processed by the server.", STALE_RETRY_S)
    if state["disruptionsAllowed"] < 0:
        raise status.forbidden(POD_DISRUPTION_BUDGETS, name, "pdb disruptions allowed is negative")
    disrupted = state.get("disruptedPods") or {}
    if len(disrupted) > DISRUPTED_PODS_MAX:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise status.forbidden(POD_DISRUPTION_BUDGETS, name, why)
    if state["disruptionsAllowed"] == 0:
        needs, has = state["desiredHealthy"], state["currentHealthy"]
        if has > needs:
            raise status.over_budget(f"The disruption budget {name} does not allow evicting pods currently")
        raise status.over_budget(f"The disruption budget {name} needs {needs} healthy pods and has {has} currently")
    if dry_run:
        return
    spent = {
        **state,
        "disruptionsAllowed": state["disruptionsAllowed"] - 1,
        "disruptedPods": {**disrupted, pod_name: registry.now()},
    }
    if spent["disruptionsAllowed"] == 0:
        spent = _with_condition(spent, _exhausted(budget, registry.now()))
    registry.store.replace(POD_DISRUPTION_BUDGETS, {**budget, "status": spent})


def _exhausted(budget: Object, now: str) -> Object:
    """The condition of a budget that allows no more. Source: component-helpers apps/poddisruptionbudget."""
    found = {one["type"]: one for one in budget["status"].get("conditions") or ()}.get("DisruptionAllowed", {})
    return {
        "type": "DisruptionAllowed",
        "status": "False",
        "reason": "InsufficientPods",
        "message": "",
        "lastTransitionTime": found["lastTransitionTime"] if found.get("status") == "False" else now,
        "observedGeneration": budget["metadata"]["generation"],
    }
