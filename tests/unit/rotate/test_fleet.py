"""Waves: one after the other, soaked, stopped by the first that freezes, never begun twice."""

from typing import Any

import msgspec

from underway.model import timestamp
from underway.rotate.fleet import Decision, Member, Standing, allotted, decide
from underway.rotate.freezes import Frozen, order_annotation
from underway.rotate.kinds.fleet import FleetSpec, FleetStatus, fleet_from
from underway.rotate.kinds.status import Freezing

NOW_MS = timestamp.parse("2026-03-01T10:00:00Z")
HOUR_MS = 3_600_000


def fleet(*waves: dict[str, Any], **more: Any) -> FleetSpec:
    spec = {
        "clusters": [{"name": name, "kubeconfig": {"name": name}} for name in ("a", "b", "c", "d")],
        "waves": list(waves),
        "rotation": {"spec": {"target": {"kubeletVersion": "v1.37.2"}}},
        **more,
    }
    return fleet_from(
        spec,
        "f.yaml",
        [gate["gate"] for gate in ({"gate": "api-server"}, {"gate": "nodes-ready"}, {"gate": "workloads-available"})],
        ["Command"],
    )


CANARY = {"name": "canary", "clusters": ["a"], "soak": "1h"}
REST = {"name": "rest", "clusters": ["b", "c", "d"]}


def member(name: str, standing: Standing = "Absent", reason: str = "") -> Member:
    return Member(name, {"stage": "canary" if name == "a" else "rest"}, standing, standing, reason)


def decided(spec: FleetSpec, standings: dict[str, Standing], before: FleetStatus | None = None, now_ms: int = NOW_MS) -> Decision:
    members = [member(name, standings.get(name, "Absent"), "why") for name in "abcd"]
    return decide(spec, members, before or FleetStatus(), 1, now_ms)


def orders(made: Decision) -> dict[str, str]:
    return {order.cluster: order.mode for order in made.orders}


def waves(made: Decision) -> dict[str, str]:
    return {wave.name: wave.state for wave in made.status.waves}


def test_only_the_first_wave_begins() -> None:
    made = decided(fleet(CANARY, REST), {})
    assert orders(made) == {"a": "Rotate"}
    assert waves(made) == {"canary": "Progressing", "rest": "Waiting"}
    assert made.status.state == "Progressing"


def test_the_next_begins_when_the_soak_is_over_and_not_before() -> None:
    spec = fleet(CANARY, REST)
    soaking = decided(spec, {"a": "Finished"})
    assert waves(soaking) == {"canary": "Soaking", "rest": "Waiting"}
    assert soaking.status.reason == "wave canary: until 2026-03-01T11:00:00Z"
    still = decided(spec, {"a": "Finished"}, soaking.status, NOW_MS + HOUR_MS - 1)
    assert waves(still)["rest"] == "Waiting"
    after = decided(spec, {"a": "Finished"}, still.status, NOW_MS + HOUR_MS)
    assert waves(after) == {"canary": "Succeeded", "rest": "Progressing"}
    assert orders(after) == dict.fromkeys("abcd", "Rotate")


def test_a_cluster_that_freezes_while_it_is_watched_stops_the_fleet() -> None:
    spec = fleet(CANARY, REST)
    soaking = decided(spec, {"a": "Finished"})
    made = decided(spec, {"a": "Stopped"}, soaking.status, NOW_MS + 2 * HOUR_MS)
    assert waves(made) == {"canary": "Frozen", "rest": "Waiting"}
    assert made.status.reason == "wave canary: cluster a is Stopped: why"


def test_the_first_frozen_cluster_holds_its_wave_and_is_itself_left_to_be_resumed() -> None:
    spec = fleet(REST)
    made = decided(spec, {"b": "Stopped", "c": "Going", "d": "Finished"})
    assert waves(made) == {"rest": "Frozen"}
    assert orders(made) == {"c": "Freeze"}
    again = decided(spec, {"b": "Going", "c": "Held", "d": "Finished"}, made.status)
    assert orders(again) == {"b": "Rotate", "c": "Rotate", "d": "Rotate"}, "a person has resumed b: all go on"


def test_a_node_that_drifts_in_a_wave_that_has_passed_stops_nobody() -> None:
    spec = fleet({**CANARY, "soak": "0s"}, REST)
    passed = decided(spec, {"a": "Finished"})
    made = decided(spec, {"a": "Going", "b": "Going"}, passed.status)
    assert waves(made) == {"canary": "Succeeded", "rest": "Progressing"}


def test_a_share_of_failures_can_be_put_up_with() -> None:
    lenient = fleet({**REST, "success": {"finished": "60%"}})
    made = decided(lenient, {"b": "Stopped", "c": "Finished", "d": "Finished"})
    assert waves(made) == {"rest": "Succeeded"}
    assert made.status.state == "Finished"
    assert waves(decided(lenient, {"b": "Stopped", "c": "Stopped"})) == {"rest": "Frozen"}


