"""Custom resources in several versions: converted by nothing, by this process, and by a webhook."""

import base64
import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from underway.kube import request as q
from underway.web.declared import conversions
from unit.crd.versions import GROUP, INTEGER, crd, thing, without_rules
from unit.sim.apiserver.caller import Caller
from unit.web.test_serving import Running

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
KOT = Path(__file__).resolve().parents[4] / "examples" / "kot"
DEVICES = without_rules(yaml.safe_load((KOT / "devices.yaml").read_text()))
PUMP = yaml.safe_load((KOT / "pump.yaml").read_text())


def devices(version: str, name: str = "") -> str:
    return f"/apis/things.underway.dev/{version}/namespaces/deck-3/devices" + (f"/{name}" if name else "")


def things(version: str, name: str = "") -> str:
    return f"/apis/{GROUP}/{version}/namespaces/here/things" + (f"/{name}" if name else "")


@pytest.fixture
def kot(api: Caller) -> Caller:
    """A cluster with the tutorial's definition, converted in this process."""
    api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "deck-3"}})
    (declared,) = conversions(f"{KOT / 'conversions.py'}:CONVERSIONS")
    api.server.customs.convert_with(declared)
    assert api.call("POST", DEFINITIONS, DEVICES)[0] == 201
    return api


def test_an_object_is_shown_in_the_version_asked_for(kot: Caller) -> None:
    code, made = kot.call("POST", devices("v1alpha1"), PUMP)
    assert (code, made["apiVersion"], made["spec"]) == (201, PUMP["apiVersion"], PUMP["spec"])
    assert kot.call("GET", devices("v1", "pump"))[1]["spec"]["inputs"][1] == {"name": "speed", "integer": 3}
    assert kot.call("GET", devices("v1alpha1", "pump"))[1]["spec"] == PUMP["spec"]
    listed = kot.call("GET", devices("v1"))[1]
    assert (listed["apiVersion"], listed["kind"], [item["apiVersion"] for item in listed["items"]]) == (
        "things.underway.dev/v1",
        "DeviceList",
        ["things.underway.dev/v1"],
    )


def test_writes_in_one_version_keep_what_only_the_other_holds(kot: Caller) -> None:
    kot.call("POST", devices("v1alpha1"), PUMP)
    change = [{"op": "replace", "path": "/spec/inputs/1/integer", "value": 5}]
    assert kot.call("PATCH", devices("v1", "pump"), change, content_type=q.JSON_PATCH)[0] == 200
    inputs = kot.call("GET", devices("v1alpha1", "pump"))[1]["spec"]["inputs"]
    assert inputs[1] == {"name": "speed", "type": "Integer", "value": "5"}
    assert inputs[3] == PUMP["spec"]["inputs"][3]


def test_generation_changes_with_the_content_and_not_with_the_version(kot: Caller) -> None:
    made = kot.call("POST", devices("v1alpha1"), PUMP)[1]
    code, same = kot.call("PUT", devices("v1alpha1", "pump"), made)
    assert (code, same["metadata"]["generation"], same["metadata"]["resourceVersion"]) == (
        200,
        1,
        made["metadata"]["resourceVersion"],
    )


def test_a_watch_sees_its_own_version(kot: Caller) -> None:
    events, stop = kot.watch(f"{devices('v1')}?watch=true")
    kot.call("POST", devices("v1alpha1"), PUMP)
    kot.call("DELETE", devices("v1alpha1", "pump"))
    stop()
    assert [(event["type"], event["object"]["apiVersion"]) for event in events] == [
        ("ADDED", "things.underway.dev/v1"),
        ("DELETED", "things.underway.dev/v1"),
    ]


def test_storage_flips_and_old_objects_stay_as_they_were_written(kot: Caller) -> None:
    newer = {**PUMP, "apiVersion": "things.underway.dev/v1", "spec": {"inputs": [{"name": "a", "integer": 1}]}}
    kot.call("POST", devices("v1"), newer)
    stored = kot.call("GET", f"{DEFINITIONS}/devices.things.underway.dev")[1]
    flipped = copy.deepcopy(stored)
    for version in flipped["spec"]["versions"]:
        version["storage"] = version["name"] == "v1alpha1"
    assert kot.call("PUT", f"{DEFINITIONS}/devices.things.underway.dev", flipped)[0] == 200
    assert kot.call("GET", f"{DEFINITIONS}/devices.things.underway.dev")[1]["status"]["storedVersions"] == ["v1", "v1alpha1"]
    (value,) = kot.registry.store.values(next(e.resource for e in kot.server.entries.values() if e.resource.kind == "Device"))
    assert value["apiVersion"] == "things.underway.dev/v1"
    # A write that changes nothing is stored all the same, in the new version: that is a migration.
    shown = kot.call("GET", devices("v1", "pump"))[1]
    assert kot.call("PUT", devices("v1", "pump"), shown)[1]["metadata"]["resourceVersion"] != shown["metadata"]["resourceVersion"]
    (value,) = kot.registry.store.values(next(e.resource for e in kot.server.entries.values() if e.resource.kind == "Device"))
    assert value["apiVersion"] == "things.underway.dev/v1alpha1"


