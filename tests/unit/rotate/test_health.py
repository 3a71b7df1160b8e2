"""Gates over time."""

from itertools import count

from objects import cluster, node
from underway.model import decode
from underway.rotate import acts
from underway.rotate.effects import Answer
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Probe
from underway.rotate.health import Health, Verdict, git_version

GATES = (GateSpec(gate="nodes-ready"), GateSpec(gate="workloads-available"), GateSpec(gate="api-server", on_breach="Freeze"))


def workload(available: int, wanted: int = 4) -> object:
    values = {
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": wanted},
        "status": {"availableReplicas": available},
    }
    return decode.from_values("Deployment", values)


def test_all_is_well() -> None:
    verdict = Health(GATES).judge(Evidence(cluster(node("a"), workload(4))), 0)
    assert (verdict.wait, verdict.freeze) == ((), ())


def test_a_breach_has_to_last() -> None:
    health, sick = Health(GATES), Evidence(cluster(node("a", ready="False")))
    health.judge(Evidence(cluster(node("a"))), 0)
    first = health.judge(sick, 1_000)
    assert (first.wait, first.due_ms) == ((), 11_000)
    assert health.judge(sick, 11_000).wait[0].reason == "node a is not Ready (False: Test)"
    assert health.judge(Evidence(cluster(node("a"))), 12_000).wait == ()
    assert health.judge(sick, 13_000).wait == (), "it begins anew"


def test_trouble_that_was_there_before_is_not_ours() -> None:
    before = Evidence(cluster(node("a", ready="False"), workload(0)))
    health = Health(GATES)
    health.judge(before, 0)
    assert health.judge(before, 60_000).wait == ()
    well = Evidence(cluster(node("a"), workload(4)))
    health.judge(well, 61_000)
    health.judge(before, 62_000)
    assert len(health.judge(before, 200_000).wait) == 2, "once it was well, it counts"


def test_evictions_may_take_what_budgets_allow() -> None:
    health = Health(GATES)
    health.judge(Evidence(cluster(workload(4))), 0)
    health.judge(Evidence(cluster(workload(3))), 1_000)
    assert health.judge(Evidence(cluster(workload(3))), 90_000).wait == ()


def test_the_api_server_freezes_by_its_failing_check_and_by_its_slowness() -> None:
    health, evidence = Health(GATES), Evidence(cluster())
    assert health.probe_due(0)
    health.probed(Probe(0, 500, 10, "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed"))
    assert not health.probe_due(3_999)
    assert health.probe_due(4_000)
    health.judge(evidence, 0)
    assert health.judge(evidence, 10_000).freeze[0].reason == ("API server is not ready (HTTP 500): etcd failed: reason withheld")
    slow = Health(GATES)
    for at_ms in range(0, 30_000, 5_000):
        slow.probed(Probe(at_ms, 200, 2_500, "ok"))
    slow.judge(evidence, 27_500)
    assert slow.judge(evidence, 35_000).freeze[0].reason == "API server answers /readyz in 2500 ms, limit 1000 ms"


def test_a_breach_is_as_old_as_the_question_that_found_it_and_the_next_one_is_as_far_from_it() -> None:
    health, evidence = Health(GATES), Evidence(cluster())
    health.probed(Probe(0, 200, 900, "ok"))
    assert health.judge(evidence, 900).due_ms == 4_000
    health.probed(Probe(4_000, 500, 3_900, "[-]etcd failed"))
    health.judge(evidence, 7_900)
    assert [breach.since_ms for breach in health.judge(evidence, 14_000).freeze] == [4_000]


def test_an_answer_of_prometheus_that_comes_late_does_not_make_its_breach_younger() -> None:
    health, evidence = Health((PROMETHEUS,)), Evidence(cluster())
    (ask,) = health.asks(count(1), 0)
    health.answered(Answer(request=ask, values=(2.0,), elapsed_ms=9_000), 9_000)
    assert health.judge(evidence, 9_000) == Verdict(due_ms=10_000)
    assert [breach.since_ms for breach in health.judge(evidence, 10_000).freeze] == [0]
    assert health.asks(count(1), 14_999) == []
    assert len(health.asks(count(1), 15_000)) == 1


PROMETHEUS = GateSpec(
    gate="prometheus", prometheus="http://p", query="q", threshold=1.0, on_breach="Freeze", for_="10s", recovery="20s"
)


def told(health: Health, now_ms: int, *values: float, error: str = "") -> None:
    for ask in health.asks(count(1), now_ms):
        health.answered(Answer(request=ask, values=values, error=error), now_ms)


