"""Each gate on its own: when it is in breach, in which words, and when it does not know."""

from typing import Any

import msgspec
import pytest

from objects import OLD, budget, cluster, control_plane, etcd, node, pod
from underway.model import decode
from underway.rotate.effects import Answer, Ask, Question, Quota
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates import GATES, ingress_latency
from underway.rotate.gates.judgement import Evidence, Finding, Probe, Unknown

BY_NAME = {gate.name: gate for gate in GATES}
URL = "http://prometheus:9090"


def judged(name: str, evidence: Evidence, **asked: Any) -> Finding:
    return BY_NAME[name].judge(evidence, GateSpec(gate=name, **asked))


def answer(*values: float, code: int = 200, error: str = "", text: str = "", elapsed_ms: int = 5) -> Answer:
    ask = Ask(id=1, gate=0, part=0, question=Question("http"))
    return Answer(request=ask, code=code, values=values, error=error, text=text, elapsed_ms=elapsed_ms)


def answers(*found: Answer) -> Evidence:
    return Evidence(cluster(), answers=[[one] for one in found])


def pending(name: str) -> Any:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    status = {"phase": "Pending", "conditions": [condition]}
    bare = decode.from_values("Pod", {"metadata": {"name": name}, "status": status})
    return msgspec.structs.replace(pod(name, ""), status=bare.status)


def test_pending_pods_names_the_pods_that_find_no_node() -> None:
    snapshot = cluster(node("a"), pending("p"), pending("q"), pod("r", "a"))
    assert judged("pending-pods", Evidence(snapshot)) == "2 pods find no node, first: shop/p"
    assert judged("pending-pods", Evidence(snapshot, already_pending=frozenset({"uid-p"}))) == "pod shop/q finds no node"
    assert judged("pending-pods", Evidence(snapshot), threshold=2) == ""


def test_etcd_quorum_learns_from_readyz_and_from_the_members() -> None:
    control = [control_plane(name) for name in "abc"]
    well = cluster(*control, *(etcd(name) for name in "abc"))
    assert judged("etcd-quorum", Evidence(well)) == ""
    learner = cluster(*control, etcd("a"), etcd("b"), etcd("c", ready=False))
    assert judged("etcd-quorum", Evidence(learner)) == "member etcd-c of etcd does not vote yet"
    assert judged("etcd-quorum", Evidence(learner, arriving=frozenset({"c"}))) == ""
    assert judged("etcd-quorum", Evidence(cluster(*control, etcd("a"), etcd("b")))) == "no member of etcd runs on node c yet"
    failing = Probe(0, 500, 1, "[+]ping ok\n[-]etcd failed: reason withheld\n[-]etcd-readiness failed")
    assert judged("etcd-quorum", Evidence(well, probes=[failing])) == (
        "the API server says: etcd failed: reason withheld; etcd-readiness failed"
    )
    assert judged("etcd-quorum", Evidence(cluster(*control))) == "", "an etcd outside is not seen by its pods"


@pytest.mark.parametrize(
    ("kubelet", "server", "told"),
    [
        ("v1.37.2", "v1.37.0", ""),
        ("v1.34.9", "v1.37.0", ""),
        ("v1.38.0", "v1.37.5", "node a: kubelet v1.38.0 is newer than the API server v1.37.5: upgrade the control plane first"),
        ("v1.33.1", "v1.37.0", "node a: kubelet v1.33.1 is more than 3 minor versions older than the API server v1.37.0"),
    ],
)
def test_version_skew_follows_the_policy(kubelet: str, server: str, told: str) -> None:
    assert judged("version-skew", Evidence(cluster(node("a", kubelet)), server=server)) == told


def test_a_kubelet_that_was_upgraded_in_place_is_a_mismatch() -> None:
    evidence = Evidence(cluster(node("a", "v1.37.2")), server="v1.37.2", first_seen={"uid-a": OLD})
    assert judged("version-skew", evidence) == (
        "node a: it was upgraded in place from v1.36.4 to v1.37.2: a minor upgrade needs a new node"
    )
    assert judged("version-skew", Evidence(cluster())) == Unknown("the API server has not told its version", yet=True)


