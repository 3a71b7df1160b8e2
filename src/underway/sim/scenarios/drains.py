"""Drains, budgets, machines and freezes: the scenarios that most programs have met."""

from functools import partial

from underway.kube import resource as r
from underway.sim.faults import Queued
from underway.sim.scenario import App
from underway.sim.scenarios.holds import finished, heard
from underway.sim.scenarios.play import AMID_S, WEB, Named, Run, nothing

TRAINED = 2  # pods of the training


def _kills(run: Run) -> None:
    for at_s in (20, 52, 66, 74, 110, 131):
        run.at(at_s, run.rehearsal.kill)


def _freeze(run: Run) -> None:
    run.at(AMID_S, partial(run.rehearsal.freeze, "black friday"))
    run.at(AMID_S + 600, run.rehearsal.resume)


def _tighten(run: Run) -> None:
    run.at(40, lambda: run.change(r.POD_DISRUPTION_BUDGETS, "shop", "web", maxUnavailable=0))
    run.at(1_500, lambda: run.change(r.POD_DISRUPTION_BUDGETS, "shop", "web", maxUnavailable=1))


def _forbid(run: Run) -> None:
    run.change(r.POD_DISRUPTION_BUDGETS, "shop", "web", maxUnavailable=0)
    run.at(900, lambda: run.change(r.POD_DISRUPTION_BUDGETS, "shop", "web", maxUnavailable=1))


def _arrive_slowly(run: Run) -> None:
    """New pods that take a minute to start: bound to the node, still Pending when it drains."""

    def create() -> None:
        for resource, manifest in App(name="slow", namespace="shop", replicas=8, cpu="200m", start_s=60).deployment():
            run.world.registry.create(resource, manifest)

    run.at(30, create)


def _second_budget(run: Run) -> None:
    run.world.registry.create(
        r.POD_DISRUPTION_BUDGETS,
        {"metadata": {"name": "also", "namespace": "shop"}, "spec": {"maxUnavailable": 1, "selector": WEB.selector()}},
    )
    run.at(900, lambda: run.world.registry.delete(r.POD_DISRUPTION_BUDGETS, "shop", "also"))


def _use_up_the_quota(run: Run) -> None:
    trouble = run.world.machines.trouble
    trouble.quota = len(run.world.store.values(r.NODES))
    run.at(500, lambda: setattr(trouble, "quota", None))


def _fill_a_zone(run: Run) -> None:
    trouble = run.world.machines.trouble
    trouble.full_zones = frozenset({"zone-a"})
    run.at(400, lambda: setattr(trouble, "full_zones", frozenset()))


def _fail_a_boot(run: Run) -> None:
    run.world.machines.trouble.failing_boots = 1
    run.at(300, run.rehearsal.resume)


def _roll_out(run: Run) -> None:
    """Somebody deploys in the middle of it."""
    deployment = run.world.registry.get(r.DEPLOYMENTS, "shop", "web")
    template = {**deployment["spec"]["template"]}
    labels = {**template["metadata"]["labels"], "release": "2"}
    template["metadata"] = {**template["metadata"], "labels": labels}
    run.at(AMID_S, lambda: run.change(r.DEPLOYMENTS, "shop", "web", template=template))


def _move_under_an_eviction(run: Run) -> None:
    """Evictions wait in the server's queue; meanwhile a person deletes the pod, and its namesake starts on another node."""

    def delete() -> None:
        for node in run.in_phase("Draining"):
            for pod in run.world.store.ordered(r.PODS, "data"):
                if pod["spec"].get("nodeName") == node["metadata"]["name"]:
                    run.world.registry.delete(r.PODS, "data", pod["metadata"]["name"], grace_s=1)

    run.world.api.faults = (Queued(1.0, queued_ms_max=25_000),)
    run.every(4, 1_200, delete)
    run.at(1_200, lambda: setattr(run.world.api, "faults", ()))


def _no_request_failed(run: Run) -> str:
    failed = [sample for sample in run.world.traffic.samples if sample.cause]
    return f"{len(failed)} requests failed, the first: {failed[0].cause}" if failed else ""


