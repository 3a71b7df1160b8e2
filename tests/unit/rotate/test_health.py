"""Gates over time."""

from objects import cluster, node
from underway.model import decode
from underway.rotate.gates.judgement import Evidence, Probe
from underway.rotate.health import Health
from underway.rotate.spec import Gate

GATES = (Gate(gate="nodes-ready"), Gate(gate="workloads-available"), Gate(gate="api-server", on_breach="Freeze"))


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
    assert not health.probe_due(4_999)
    health.judge(evidence, 0)
    assert health.judge(evidence, 10_000).freeze[0].reason == ("API server is not ready (HTTP 500): etcd failed: reason withheld")
    slow = Health(GATES)
    for at_ms in range(0, 30_000, 5_000):
        slow.probed(Probe(at_ms, 200, 2_500, "ok"))
    slow.judge(evidence, 0)
    assert slow.judge(evidence, 10_000).freeze[0].reason == "API server answers /readyz in 2500 ms, limit 1000 ms"
