"""What `kubectl get` would show."""

from typing import Any

import pytest

from underway.sim.apiserver.cells import human
from underway.sim.apiserver.columns import COLUMNS
from underway.sim.apiserver.table import at
from unit.sim.apiserver.caller import DEFAULT, Caller, config, pod

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600 + 60, "8h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (8 * 86400 + 3600, "8d"),
        (730 * 86400, "2y"),
        (731 * 86400, "2y1d"),
        (-1, "0s"),
        (-5, "<invalid>"),
    ],
)
def test_ages_are_written_as_the_real_server_writes_them(seconds: int, shown: str) -> None:
    assert human(seconds * 1_000) == shown


def cells(api: Caller, url: str) -> list[list[Any]]:
    code, table = api.call("GET", url, accept=TABLE)
    assert (code, table["kind"]) == (200, "Table")
    assert all(len(row["cells"]) == len(table["columnDefinitions"]) for row in table["rows"])
    return [row["cells"] for row in table["rows"]]


def test_a_list_and_a_single_object_are_shown_alike(api: Caller) -> None:
    api.call("POST", f"{DEFAULT}/configmaps", config("a", x="1", y="2"))
    api.now_ms += 90_000
    assert cells(api, f"{DEFAULT}/configmaps") == [["a", 2, "90s"]]
    assert cells(api, f"{DEFAULT}/configmaps/a") == [["a", 2, "90s"]]


def test_rows_carry_as_much_of_the_object_as_is_asked(api: Caller) -> None:
    api.call("POST", f"{DEFAULT}/configmaps", config("a", x="1"))

    def row(include: str) -> dict[str, Any]:
        found: dict[str, Any] = api.call("GET", f"{DEFAULT}/configmaps?includeObject={include}", accept=TABLE)[1]["rows"][0]
        return found

    assert row("Metadata")["object"]["kind"] == "PartialObjectMetadata"
    assert row("Object")["object"]["data"] == {"x": "1"}
    assert "object" not in row("None")


def test_a_node_shows_readiness_cordon_and_roles(api: Caller) -> None:
    node = {
        "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/control-plane": ""}},
        "spec": {"unschedulable": True},
        "status": {
            "conditions": [{"type": "Ready", "status": "False"}],
            "nodeInfo": {"kubeletVersion": "v1.36.4"},
            "addresses": [{"type": "InternalIP", "address": "192.0.2.7"}],
        },
    }
    assert api.call("POST", "/api/v1/nodes", node)[0] == 201
    shown = cells(api, "/api/v1/nodes")[0]
    assert shown[:6] == ["n", "NotReady,SchedulingDisabled", "control-plane", "0s", "v1.36.4", "192.0.2.7"]
    assert shown[6] == "<none>"


def test_a_pod_shows_what_happens_to_it(api: Caller) -> None:
    api.call("POST", f"{DEFAULT}/pods", pod("p", node="n"))

    def shown() -> list[Any]:
        return cells(api, f"{DEFAULT}/pods")[0][:4]

    assert shown() == ["p", "0/1", "Pending", "0"]
    waiting = {"name": "app", "ready": False, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    api.patch(f"{DEFAULT}/pods/p/status", {"status": {"phase": "Running", "containerStatuses": [waiting]}})
    assert shown() == ["p", "0/1", "CrashLoopBackOff", "3"]
    api.call("DELETE", f"{DEFAULT}/pods/p")
    assert shown()[2] == "Terminating"


def test_a_budget_shows_what_it_allows(api: Caller) -> None:
    budget = {"metadata": {"name": "b"}, "spec": {"maxUnavailable": "10%"}}
    api.call("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", budget)
    assert cells(api, "/apis/policy/v1/poddisruptionbudgets") == [["b", "N/A", "10%", 0, "0s"]]


def test_a_kind_without_columns_shows_name_and_age(api: Caller) -> None:
    api.call("POST", f"{DEFAULT}/serviceaccounts", {"metadata": {"name": "robot"}})
    assert "ServiceAccount" not in COLUMNS
    assert cells(api, f"{DEFAULT}/serviceaccounts") == [["robot", "0s"]]


def test_refusals_are_no_tables(api: Caller) -> None:
    code, status = api.call("GET", f"{DEFAULT}/configmaps/nosuch", accept=TABLE)
    assert (code, status["kind"]) == (404, "Status")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.size", [3]),
        (".spec.list[1]", ["b"]),
        (".spec.list[*]", ["a", "b"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".metadata.labels['example\\.com/x']", ["y"]),
        (".spec.nosuch.deeper", []),
    ],
)
def test_paths_of_printer_columns(path: str, found: list[Any]) -> None:
    value = {
        "metadata": {"labels": {"example.com/x": "y"}},
        "spec": {"size": 3, "list": ["a", "b"]},
        "status": {"conditions": [{"type": "Seen", "status": "False"}, {"type": "Ready", "status": "True"}]},
    }
    assert at(value, path) == found