def _each_moved_once(run: Run) -> str:
    counts: dict[str, int] = {}
    for fact in run.rehearsal.trace.facts:
        if fact.kind == "eviction" and fact.subject.startswith("shop/"):
            counts[fact.subject] = counts.get(fact.subject, 0) + 1
    moved = sum(counts.values())
    return "" if moved == WEB.replicas else f"{moved} evictions for {WEB.replicas} pods of shop/web"


def _training_completed(run: Run) -> str:
    succeeded = run.world.registry.get(r.JOBS, "shop", "training")["status"].get("succeeded", 0)
    started = [fact for fact in run.rehearsal.trace.facts if fact.kind == "eviction" and "training" in fact.subject]
    return "" if succeeded == TRAINED == len(started) else f"{succeeded} of {TRAINED} completions, {len(started)} evictions"


def _quarantined(run: Run) -> str:
    if "Quarantined" not in run.phases():
        return "the stuck node was not quarantined"
    return heard("PodDisruptionBudget shop/web")(run)


SCENARIOS = (
    Named(
        "stuck-drain",
        "kured#78, kops#2537, upgrade-manager#225",
        "a team sets maxUnavailable 0 amid a drain; half an hour later it gives way",
        _tighten,
        _quarantined,
        {"drain": {"deregistration": "5s", "timeout": "5m"}},
    ),
    Named(
        "never-allowing-budget",
        "Azure/AKS#2986, nodewright#541",
        "a budget never allows a disruption: nothing is begun where it would get stuck",
        _forbid,
        heard("shop/web"),
    ),
    Named(
        "two-budgets-on-one-pod",
        "kubernetes#75957, kubernetes#113891",
        "two budgets select one pod: the API refuses every eviction with 500",
        _second_budget,
        heard("more than one PodDisruptionBudget"),
    ),
    Named(
        "half-drained-nodes",
        "karpenter#2466, karpenter#2689",
        "three nodes drain at once and share a budget of one",
        nothing,
        _each_moved_once,
        {"pace": {"maxSurge": 3}},
        nodes=6,
    ),
    Named(
        "killed-again-and-again",
        "system-upgrade-controller#71",
        "SIGKILL six times, in every phase: no cordon is left, no machine is made twice",
        _kills,
        finished,
    ),
    Named(
        "global-freeze",
        "containers-roadmap#1531, karpenter#2497",
        "a person freezes it amid a drain and lets it go on ten minutes later",
        _freeze,
        heard("black friday"),
    ),
    Named(
        "load-balancers-first",
        "containers-roadmap#2748, aws-node-termination-handler#316",
        "live traffic: load balancers let go of a node before its pods go",
        nothing,
        _no_request_failed,
    ),
    Named(
        "long-job",
        "karpenter-provider-aws#6764",
        "training of seven minutes runs to its end on a cordoned node",
        nothing,
        _training_completed,
        {"drain": {"deregistration": "5s", "wait": [{"selector": {"matchLabels": {"app": "training"}}, "limit": "1h"}]}},
        apps=tuple(App(name="training", namespace="shop", replicas=TRAINED, cpu="200m").job(run_s=420)),
    ),
    Named(
        "pending-pods",
        "cyclops pkg/controller/pod.go",
        "pods bound to the node are still Pending when it drains: they count",
        _arrive_slowly,
        finished,
    ),
    Named(
        "quota-used-up",
        "upgrade-manager#124, Azure/AKS#799",
        "the account may have no more machines than it has; then the quota is raised",
        _use_up_the_quota,
        heard("VcpuLimitExceeded"),
    ),
    Named(
        "zone-without-capacity",
        "karpenter-provider-aws#8359",
        "one zone has no machine to give for a while",
        _fill_a_zone,
        finished,
    ),
    Named(
        "boot-fails",
        "cluster-api machine health checks",
        "a new machine stops during its boot: nothing was cordoned for it, and what is left of it is ended",
        _fail_a_boot,
        heard("cloud-init exited"),
    ),
    Named(
        "rollout-amid-the-drain",
        "kubernetes#48307",
        "somebody deploys shop/web while its pods are moved",
        _roll_out,
        finished,
    ),
    Named(
        "namesake-moved",
        "kubectl#1767, kubernetes#138555",
        "a StatefulSet's pod moves while its eviction waits: its namesake is left alone",
        _move_under_an_eviction,
        finished,
    ),
)