def test_a_gate_waits_until_its_first_answer() -> None:
    health, evidence = Health((PROMETHEUS,)), Evidence(cluster())
    assert [breach.reason for breach in health.judge(evidence, 0).wait] == ["not known: no answer yet"]
    told(health, 0, 0.5)
    assert health.judge(evidence, 1) == Verdict(due_ms=15_000), "when it asks again"


def test_a_prometheus_that_cannot_be_asked_is_unknown_which_waits_and_never_freezes() -> None:
    health, evidence = Health((PROMETHEUS,)), Evidence(cluster())
    told(health, 0, 0.5)
    told(health, 15_000, error="connection refused")
    assert health.judge(evidence, 15_000).wait == (), "for has to pass"
    verdict = health.judge(evidence, 25_000)
    assert [breach.reason for breach in verdict.wait] == ["not known: connection refused"]
    assert verdict.freeze == ()


def test_an_answer_that_never_comes_makes_the_last_one_old() -> None:
    health, evidence = Health((PROMETHEUS,)), Evidence(cluster())
    told(health, 0, 0.5)
    assert len(health.asks(count(1), 15_000)) == 1
    assert health.asks(count(1), 16_000) == [], "it is under way"
    assert health.judge(evidence, 45_000) == Verdict()
    health.judge(evidence, 46_000)
    assert [breach.reason for breach in health.judge(evidence, 56_000).wait] == ["not known: no answer for 56 s"]


def test_a_breach_ends_only_when_it_was_well_for_long_enough() -> None:
    health, evidence = Health((PROMETHEUS,)), Evidence(cluster())
    told(health, 0, 2.0)
    health.judge(evidence, 0)
    assert [breach.reason for breach in health.judge(evidence, 10_000).freeze] == ["q is 2, limit 1"]
    told(health, 15_000, 0.5)
    verdict = health.judge(evidence, 15_000)
    assert (verdict.freeze, verdict.due_ms) == ((), 30_000), "when it asks again"
    assert [breach.reason for breach in verdict.wait] == ["q is 2, limit 1 (well again, for too short)"]
    assert health.judge(evidence, 35_000) == Verdict()


def test_the_baseline_is_taken_once_and_handed_on() -> None:
    gate = GateSpec(gate="ingress-latency", prometheus="http://p")
    first, evidence = Health((gate,)), Evidence(cluster())
    told(first, 0, 0.1)
    told(first, 20_000, 0.15)
    assert first.baselines == {"0": (0.1, 0.1, 0.1, 0.1)}
    second = Health((gate,))
    second.restore(first.baselines)
    told(second, 30_000, 0.3)
    second.judge(evidence, 30_000)
    assert "p50 is 300 ms, 100 ms before" in second.judge(evidence, 60_000).wait[0].reason


def test_the_version_of_the_server_is_asked_only_where_a_gate_needs_it() -> None:
    assert not Health(GATES).version_due(0)
    health = Health((GateSpec(gate="version-skew"),))
    assert health.version_due(0)
    health.told_version(git_version('{"gitVersion": "v1.37.0"}'), 0)
    assert not health.version_due(59_999)
    assert health.judge(Evidence(cluster(node("a", "v1.38.0"))), 0).wait[0].reason.startswith("node a: kubelet v1.38.0 is newer")
    assert git_version("nonsense") == ""


def test_a_gate_that_takes_time_judges_once_in_an_interval() -> None:
    health = Health((GateSpec(gate="expression", expression="nodes.size() > 1", for_="0s", interval="2s", on_breach="Freeze"),))
    short, well = Evidence(cluster(node("a"))), Evidence(cluster(node("a"), node("b")))
    assert health.judge(short, 10_000).freeze[0].reason == "not nodes.size() > 1"
    assert health.judge(well, 11_900).freeze, "what was found a moment ago still stands"
    assert health.judge(well, 12_000).freeze == ()


def test_a_driver_made_anew_knows_an_old_node_that_was_upgraded_in_place() -> None:
    marked = acts.mark_outdated(1, node("a", "v1.36.4+k3s1")).body["spec"]["taints"]
    now = Evidence(cluster(node("a", "v1.37.2", taints=marked)))
    health = Health((GateSpec(gate="version-skew"),))
    health.told_version("v1.37.2", 0)
    (breach,) = health.judge(now, 0).wait
    assert breach.reason == "node a: it was upgraded in place from v1.36.4_k3s1 to v1.37.2: a minor upgrade needs a new node"
    fresh = Health((GateSpec(gate="version-skew"),))
    fresh.told_version("v1.37.2", 0)
    assert fresh.judge(Evidence(cluster(node("a", "v1.36.4", taints=marked))), 0).wait == ()
