"""Who hears of a cause, and which specifications are refused."""

from typing import Any

import pytest

from underway.errors import UsageError
from underway.rotate.alerts.cause import Cause
from underway.rotate.alerts.routes import Alert, named, routed
from underway.rotate.spec import Rotation, rotation_from

FROZEN = Cause("Frozen", "rotation r", "gate x")
BLOCKED = Cause("Blocked", "pod shop/a", "needs 2", owner="tills")
ORPHAN = Cause("Blocked", "pod shop/b", "needs 2")
DONE = Cause("Finished", "rotation r", "9 of 9")


def alert(to: Any, from_: str = "", **rest: Any) -> Alert:
    return Alert(to=to, from_=from_, **rest)


def read(*alerts: dict[str, Any]) -> Rotation:
    spec = {"target": {"kubeletVersion": "v1.37.2"}, "alerts": list(alerts)}
    values = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "r"}, "spec": spec}
    return rotation_from(values, "r.yaml", ["nodes-ready", "workloads-available", "api-server"], ["Command"])


def heard(*alerts: Alert) -> set[tuple[str, str]]:
    return {(route.destination, route.cause.key) for route in routed(alerts, [FROZEN, BLOCKED, ORPHAN, DONE])}


def test_each_recipient_hears_of_what_it_can_do_something_about() -> None:
    assert heard(alert("user", "me")) == {("me", FROZEN.key), ("me", DONE.key)}
    assert heard(alert("admins", "ops")) == {("ops", FROZEN.key), ("ops", BLOCKED.key), ("ops", ORPHAN.key)}
    assert heard(alert("admins", "ops", causes=("Finished",))) == {("ops", DONE.key)}


def test_a_team_hears_of_its_own_pods_alone() -> None:
    teams = alert("team", "anybody", teams={"tills": "tills-chat"})
    assert heard(teams) == {("tills-chat", BLOCKED.key)}
    assert heard(alert("team", "anybody", teams={"carts": "carts-chat"})) == {("anybody", BLOCKED.key)}
    assert heard(alert("team", teams={"carts": "carts-chat"})) == set()


def test_a_destination_that_two_alerts_name_hears_once_and_is_reminded_at_the_shorter_interval() -> None:
    twice = alert("user", "ops", remind="1h"), alert("admins", "ops", remind="10m"), alert("admins", "ops", remind="0s")
    (route,) = routed(twice, [FROZEN])
    assert route.remind_ms == 600_000
    (never,) = routed([alert("admins", "ops", remind="0s")], [FROZEN])
    assert never.remind_ms == 0
    assert named(twice) == ("ops",)


def test_a_specification_in_full() -> None:
    asked = {"to": "team", "teams": {"tills": "tills-chat"}, "from": "anybody", "causes": ["Blocked"], "remind": "30m"}
    (read_back,) = read(asked).spec.alerts
    assert (read_back.from_, read_back.teams, read_back.causes) == ("anybody", {"tills": "tills-chat"}, ("Blocked",))
    assert named([read_back]) == ("anybody", "tills-chat")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"to": "admins"}, "spec.alerts[0]: give from, the entry of the alerts' Secret that holds where to"),
        ({"to": "admins", "from": "ops", "teams": {"a": "b"}}, "spec.alerts[0]: teams are for to: team"),
        ({"to": "everybody", "from": "ops"}, "spec.alerts[0].to: invalid enum value 'everybody'"),
        ({"to": "admins", "from": "ops", "causes": ["Trouble"]}, "spec.alerts[0].causes[0]: invalid enum value 'Trouble'"),
        ({"to": "admins", "from": "ops", "remind": "often"}, "spec.alerts[0].remind: 'often' is not a duration"),
        (
            {"to": "admins", "url": "slack://token"},
            "spec.alerts[0]: object contains unknown field `url`; known here: causes, from, remind, teams, to",
        ),
        (
            {"from": "ops", "to": "admins", True: ["Frozen"]},
            "spec.alerts[0]: a key is no text: without quotes YAML takes on, off, yes and no for true and false",
        ),
        (
            {"to": "admins", "from": "slack://token"},
            "spec.alerts[0].from: is not the name of an entry of a Secret; use letters, digits, '-', '_' and '.', and no URL",
        ),
        ({"to": "team", "teams": {"tills": "../x"}}, "spec.alerts[0].teams[tills]: is not the name of an entry"),
    ],
)
def test_what_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(asked)
    assert message in str(caught.value)
    assert "token" not in str(caught.value), "it may be a credential, and this may stand in a status"
