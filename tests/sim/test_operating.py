"""Two replicas of the operator in the embedded world: leaders killed and stopped, specifications edited, nodes that drift."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest

from underway.kube import resource as r
from underway.kube.request import Request
from underway.rotate.freezes import Frozen, by_a_fleet, order_annotation
from underway.rotate.kinds.definitions import ROTATIONS
from underway.rotate.operator.roster import FINALIZER
from underway.rotate.spec import RotationMetadata, Target
from underway.rotate.status import Status
from underway.sim import swarm
from underway.sim.apiserver.access import Attributes
from underway.sim.faults import Fault, Interference
from underway.sim.operating import Operating
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

HOUR_MS = 3_600_000


def operating(seed: int, *, faults: bool = False, **spec: Any) -> Operating:
    scenario = random_scenario(seed)
    if not faults:
        # What a test tells of must not depend on what the seed draws.
        plain = {"pace": {"maxSurge": 1, "perZone": True}, "drain": {"deregistration": "3s"}}
        scenario = msgspec.structs.replace(scenario, rotation={**plain, **spec})
    world = World(scenario, seed)
    world.start()
    run = Operating(world, swarm.rotation_of(scenario), time_limit_s=swarm.TIME_LIMIT_S)
    run.operate(swarm.options(seed).faults if faults else ())
    return run


def later(run: Operating, seconds: float) -> None:
    run.world.queue.run_until(run.world.queue.now_ms() + round(seconds * 1_000))


def conditions(run: Operating) -> dict[str, str]:
    return {one["type"]: one["status"] for one in run.object()["status"]["conditions"]}


def reasons(run: Operating) -> list[str]:
    events = [event for event in run.world.store.values(r.EVENTS) if event["involvedObject"]["kind"] == "Rotation"]
    return [event["reason"] for event in sorted(events, key=lambda event: int(event["metadata"]["resourceVersion"]))]


@pytest.mark.parametrize("seed", range(8))
def test_leaders_come_and_go_and_no_invariant_breaks(seed: int) -> None:
    run = operating(seed, faults=True)
    dice = Random(seed)
    for _ in range(dice.randint(1, 4)):
        run.at(dice.uniform(1, 300), dice.choice((run.kill, run.stop_leader)))
    run.at(swarm.FAULTY_S, run.heal)
    for minutes in (6, 10, 20, 40):
        run.at(minutes * 60, run.resume)
    outcome = run.run()
    assert outcome.broken == ()
    assert outcome.state == "Finished"
    assert len(run.leaders()) == 1
    assert [pump.driver.hands for pump in run.pumps if any(hand.violation for hand in pump.driver.hands.values())] == []


def test_the_status_says_how_it_stands() -> None:
    run = operating(3)
    later(run, 60)
    status = run.object()["status"]
    assert status["observedGeneration"] == 1
    assert conditions(run) == {
        "Progressing": "True",
        "Healthy": "True",
        "Frozen": "False",
        "Blocked": "False",
        "Finished": "False",
    }
    assert status["nodes"]["inHand"] == len(status["inFlight"]) == 3
    assert status["bound"]["seconds"] > 0
    assert status["predictedFinish"] > status["startedAt"]
    assert run.run().broken == ()
    later(run, 2)
    assert conditions(run)["Finished"] == "True"
    assert run.object()["status"]["finishedAt"]
    assert reasons(run).count("NodeReplaced") == len(run.world.scenario.nodes)
    assert "Finished" in reasons(run)


def test_a_finished_rotation_watches_and_begins_again_when_a_node_drifts() -> None:
    run = operating(3)
    run.run()
    writes = len([request for request in run.requests if request.verb not in ("get", "list", "watch")])
    later(run, 600)
    idle = [request for request in run.requests if request.verb not in ("get", "list", "watch")][writes:]
    assert {request.resource.plural for request in idle if request.resource} == {"leases"}, "only the lead is renewed"
    name = next(node["metadata"]["name"] for node in run.world.store.values(r.NODES))

    def old(node: dict[str, Any]) -> dict[str, Any]:
        info = {**node["status"]["nodeInfo"], "kubeletVersion": "v1.35.0"}
        return {**node, "status": {**node["status"], "nodeInfo": info}}

    run.world.registry.mutate(r.NODES, "", name, old, "status")
    later(run, 10)
    assert run.object()["status"]["state"] == "Progressing"
    outcome = run.run()
    assert outcome.broken == ()
    assert run.world.store.get(r.NODES, "", name) is None


def test_an_age_that_expires_begins_by_itself() -> None:
    run = operating(3, target={"maxAge": "3h"})
    run._limit_ms = 10 * HOUR_MS
    assert run.run().state == "Finished", "nothing is old yet"
    born = {node["metadata"]["name"] for node in run.world.store.values(r.NODES)}
    later(run, 3.1 * 3600)
    later(run, 3600)
    assert run.object()["status"]["state"] == "Finished"
    assert not born & {node["metadata"]["name"] for node in run.world.store.values(r.NODES)}


def test_an_edited_target_is_taken_up_half_way_without_a_trigger() -> None:
    run = operating(3)
    later(run, 70)
    run.change({"target": {"kubeletVersion": run.world.scenario.target}, "pace": {"perZone": False}})
    later(run, 5)
    assert run.object()["metadata"]["generation"] == 2
    outcome = run.run()
    assert outcome.state == "Finished"
    assert run.object()["status"]["observedGeneration"] == 2


def test_a_frozen_pool_holds_its_nodes_and_says_so_while_the_others_go_on() -> None:
    run = operating(3)
    later(run, 70)
    zone = run.object()["status"]["inFlight"][0]["zone"]
    run.freeze_cluster("drill", f"topology.kubernetes.io/zone={zone}")
    later(run, 6)
    status = run.object()["status"]
    (frozen,) = [one for one in status["conditions"] if one["type"] == "Frozen"]
    assert (frozen["status"], frozen["reason"]) == ("False", "NodesHeld")
    assert f"of pool topology.kubernetes.io/zone={zone} frozen since " in frozen["message"]
    assert status["held"][0]["reason"] == "drill"
    assert status["held"][0]["since"]
    later(run, 600)
    closed = [node["metadata"]["name"] for node in run.world.store.values(r.NODES) if node["spec"].get("unschedulable")]
    assert closed == []
    assert run.object()["status"]["state"] == "Frozen", "nothing else is left"
    run.resume_cluster()
    assert run.run().broken == ()
    later(run, 2)
    assert "held" not in run.object()["status"]
    told = reasons(run)
    assert told.index("NodesHeld") < told.index("NodeReleased") < told.index("Frozen") < told.index("NodesFree")


def test_a_frozen_pool_that_has_every_slot_freezes_the_rotation() -> None:
    run = operating(3, pace={"maxSurge": 1})
    later(run, 70)
    (hand,) = run.object()["status"]["inFlight"]
    run.freeze_cluster("drill", f"kubernetes.io/hostname={hand['node']}")
    later(run, 10)
    status = run.object()["status"]
    assert status["state"] == "Frozen"
    assert status["frozen"]["level"] == "pool"
    assert status["reason"] == f"drill (no other node can begin: nodes of frozen pools take every slot: {hand['node']})"


def test_mode_freeze_stops_within_five_seconds_and_undoes_what_has_not_ended() -> None:
    run = operating(3)
    later(run, 70)
    run.change({"mode": "Freeze"})
    later(run, 5)
    sent = len(run.requests)
    later(run, 30)
    cordoned = [node["metadata"]["name"] for node in run.world.store.values(r.NODES) if node["spec"].get("unschedulable")]
    ending = [one["node"] for one in run.object()["status"].get("inFlight", ()) if one["phase"] == "Terminating"]
    assert set(cordoned) <= set(ending)
    assert not [request for request in run.requests[sent:] if request.subresource == "eviction"]
    status = run.object()["status"]
    assert conditions(run)["Frozen"] == "True"
    assert status["frozen"]["reason"] == "spec.mode is Freeze"
    assert status["frozen"]["since"]
    run.change({"mode": "Rotate"})
    assert run.run().broken == ()


def test_a_freeze_that_a_fleet_orders_says_whose_it_is_and_where_it_ends() -> None:
    run = operating(3)
    later(run, 70)
    order = order_annotation(by_a_fleet(Frozen("black friday", "admin", run.world.queue.now_ms()), "prod"))
    run.annotate(order)
    run.change({"mode": "Freeze"})
    later(run, 5)
    status = run.object()["status"]
    (frozen,) = [one for one in status["conditions"] if one["type"] == "Frozen"]
    assert (frozen["status"], frozen["reason"], frozen["message"]) == ("True", "FleetFrozen", "black friday, by admin")
    told = [event["message"] for event in run.world.store.values(r.EVENTS) if event["reason"] == "Frozen"]
    assert told == ["black friday, by admin; next: on the hub: underway resume --fleet prod"]
    run.annotate(dict.fromkeys(order))
    run.change({"mode": "Rotate"})
    assert run.run().broken == ()


def cordoned(run: Operating) -> set[str]:
    return {node["metadata"]["name"] for node in run.world.store.values(r.NODES) if node["spec"].get("unschedulable")}


def test_a_frozen_cluster_stops_within_five_seconds_and_goes_on_from_there() -> None:
    run = operating(3)
    later(run, 70)
    run.freeze_cluster("black friday")
    later(run, 5)
    acts = len(run.requests)
    later(run, 60)
    assert cordoned(run) == set()
    verbs = {(one.verb, one.resource.plural, one.subresource) for one in run.requests[acts:] if one.resource}
    assert verbs <= {
        ("delete", "nodes", ""),
        ("patch", "leases", ""),
        ("patch", "rotations", "status"),
        ("create", "events", ""),
        ("patch", "nodes", ""),
    }
    status = run.object()["status"]
    assert (status["state"], status["reason"], status["frozen"]["level"]) == ("Frozen", "black friday", "cluster")
    run.resume_cluster()
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_a_frozen_pool_is_left_out_and_opened_again_while_the_rest_goes_on() -> None:
    run = operating(3)
    later(run, 70)
    zone = "zone-a"
    pool = [node.name for node in run.world.scenario.nodes if node.zone == zone]
    run.freeze_cluster("incident 7", f"topology.kubernetes.io/zone={zone}")
    later(run, 30)
    before = {name for name in pool if run.world.store.get(r.NODES, "", name)}
    assert before
    assert cordoned(run) & before == set()
    run._limit_ms = HOUR_MS // 4
    run.run()
    left = {node.name for node in run.world.scenario.nodes if run.world.store.get(r.NODES, "", node.name)}
    assert left == before, "all others are replaced, none of the pool is"
    status = run.object()["status"]
    assert (status["state"], status["frozen"]["level"]) == ("Frozen", "pool")
    assert status["reason"] == f"incident 7 ({len(before)} of pool topology.kubernetes.io/zone={zone})"
    run.resume_cluster()
    run._limit_ms = 4 * HOUR_MS
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())


def test_a_deleted_rotation_leaves_no_trace() -> None:
    run = operating(3)
    later(run, 75)
    run.delete()
    later(run, 120)
    assert run.world.store.get(ROTATIONS, "", run.rotation.metadata.name) is None
    for node in run.world.store.values(r.NODES):
        assert not node["spec"].get("unschedulable")
        assert not [key for key in node["metadata"].get("annotations") or {} if key.startswith("rotation.underway.dev/")]
        assert not [taint for taint in node["spec"].get("taints") or () if taint["key"].startswith("rotation.underway.dev/")]
    assert [lease["metadata"]["name"] for lease in run.world.store.values(r.LEASES)] == ["underway.operator"]


def test_nodes_that_two_rotations_choose_belong_to_the_older_one() -> None:
    run = operating(3)
    later(run, 70)
    other = msgspec.structs.replace(
        run.rotation,
        metadata=RotationMetadata("younger"),
        spec=msgspec.structs.replace(run.rotation.spec, target=Target(kubelet_version="v1.30.0")),
    )
    run.create(other)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    later(run, 60)
    versions = {node["status"]["nodeInfo"]["kubeletVersion"] for node in run.world.store.values(r.NODES)}
    assert versions == {run.world.scenario.target}
    status = run.world.registry.get(ROTATIONS, "", "younger")["status"]
    assert (status["state"], status["reason"]) == ("Frozen", f"chosen by the older Rotation {run.rotation.metadata.name} too")
    run.delete()
    later(run, 120)
    status = run.world.registry.get(ROTATIONS, "", "younger")["status"]
    assert status["state"] == "Progressing", "the older one is gone: its nodes are free"


def test_no_eviction_is_tried_in_a_namespace_where_it_is_not_allowed() -> None:
    scenario = random_scenario(3)
    world = World(scenario, 3)
    world.start()
    run = Operating(world, swarm.rotation_of(scenario), evict_in=("data",))
    run.operate()
    later(run, 300)
    tried = {request.namespace for request in run.requests if request.subresource == "eviction"}
    assert tried <= {"data"}
    blockers = run.object()["status"]["blockers"]
    assert all("is in namespace shop, where Underway may not evict" in one["reason"] for one in blockers)
    assert blockers
    assert conditions(run)["Blocked"] == "True"


def allowing(run: Operating, may: Callable[[Attributes], bool]) -> None:
    """What the operator is allowed from here on."""
    for api in run.apis:
        api.may = may


def not_in_shop(asked: Attributes) -> bool:
    """Evictions by namespace: only where nobody sells anything."""
    return asked.resource != "pods/eviction" or asked.namespace not in ("", "shop")


def evictions(run: Operating) -> set[str]:
    """The namespaces in which any was tried."""
    return {request.namespace for request in run.requests if request.subresource == "eviction"}


def test_a_namespace_that_is_refused_is_told_before_the_first_cordon_and_its_nodes_are_left_until_it_is_granted() -> None:
    run = operating(3)
    allowing(run, not_in_shop)
    later(run, 300)
    status = run.object()["status"]
    assert evictions(run) <= {"data"}
    assert any("is in namespace shop, where Underway may not evict" in one["reason"] for one in status["blockers"])
    assert {one["node"] for one in status["blockers"]}.isdisjoint(one["node"] for one in status.get("inFlight", ()))
    allowing(run, lambda _asked: True)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    assert "shop" in evictions(run)


def test_all_that_is_missing_is_told_at_once_and_nothing_is_touched_until_it_is_granted() -> None:
    missing = {("patch", "nodes"), ("delete", "nodes"), ("delete", "leases")}
    run = operating(3)
    allowing(run, lambda asked: (asked.verb, asked.resource) not in missing)
    later(run, 120)
    status = run.object()["status"]
    assert status["state"] == "Failed"
    assert status["reason"] == (
        "the operator may not patch, delete nodes; delete leases.coordination.k8s.io in namespace kube-system; "
        "apply `underway manifests`, with the options that it was installed with"
    )
    assert reasons(run).count("Failed") == 1
    touched = [request for request in run.requests if request.verb in ("patch", "delete") and request.resource == r.NODES]
    assert touched == []
    allowing(run, lambda _asked: True)
    assert run.run().state == "Finished"


def test_a_server_that_does_not_answer_the_question_is_asked_to_act() -> None:
    run = operating(3, faults=False)

    class Silent(Fault):
        def on_request(self, request: Request, _rng: Random) -> Interference | None:
            return Interference(lose_reply=True) if request.resource == r.SELF_SUBJECT_ACCESS_REVIEWS else None

    for api in run.apis:
        api.faults = (Silent(),)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    told = [hand.permits.unknown for pump in run.pumps for hand in pump.driver.hands.values()]
    assert any("not known whether the operator may" in one and "no answer" in one for one in told)


def test_a_rotation_whose_finalizer_is_refused_stops_nobody_else() -> None:
    run = operating(3)
    run.create(msgspec.structs.replace(run.rotation, metadata=RotationMetadata("younger")))

    def broken(now: dict[str, Any]) -> dict[str, Any]:
        return {**now, "spec": {**now["spec"], "mode": "Halt"}}

    run.world.registry.mutate(ROTATIONS, "", "younger", broken)
    outcome = run.run()
    assert (outcome.state, outcome.broken) == ("Finished", ())
    assert not any(pump.driver.failure for pump in run.pumps)


def test_a_rotation_that_cannot_be_read_says_so_and_is_left_alone() -> None:
    run = operating(3, target={"maxAge": "3h"})
    later(run, 5)
    # Written past the server's own checks, as an object that is older than the definition may be.
    bad = {"maxAge": "soon"}
    run.world.registry.mutate(
        ROTATIONS, "", run.rotation.metadata.name, lambda now: {**now, "spec": {**now["spec"], "target": bad}}
    )
    later(run, 10)
    status = run.object()["status"]
    assert status["state"] == "Failed"
    assert "spec.target.maxAge: 'soon' is not a duration" in status["reason"]
    assert conditions(run)["Healthy"] == "Unknown"
    assert FINALIZER in run.object()["metadata"]["finalizers"]


def test_a_leader_that_is_stopped_hands_over_at_once() -> None:
    run = operating(3)
    later(run, 70)
    (first,) = run.leaders()
    before = {one["node"]: one["phase"] for one in run.object()["status"]["inFlight"]}
    run.pumps[first].stop()
    later(run, 4)
    assert run.pumps[first].driver.finished
    assert run.leaders() == [1 - first]
    after = {one["node"] for one in run.object()["status"]["inFlight"]}
    assert before.keys() & after, "nodes in hand stay in hand"
    assert run.run().broken == ()


def on_the_lease(run: Operating) -> Status:
    lease = run.world.registry.get(r.LEASES, "kube-system", f"underway-{run.rotation.metadata.name}")
    return msgspec.json.decode(lease["metadata"]["annotations"]["rotation.underway.dev/status"], type=Status)


def test_what_the_lease_says_of_the_state_is_of_now() -> None:
    run = operating(3)
    later(run, 70)
    run.freeze_cluster("drill")
    later(run, 2)
    assert on_the_lease(run).state == "Frozen"
    run.resume_cluster()
    later(run, 2)
    assert on_the_lease(run).state == "Progressing"


def test_a_report_on_the_lease_can_be_read_back_even_where_no_end_is_in_sight() -> None:
    run = operating(3)
    budgets = run.world.store.values(r.POD_DISRUPTION_BUDGETS)
    for budget in budgets:
        metadata = budget["metadata"]

        def never(now: dict[str, Any]) -> dict[str, Any]:
            return {**now, "spec": {"selector": now["spec"]["selector"], "maxUnavailable": 0}}

        run.world.registry.mutate(r.POD_DISRUPTION_BUDGETS, metadata["namespace"], metadata["name"], never)
    later(run, 60)
    status = on_the_lease(run)
    assert status.blockers
    assert status.predicted_finish_ms is None
    assert conditions(run)["Blocked"] == "True"
