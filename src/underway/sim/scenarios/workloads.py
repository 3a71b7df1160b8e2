"""Pods that do not want to go, budgets that forbid it, namespaces that end, gates and windows that close meanwhile."""

from collections import Counter
from functools import partial
from itertools import pairwise
from random import Random

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.faults import Interference
from underway.sim.scenario import App, Manifest
from underway.sim.scenarios.holds import finished, heard
from underway.sim.scenarios.play import AMID_S, Holds, Named, Run, Script, nothing
from underway.sim.store import Object

ATTEMPTS_A_MINUTE = 10  # of one pod: a back-off that grows to ten seconds, and what a change of the budget adds
SICK = App(name="sick", namespace="shop", replicas=3, budget={"maxUnavailable": 1}, cpu="200m")
ALWAYS_ALLOW: Manifest = {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
LENIENT = App(name="sick", namespace="shop", replicas=3, budget=ALWAYS_ALLOW, cpu="200m")
SINGLE = App(name="alone", namespace="shop", budget={"minAvailable": 1}, cpu="200m", rps=4, pre_stop_s=10)
SLOW = App(name="slow", namespace="shop", replicas=2, cpu="200m", pre_stop_s=110, hook="program", grace_s=200)
PROBE = "http://canary.example/healthz"
ENDED_S = 900  # when a person takes away what was in the way


def _annotated(app: App, **annotations: str) -> tuple[tuple[r.Resource, Manifest], ...]:
    """The application's manifests with annotations on its pods."""
    found = []
    for resource, manifest in app.deployment():
        if resource == r.DEPLOYMENTS:
            template = manifest["spec"]["template"]
            metadata = {**template["metadata"], "annotations": {**template["metadata"]["annotations"], **annotations}}
            manifest = {**manifest, "spec": {**manifest["spec"], "template": {**template, "metadata": metadata}}}
        found.append((resource, manifest))
    return tuple(found)


def _without_safe_to_evict(pod: Object) -> Object:
    given = pod["metadata"].get("annotations") or {}
    kept = {key: value for key, value in given.items() if "safe-to-evict" not in key}
    return {**pod, "metadata": {**pod["metadata"], "annotations": kept}}


def _free_the_pods(run: Run) -> None:
    """A person takes the annotation away, from the pods that there are then and later."""

    def free() -> None:
        for pod in run.world.store.ordered(r.PODS, "shop"):
            run.world.registry.mutate(r.PODS, "shop", pod["metadata"]["name"], _without_safe_to_evict)

    run.at(ENDED_S, lambda: run.every(20, 3_000, free))


def _unready(until_s: float) -> Script:
    """The pods of shop/sick fail their probes, also where they move to."""

    def sick(pod: Object) -> bool:
        return bool(pod["metadata"]["labels"].get("app") == "sick")

    def script(run: Run) -> None:
        run.sicken(sick)
        for pod in filter(sick, run.world.store.ordered(r.PODS, "shop")):
            run.world.kubelets.set_ready(pod, ready=False)
        run.at(until_s, partial(run.heal, "shop"))

    return script


def _end_the_namespace(run: Run) -> None:
    """Somebody deletes namespace data, and the controller that empties it is busy with others for ten minutes."""
    run.world.namespaces.backlog_ms = 600_000
    run.world.registry.delete(r.NAMESPACES, "", "data")


def _waited_and_went(run: Run) -> str:
    """The eviction was refused in the server's words, and everything in the namespace is gone."""
    if run.world.store.get(r.NAMESPACES, "", "data") is not None:
        return "namespace data is still there"
    return heard("unable to create new content in namespace data because it is being terminated")(run)


class Refusing:
    """A server that answers every eviction in namespace shop with 429, though its budgets show room. attempts: by pod, minute."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.attempts: Counter[tuple[str, int]] = Counter()

    def on_request(self, request: Request, _rng: Random, /) -> Interference | None:
        """Refuse, and count."""
        if request.subresource != "eviction" or request.namespace != "shop":
            return None
        attempt = (request.name, self._run.world.queue.now_ms() // 60_000)
        self.attempts[attempt] += 1
        if self.attempts[attempt] == ATTEMPTS_A_MINUTE + 1:
            self._run.wrong.append(f"pod shop/{request.name} was asked to go more than {ATTEMPTS_A_MINUTE} times in a minute")
        return Interference(refuse=429)


def _refuse_and_count(run: Run) -> None:
    refusing = Refusing(run)
    run.world.api.faults = (refusing,)

    def end() -> None:
        run.world.api.faults = ()
        if sum(refusing.attempts.values()) < ATTEMPTS_A_MINUTE:
            run.wrong.append(f"only {sum(refusing.attempts.values())} evictions were refused: the scenario shows nothing")

    run.at(480, end)


def _probe_fails(run: Run) -> None:
    """A health endpoint of the team's own breaks between two nodes, and is well again later."""
    codes = run.world.probes.codes
    codes[PROBE] = 200
    run.at(AMID_S, partial(codes.__setitem__, PROBE, 503))
    run.at(ENDED_S, partial(codes.__setitem__, PROBE, 200))


def _not_before(app: str, at_s: float) -> Holds:
    """No pod of the application was evicted before."""

    def holds(run: Run) -> str:
        early = [f for f in run.rehearsal.trace.facts if f.kind == "eviction" and f.subject.startswith(f"shop/{app}-")]
        early = [fact for fact in early if fact.at_ms < at_s * 1_000]
        return f"pod {early[0].subject} was evicted after {early[0].at_ms // 1_000} s" if early else ""

    return lambda run: holds(run) or heard("asks not to be disrupted")(run)


def _none_failed_for_it(run: Run) -> str:
    failed = [sample for sample in run.world.traffic.samples if sample.cause]
    return f"{len(failed)} requests failed, the first: {failed[0].cause}" if failed else ""


def _closed_amid(run: Run) -> str:
    """A drain that went back to Surging, which opens the node again."""
    phases: dict[str, list[str]] = {}
    for fact in run.rehearsal.trace.facts:
        if fact.kind == "phase":
            phases.setdefault(fact.subject, []).append(fact.text)
    closed = [node for node, seen in phases.items() if ("Draining", "Surging") in pairwise(seen)]
    return "" if closed else "no window closed while a node drained"


SCENARIOS = (
    Named(
        "do-not-disrupt-for-a-while",
        "karpenter#752, karpenter-provider-aws#6394",
        "pods ask to be left alone for six minutes from their start (karpenter.sh/do-not-disrupt: 6m): so long they are",
        nothing,
        _not_before("busy", 240),
        apps=_annotated(App(name="busy", namespace="shop", replicas=3, cpu="200m"), **{"karpenter.sh/do-not-disrupt": "6m"}),
    ),
    Named(
        "not-safe-to-evict",
        "karpenter-provider-aws#6764, cluster-autoscaler FAQ",
        "pods say safe-to-evict: false; their nodes are named and not begun, until somebody takes that away",
        _free_the_pods,
        heard("safe-to-evict"),
        apps=_annotated(
            App(name="busy", namespace="shop", replicas=2, cpu="200m"),
            **{"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
        ),
    ),
    Named(
        "unhealthy-pods-may-go",
        "kubernetes#72320, KEP-3017",
        "pods that are never Ready under a budget with AlwaysAllow: they hold nobody up",
        _unready(3_000),
        finished,
        {"health": []},
        apps=tuple(LENIENT.deployment()),
    ),
    Named(
        "unhealthy-pods-are-held",
        "kubernetes#80389, KEP-3017, cyclops --unhealthy-pod-termination-after",
        "pods that are not Ready under a budget of the default policy: the wait names the budget, nothing goes with grace 0",
        _unready(ENDED_S),
        heard("shop/sick"),
        {"health": []},
        apps=tuple(SICK.deployment()),
    ),
    Named(
        "namespace-terminating",
        "kubernetes#93947, kops#5988",
        "a namespace is being terminated: evictions in it are forbidden, the drain waits for its end",
        _end_the_namespace,
        _waited_and_went,
    ),
    Named(
        "refused-evictions-are-paced",
        "kops#18641, kured",
        "the server refuses evictions that looked possible, again and again: no tight loop",
        _refuse_and_count,
        finished,
    ),
    Named(
        "health-between-nodes",
        "system-upgrade-controller#169, kured#81",
        "a team's own health check fails between two nodes: no more are begun until it is well",
        _probe_fails,
        heard(PROBE),
        {"health": [{"gate": "http", "url": PROBE, "interval": "5s", "for": "5s", "onBreach": "Wait"}]},
    ),
    Named(
        "single-replica",
        "kubernetes#66811, karpenter#2985, kured#928",
        "a Deployment of one pod under live traffic gets a second one before it is evicted",
        nothing,
        _none_failed_for_it,
        {"drain": {"deregistration": "5s", "singleReplica": "Surge"}},
        apps=tuple(SINGLE.deployment()),
    ),
    Named(
        "window-closes-amid-the-drain",
        "kured timewindow, karpenter budgets in UTC only",
        "windows of two minutes in Europe/Berlin, on the night that has no two o'clock: they close amid drains",
        nothing,
        _closed_amid,
        {
            "pace": {
                "maxSurge": 1,
                "windows": [{"schedule": "0-59/20 1,3,4 * * *", "duration": "2m", "timeZone": "Europe/Berlin"}],
            }
        },
        apps=tuple(SLOW.deployment()),
        begins="2026-03-29T00:35:00Z",
    ),
)
