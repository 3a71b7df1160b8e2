"""Evictions in a dry run: who is asked about, and what an answer makes of a finding."""

from typing import Any

import pytest

from linting import findings
from underway.lint import Picture, picture_of
from underway.lint.finding import Evidence, Severity
from underway.lint.trials import PODS_MAX, Trial, worth_trying

OWNER = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "web", "controller": True}


def pod(name: str, *, ready: bool = True, **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": name, "labels": {"app": "web", **labels}, "ownerReferences": [OWNER]}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}, "status": status}


def budget(name: str = "web", label: str = "app", value: str = "web", allowed: int = 0, healthy: int = 2) -> dict[str, Any]:
    status = {"disruptionsAllowed": allowed, "expectedPods": 3, "currentHealthy": healthy, "desiredHealthy": 2}
    spec = {"minAvailable": 2, "selector": {"matchLabels": {label: value}}}
    metadata = {"name": name, "namespace": "shop", "uid": name}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec, "status": status}


def seen(*values: dict[str, Any], **trials: Trial) -> Picture:
    keyed = {("Pod", "shop", name.replace("_", "-")): trial for name, trial in trials.items()}
    return Picture(picture_of(values).objects, server_version="v1.36.3", trials=keyed)


def names(*values: dict[str, Any]) -> list[str]:
    return [one.name for one in worth_trying(seen(*values))]


def test_one_pod_that_is_ready_and_one_that_is_not_are_asked_about_where_a_budget_blocks() -> None:
    pods = (pod("web-0"), pod("web-1"), pod("web-2", ready=False), pod("web-3", ready=False))
    assert names(*pods, budget()) == ["web-0", "web-2"]
    assert names(*pods, budget(allowed=1)) == []


def test_unhealthy_pods_that_may_always_go_are_not_asked_about() -> None:
    lenient = budget()
    lenient["spec"]["unhealthyPodEvictionPolicy"] = "AlwaysAllow"
    assert names(pod("web-0", ready=False), lenient) == []


def test_a_workload_under_two_budgets_is_asked_about_once() -> None:
    both = (budget(allowed=1), budget("more", allowed=1))
    assert names(pod("web-0"), pod("web-1"), *both) == ["web-1"]  # the newest, or the last by name


def test_what_one_run_asks_is_bounded() -> None:
    many = [pod(f"p{index}", tier=f"t{index}") for index in range(PODS_MAX + 9)]
    budgets = [budget(f"b{index}", "tier", f"t{index}") for index in range(PODS_MAX + 9)]
    assert len(names(*many, *budgets)) == PODS_MAX


@pytest.mark.parametrize(
    ("refused", "severity", "ending"),
    [
        (True, Severity.ERROR, "; a dry run of evicting web-0 was refused: it needs 2 and has 2"),
        (False, Severity.INFO, "; yet a dry run of evicting web-0 was allowed just now"),
    ],
)
def test_a_budget_that_blocks_now_is_proven_or_not_so_bad(refused: bool, severity: Severity, ending: str) -> None:
    trial = Trial("web-0", refused, "it needs 2 and has 2" if refused else "")
    (finding,) = findings("pdb-blocks-drain", seen(pod("web-0"), budget(), web_0=trial))
    assert (finding.severity, finding.evidence) == (severity, Evidence.PROVEN)
    assert finding.message.endswith(ending)


def test_without_a_trial_nothing_is_proven() -> None:
    (finding,) = findings("pdb-blocks-drain", seen(pod("web-0"), budget()))
    assert (finding.severity, finding.evidence) == (Severity.WARNING, Evidence.OBSERVED)


def test_the_unhealthy_pod_speaks_for_the_rule_about_unhealthy_pods() -> None:
    trials = {"web_0": Trial("web-0", refused=False), "web_1": Trial("web-1", refused=True, why="it needs 2 and has 1")}
    (finding,) = findings("unhealthy-pods-held", seen(pod("web-0"), pod("web-1", ready=False), budget(healthy=1), **trials))
    assert finding.message.endswith("a dry run of evicting web-1 was refused: it needs 2 and has 1")


def test_two_budgets_are_proven() -> None:
    trial = Trial("web-0", refused=True, why="This pod has more than one PodDisruptionBudget")
    (finding,) = findings("several-budgets", seen(pod("web-0"), budget(allowed=1), budget("more", allowed=1), web_0=trial))
    assert finding.evidence is Evidence.PROVEN