def test_not_more_than_max_concurrent_are_busy() -> None:
    spec = fleet({**REST, "maxConcurrent": 1})
    assert orders(decided(spec, {})) == {"b": "Rotate"}
    assert orders(decided(spec, {"b": "Going"})) == {"b": "Rotate"}
    assert orders(decided(spec, {"b": "Finished"})) == {"b": "Rotate", "c": "Rotate"}


def test_a_cluster_that_does_not_answer_is_unknown_and_never_finished() -> None:
    made = decided(fleet(CANARY, REST), {"a": "Unknown"})
    assert orders(made) == {}
    assert waves(made)["rest"] == "Waiting"
    assert made.status.reason == "wave canary: cluster a cannot be seen: why"


def test_a_wave_that_takes_too_long_has_failed() -> None:
    spec = fleet({**REST, "success": {"within": "1h"}})
    begun = decided(spec, {"b": "Going"})
    made = decided(spec, {"b": "Going", "c": "Finished"}, begun.status, NOW_MS + HOUR_MS)
    assert waves(made) == {"rest": "Failed"}
    assert made.status.reason == "wave rest: 1 of 3 clusters finished within 1h"
    assert orders(made) == {"b": "Freeze"}


def test_a_frozen_fleet_holds_what_has_begun_and_begins_nothing() -> None:
    made = decided(fleet(REST, mode="Freeze"), {"b": "Going", "c": "Finished"})
    assert orders(made) == {"b": "Freeze"}
    assert made.status.state == "Frozen"
    assert made.status.reason == "wave rest: spec.mode is Freeze"
    assert made.status.frozen == Freezing("spec.mode is Freeze", timestamp.format_ms(NOW_MS), "the specification", "rotation")


def test_a_fleet_that_is_frozen_by_hand_says_who_why_and_since_when_and_so_do_its_clusters() -> None:
    drill = Frozen("drill", "admin", NOW_MS - HOUR_MS, "fleet", fleet="prod")
    spec, members = fleet(REST, mode="Freeze"), [member(name, "Going") for name in "abcd"]
    annotations = {key: text for key, text in order_annotation(drill).items() if text}
    made = decide(spec, members, FleetStatus(), 1, NOW_MS, annotations)
    assert made.status.frozen == Freezing("drill", timestamp.format_ms(NOW_MS - HOUR_MS), "admin", "fleet")
    assert made.status.reason == "wave rest: drill"
    assert {order.frozen for order in made.orders} == {drill}


def test_a_wave_that_is_stopped_names_the_cluster_and_keeps_its_time_and_the_others_know_why() -> None:
    spec = fleet(REST)
    made = decided(spec, {"b": "Stopped", "c": "Going"})
    reason = "wave rest: cluster b is Stopped: why"
    assert made.status.frozen == Freezing(reason, timestamp.format_ms(NOW_MS), "cluster b", "wave")
    assert [(order.cluster, order.frozen) for order in made.orders] == [("c", Frozen(reason))]
    later = decided(spec, {"b": "Stopped", "c": "Held"}, made.status, NOW_MS + HOUR_MS)
    assert later.status.frozen == made.status.frozen
    assert decided(spec, {"b": "Going", "c": "Held"}, later.status, NOW_MS + 2 * HOUR_MS).status.frozen is None


def test_a_new_specification_begins_with_the_first_wave() -> None:
    spec = fleet(CANARY, REST)
    done = decided(spec, {"a": "Finished"}, None)
    made = decide(
        spec, [member(name, "Finished" if name == "a" else "Absent") for name in "abcd"], done.status, 2, NOW_MS + 9 * HOUR_MS
    )
    assert waves(made)["canary"] == "Soaking"
    assert made.status.observed_generation == 2


def test_a_cluster_goes_with_the_first_wave_that_chooses_it() -> None:
    spec = fleet({"name": "by-label", "selector": {"matchLabels": {"stage": "canary"}}}, {"name": "all", "selector": {}})
    chosen = {wave.name: [one.name for one in found] for wave, found in allotted(spec, [member(name) for name in "dcba"])}
    assert chosen == {"by-label": ["a"], "all": ["b", "c", "d"]}


def test_an_unknown_name_fails_the_wave_rather_than_being_left_out() -> None:
    made = decided(fleet({"name": "w", "clusters": ["a", "z"]}), {"a": "Finished"})
    assert waves(made) == {"w": "Failed"}
    assert "cluster z is not known" in made.status.reason


def test_conditions_keep_their_times() -> None:
    first = decided(fleet(REST), {"b": "Going"})
    later = decided(fleet(REST), {"b": "Going"}, first.status, NOW_MS + HOUR_MS)
    assert later.status.conditions == first.status.conditions
    assert msgspec.structs.asdict(first.status)["waves"][0].started_at == "2026-03-01T10:00:00Z"