def test_volume_detach_names_what_is_left_of_a_node_that_is_gone() -> None:
    values = {"metadata": {"name": "csi-1"}, "spec": {"attacher": "x", "nodeName": "gone", "source": {}}}
    snapshot = cluster(node("a"), decode.from_values("VolumeAttachment", values))
    assert judged("volume-detach", Evidence(snapshot)) == "VolumeAttachment csi-1 still names node gone, which is gone"


def test_quota_passes_on_what_the_provider_says() -> None:
    evidence = Evidence(cluster(), refused=("VcpuLimitExceeded: 32 of 32", "no capacity in zone-a"))
    assert judged("quota", evidence) == "the machine provider says: VcpuLimitExceeded: 32 of 32, and 1 more"
    assert judged("quota", Evidence(cluster())) == ""


def test_quota_waits_where_one_machine_more_would_not_fit() -> None:
    full = Quota("vCPUs", used=62, limit=64, needs=4)
    assert judged("quota", Evidence(cluster(), quotas=(full,))) == "vCPUs: 62 of 64 are used, one machine more takes 4"
    assert judged("quota", Evidence(cluster(), quotas=(full, full))).endswith("takes 4, and 1 more")  # type: ignore[union-attr]
    assert judged("quota", Evidence(cluster(), quotas=(Quota("vCPUs", used=60, limit=64, needs=4),))) == ""


def test_what_our_own_surge_takes_is_not_held_against_it() -> None:
    full = Quota("instances", used=10, limit=10)
    assert judged("quota", Evidence(cluster(), quotas=(full,), extra=1)) == ""
    assert judged("quota", Evidence(cluster(), quotas=(full,), surges=False)) == "", "its predecessor goes first"
    beyond = Quota("instances", used=11, limit=10)
    assert judged("quota", Evidence(cluster(), quotas=(beyond,), surges=False)) != ""


def test_a_provider_that_cannot_be_asked_is_unknown_and_never_healthy() -> None:
    unknown = Unknown("AccessDeniedException: not authorized")
    assert judged("quota", Evidence(cluster(), quotas=unknown)) == unknown


def test_prometheus_compares_the_worst_sample_and_never_takes_silence_for_health() -> None:
    asked = {"prometheus": URL, "query": "up"}
    assert judged("prometheus", answers(answer(0.1, 0.4)), threshold=0.25, **asked) == "up is 0.4, limit 0.25"
    assert judged("prometheus", answers(answer(0.1)), threshold=0.25, **asked) == ""
    assert judged("prometheus", answers(answer()), threshold=0.25, **asked) == Unknown(f"up yields nothing at {URL}")
    assert judged("prometheus", answers(answer(error="refused")), **asked) == Unknown("refused")
    assert judged("prometheus", Evidence(cluster(), answers=[[]]), **asked) == Unknown("no answer yet", yet=True)
    assert judged("prometheus", answers(answer()), **asked) == "", "an alert's own query: no sample is no breach"
    assert judged("prometheus", answers(answer(3)), **asked) == "up yields 3"


def test_ingress_latency_compares_with_what_was_before() -> None:
    def at(*values: float, **asked: Any) -> Finding:
        evidence = msgspec.structs.replace(answers(*map(answer, values)), baseline=(0.02, 0.1, 0.2, 0.001))
        return judged("ingress-latency", evidence, prometheus=URL, **asked)

    assert at(0.03, 0.19, 0.39, 0.005) == ""
    assert at(0.03, 0.25, 0.3, 0.0) == "p95 is 250 ms, 100 ms before; limit is 2 times"
    assert at(0.03, 0.25, 0.3, 0.0, threshold=3.0) == ""
    assert at(0.02, 0.1, 0.2, 0.05) == "5.0% of the requests fail, 0.1% before"
    early = judged("ingress-latency", answers(*map(answer, (0.02, 0.1, 0.2, 0.0))), prometheus=URL)
    assert early == Unknown("the baseline is still being taken", yet=True)


def test_the_queries_of_ingress_latency_are_narrowed_by_match() -> None:
    queries = [question.query for question in ingress_latency.questions(GateSpec(gate="x", match='ingress="shop"'))]
    assert len(queries) == 4
    assert all('{ingress="shop"}' in query or 'status=~"5..",ingress="shop"' in query for query in queries)


