"""What is shown before a frozen rotation goes on."""

from typing import Any

from underway.rotate.blockers import Blocker
from underway.rotate.first_aid import EVENTS_MAX, findings
from underway.rotate.freezes import Frozen
from underway.rotate.health import Breach
from underway.rotate.status import InFlight, Status

SICK = Status(
    "workers",
    "Frozen",
    in_flight=(InFlight("n1", "Surging", 5, waiting=("machine k is Pending: quota",)),),
    blockers=(Blocker("n2", "needs 3 healthy pods and has 3 currently", "shop/web", "shop/pdb"),),
    breaches=(Breach("api-server", "readyz answers 500", 7),),
)


def event(kind: str, name: str, message: str, namespace: str = "", type_: str = "Warning", at: str = "1") -> dict[str, Any]:
    about = {"kind": kind, "name": name, "namespace": namespace}
    return {"involvedObject": about, "type": type_, "reason": "R", "message": message, "lastTimestamp": at}


def test_the_worst_comes_first_and_what_would_stop_it_again_is_grave() -> None:
    found = findings(SICK, Frozen("gate api-server: readyz", "gate api-server", 3), [])
    assert [(one.kind, one.grave) for one in found] == [("frozen", False), ("gate", True), ("blocker", True), ("node", False)]
    assert found[0].text == "frozen by gate api-server (rotation): gate api-server: readyz"
    assert found[3].text == "node n1 is Surging, waiting: machine k is Pending: quota"


def test_only_warnings_about_what_is_in_hand_are_shown_and_the_last_of_them() -> None:
    told = [event("Pod", "web", f"m{number}", "shop", at=f"{number:02d}") for number in range(20)]
    others = [event("Pod", "web", "x", "other"), event("Node", "n9", "x"), event("Node", "n1", "fine", type_="Normal")]
    found = [one.text for one in findings(SICK, None, [*others, *told]) if one.kind == "event"]
    assert len(found) == EVENTS_MAX
    assert found[-1] == "pod shop/web: R: m19"


def test_without_a_report_it_says_that_it_does_not_know() -> None:
    (one,) = findings(None, None, [])
    assert "no driver has reported yet" in one.text