def test_strategy_none_writes_the_version_and_prunes(api: Caller) -> None:
    api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "here"}})
    api.call("POST", DEFINITIONS, crd("v1", v1={"a": INTEGER, "b": INTEGER}, v2={"a": INTEGER}))
    api.call("POST", things("v1"), thing("v1", {"a": 1, "b": 2}))
    assert api.call("GET", things("v2", "one"))[1]["spec"] == {"a": 1}


def test_a_default_that_only_the_version_read_in_has_is_missing(api: Caller) -> None:
    mode = {"type": "string", "default": "x"}
    api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "here"}})
    api.call("POST", DEFINITIONS, crd("v1", v1={"a": INTEGER, "mode": {"type": "string"}}, v2={"a": INTEGER, "mode": mode}))
    api.call("POST", things("v1"), thing("v1", {"a": 1}))
    assert api.call("GET", things("v2", "one"))[1]["spec"] == {"a": 1}
    api.call("POST", things("v2"), thing("v2", {"a": 1}, name="two"))
    assert api.call("GET", things("v1", "two"))[1]["spec"] == {"a": 1, "mode": "x"}


def test_a_watch_of_what_cannot_be_converted_says_so(kot: Caller) -> None:
    events, stop = kot.watch(f"{devices('v1alpha1')}?watch=true")
    entry = next(entry.resource for entry in kot.server.entries.values() if entry.resource.kind == "Device")
    kot.registry.create(entry, {**PUMP, "apiVersion": "things.underway.dev/v7"})
    stop()
    assert [(event["type"], event["object"]["code"]) for event in events] == [("ERROR", 500)]


def webhook(url: str, authority: bytes, **changes: Any) -> dict[str, Any]:
    definition = crd("v1", v1={"replicas": INTEGER, "n": INTEGER}, v1alpha1={"size": INTEGER, "n": INTEGER})
    client = {"url": url, "caBundle": base64.b64encode(authority).decode()}
    definition["spec"]["conversion"] = {
        "strategy": "Webhook",
        "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": client, **changes},
    }
    return definition


@pytest.fixture
def running(tmp_path: Path, api: Caller) -> Any:
    server = Running(tmp_path)
    api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "here"}})
    yield server
    server.stop()


def test_a_webhook_is_asked_over_https(api: Caller, running: Running) -> None:
    url = f"https://localhost:{running.port}/convert"
    assert api.call("POST", DEFINITIONS, webhook(url, running.authority.certificate))[0] == 201
    assert api.call("POST", things("v1alpha1"), thing("v1alpha1", {"size": 3}))[0] == 201
    assert api.call("GET", things("v1", "one"))[1]["spec"] == {"replicas": 3}


def test_one_bad_object_fails_the_whole_list_with_the_webhooks_message(api: Caller, running: Running) -> None:
    url = f"https://localhost:{running.port}/convert"
    api.call("POST", DEFINITIONS, webhook(url, running.authority.certificate))
    api.call("POST", things("v1"), thing("v1", {"n": 2}))
    code, refused = api.call("POST", things("v1alpha1"), thing("v1alpha1", {"n": 7}, name="odd"))
    assert code == 500
    assert refused["message"] == (
        f"conversion webhook for {GROUP}/v1alpha1, Kind=Thing failed: 1 of 1 objects cannot be converted to {GROUP}/v1: "
        "objects[0] here/odd: spec.n: halved raised ValueError: 7 is odd"
    )


@pytest.mark.parametrize(
    ("url", "changes", "message"),
    [
        ("https://localhost:1/convert", {}, "failed: [Errno 111] Connection refused"),
        ("", {}, "failed: the embedded API server reaches webhooks by clientConfig.url alone"),
    ],
)
def test_a_webhook_that_cannot_be_asked_is_told(api: Caller, running: Running, url: str, changes: Any, message: str) -> None:
    api.call("POST", DEFINITIONS, webhook(url, running.authority.certificate, **changes))
    code, refused = api.call("POST", things("v1alpha1"), thing("v1alpha1", {"size": 1}))
    assert code == 500
    assert message in refused["message"]