def test_the_api_server_is_asked_of_by_prometheus_only_where_one_is_named() -> None:
    gate = BY_NAME["api-server"]
    assert gate.questions is not None
    assert gate.questions(GateSpec(gate="api-server")) == ()
    assert [one.url for one in gate.questions(GateSpec(gate="api-server", prometheus=URL))] == [URL, URL]

    def at(turned_away: Answer, taken: Answer) -> Finding:
        return judged("api-server", answers(turned_away, taken), prometheus=URL)

    assert at(answer(0.005), answer(0.6)) == ""
    assert at(answer(0.04), answer(0.6)) == "API server turns away 4.0% of all requests (429), limit 1%"
    assert at(answer(0.0), answer(0.97)) == "API server has 97% of a priority level's seats in flight, limit 90%"
    assert at(answer(0.0), answer()) == ""  # a server without priority and fairness has no seats
    unscraped = Unknown("Prometheus knows no apiserver_request_total: it does not scrape the API server")
    assert at(answer(), answer()) == unscraped
    assert at(answer(error="Prometheus cannot be asked"), answer(0.1)) == Unknown("Prometheus cannot be asked")
    assert at(answer(0.0), answer(error="Prometheus cannot be asked")) == Unknown("Prometheus cannot be asked")


def test_http_wants_its_status_and_its_time() -> None:
    asked = {"url": "http://shop/healthz"}
    assert judged("http", answers(answer(code=200)), **asked) == ""
    assert judged("http", answers(answer(code=503)), **asked) == "http://shop/healthz answers HTTP 503, expected 200"
    assert judged("http", answers(answer(elapsed_ms=90)), threshold=50, **asked) == (
        "http://shop/healthz answers in 90 ms, limit 50 ms"
    )
    assert isinstance(judged("http", answers(answer(code=0, error="refused")), **asked), Unknown)


def test_a_command_speaks_by_its_exit_code() -> None:
    asked = {"command": ("./check",)}
    assert judged("command", answers(answer(code=0)), **asked) == ""
    assert judged("command", answers(answer(code=3, text="queue is long")), **asked) == (
        "./check ended with exit code 3: queue is long"
    )


@pytest.mark.parametrize(
    "expression",
    [
        "nodes.filter(n, n.spec.unschedulable).size() == 0",
        "pods.filter(p, p.status.phase == 'Pending').size() < 3",
        "budgets.all(b, b.status.disruptionsAllowed > 0)",
        "budgets.all(b, b.spec.maxUnavailable == 1)",
        "workloads.all(w, w.kind != 'Deployment' || w.status.availableReplicas >= 1)",
        "leaving.size() + arriving.size() <= 2 && 'a' in leaving",
        "nodes.exists(n, quantity(n.status.allocatable[?'cpu'].orValue('4')).isGreaterThan(quantity('1')))",
    ],
)
def test_an_expression_sees_the_whole_picture(expression: str) -> None:
    web = decode.from_values("Deployment", {"metadata": {"name": "web", "namespace": "shop"}, "status": {"availableReplicas": 2}})
    evidence = Evidence(cluster(node("a"), pod("p", "a"), budget(), web), leaving=frozenset({"a"}), arriving=frozenset({"b"}))
    assert judged("expression", evidence, expression=expression) == ""


def test_an_expression_that_does_not_hold_is_a_breach_and_one_that_fails_is_not_known() -> None:
    evidence = Evidence(cluster(node("a")))
    assert judged("expression", evidence, expression="nodes.size() > 1") == "not nodes.size() > 1"
    failing = judged("expression", evidence, expression="nodes.all(n, n.metadata.labels['tier'] == 'x')")
    assert failing == Unknown("nodes.all(n, n.metadata.labels['tier'] == 'x') fails: no such key: tier")


def test_an_expression_that_would_take_too_long_is_not_known() -> None:
    evidence = Evidence(cluster(*(node(f"n{index}") for index in range(600))))
    endless = judged("expression", evidence, expression="nodes.all(a, nodes.all(b, a.metadata.name != b.metadata.name + 'x'))")
    assert isinstance(endless, Unknown)
    assert endless.reason.endswith("fails: operation cancelled: actual cost limit exceeded")
