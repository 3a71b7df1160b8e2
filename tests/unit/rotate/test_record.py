"""What is written on a node in hand, and taken off it again."""

from typing import Any

import msgspec

from objects import node
from underway.rotate import acts
from underway.rotate.effects import ListMachines, Machine, MachineReply
from underway.rotate.machinery import Machinery
from underway.rotate.record import (
    HANDS_OFF,
    PROTECTED,
    SUCCESSOR,
    Phase,
    Record,
    Slot,
    annotations_of,
    ours_of_hands_off,
    record_of,
    succession_of,
)
from underway.rotate.work import claim

KEY = "night-watch-5e1c2f3a-00beef"
RECORD = Record("r", Phase.SURGING, 0, Slot.SURGE, "key", protected=HANDS_OFF)
SCALE_DOWN, DISRUPT = HANDS_OFF


def written(record: Record) -> dict[str, Any]:
    return {key: value for key, value in annotations_of(record).items() if value is not None}


def test_others_are_kept_from_a_node_in_hand() -> None:
    annotations = written(RECORD)
    assert annotations[SCALE_DOWN] == annotations[DISRUPT] == "true"
    assert record_of(node("n", annotations=annotations)) == RECORD


def test_what_kept_others_away_goes_with_the_record() -> None:
    body = acts.erase_record(1, node("n", annotations=written(RECORD)), RECORD).body
    assert body["metadata"]["annotations"] == dict.fromkeys(annotations_of(RECORD))


def test_an_annotation_of_somebody_elses_stays() -> None:
    ours = msgspec.structs.replace(RECORD, protected=(SCALE_DOWN,))
    held = node("n", annotations={**written(ours), DISRUPT: "true"})
    assert held.metadata.annotations[PROTECTED] == SCALE_DOWN
    removed = acts.erase_record(1, held, ours).body["metadata"]["annotations"]
    assert SCALE_DOWN in removed
    assert DISRUPT not in removed


def test_a_machine_is_known_by_the_provider_id_of_its_node() -> None:
    machinery = Machinery()
    listing = MachineReply(
        request=ListMachines(id=1), machines=(Machine(key="key", provider_id="aws:///a/i-1", state="Running"),)
    )
    machinery.answered(listing, 0, {"aws:///a/i-1": "ip-10-0-0-1"})
    assert machinery.by_key["key"].node == "ip-10-0-0-1"
    assert "ip-10-0-0-1" in machinery.by_node


def test_nodes_in_hand_keep_their_place_whenever_their_phases_began() -> None:
    first = Record("r", Phase.DRAINING, 9_000, Slot.SURGE, "key-1", admitted_ms=1_000)
    second = Record("r", Phase.DRAINING, 8_000, Slot.SURGE, "key-2", admitted_ms=1_001)
    waiting = Record("r", Phase.SURGING, 500, Slot.SURGE, "key-0", admitted_ms=500)
    in_hand = {"c": waiting, "b": second, "a": first}
    assert [name for name, _ in sorted(in_hand.items(), key=claim)] == ["a", "b", "c"], "who drains comes first, as promised"
    assert record_of(node("a", annotations=written(first))) == first


def test_a_successor_is_kept_and_let_go_of_and_what_somebody_else_wrote_stays() -> None:
    fresh = node("n1", annotations={DISRUPT: "true"})
    kept = acts.keep_successor(1, fresh, KEY).body["metadata"]["annotations"]
    assert kept == {SUCCESSOR: KEY, PROTECTED: SCALE_DOWN, SCALE_DOWN: "true"}
    standing = node("n1", annotations={DISRUPT: "true", **kept})
    found = succession_of(standing)
    assert found is not None
    assert (found.rotation, found.protected) == ("night-watch", (SCALE_DOWN,))
    let_go = acts.let_go_of_successor(2, standing).body["metadata"]
    assert let_go["annotations"] == {SUCCESSOR: None, PROTECTED: None, SCALE_DOWN: None}
    assert let_go["resourceVersion"] == "1", "a compare-and-swap"
    assert succession_of(fresh) is None


def test_a_successor_that_has_to_go_itself_takes_its_protection_with_it() -> None:
    standing = node("n1", annotations={SUCCESSOR: KEY, PROTECTED: SCALE_DOWN, SCALE_DOWN: "true", DISRUPT: "true"})
    ours = ours_of_hands_off(standing)
    assert ours == (SCALE_DOWN,)
    written = annotations_of(Record("r", Phase.SURGING, 0, Slot.SURGE, "key", protected=ours))
    assert (written[SUCCESSOR], written[PROTECTED], written[SCALE_DOWN]) == (None, SCALE_DOWN, "true")
