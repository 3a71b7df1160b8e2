"""What the server says that it serves."""

import json

import pytest

from underway.sim.apiserver import openapi
from underway.sim.apiserver.catalogue import CATALOGUE
from underway.sim.apiserver.discovery import RELEASE, priority
from underway.sim.apiserver.front import Answer
from unit.sim.apiserver.caller import Caller

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def test_pieces_and_aggregate_say_the_same(api: Caller) -> None:
    pieces = set()
    for group in api.call("GET", "/apis")[1]["groups"]:
        for version in group["versions"]:
            found = api.call("GET", f"/apis/{version['groupVersion']}")[1]
            pieces |= {(group["name"], version["version"], resource["name"]) for resource in found["resources"]}
    whole = set()
    for item in api.call("GET", "/apis", accept=AGGREGATED)[1]["items"]:
        for version in item["versions"]:
            for resource in version["resources"]:
                key = (item["metadata"]["name"], version["version"])
                whole |= {(*key, resource["resource"])}
                whole |= {(*key, f"{resource['resource']}/{sub['subresource']}") for sub in resource.get("subresources", ())}
    assert pieces == whole
    assert ("apps", "v1", "deployments/scale") in whole


def test_every_entry_is_listed(api: Caller) -> None:
    for entry in CATALOGUE:
        resource = entry.resource
        path = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
        names = [found["name"] for found in api.call("GET", path)[1]["resources"]]
        assert resource.plural in names


def test_drain_finds_the_eviction_subresource(api: Caller) -> None:
    resources = {found["name"]: found for found in api.call("GET", "/api/v1")[1]["resources"]}
    eviction = resources["pods/eviction"]
    assert (eviction["group"], eviction["version"], eviction["kind"]) == ("policy", "v1", "Eviction")


def test_the_aggregate_says_its_own_media_type(api: Caller) -> None:
    answer = api.raw("GET", "/api", accept=AGGREGATED)
    assert isinstance(answer, Answer)
    assert answer.content_type == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.mark.parametrize("path", ["/api/v2", "/apis/apps/v9"])
def test_what_is_not_served_is_not_found(api: Caller, path: str) -> None:
    assert api.call("GET", path)[0] == 404


def test_the_version_is_that_of_the_release_and_never_kubernetes_own(api: Caller) -> None:
    assert api.call("GET", "/version")[1]["gitVersion"] == f"{RELEASE}+underway"
    api.server.release = "v1.37.2"
    said = api.call("GET", "/version")[1]
    assert (said["minor"], said["emulationMinor"], said["minCompatibilityMinor"]) == ("37", "37", "36")
    assert said["gitVersion"] == "v1.37.2+underway"


def test_versions_rank_as_kubectl_expects() -> None:
    versions = ["v1alpha1", "v1", "v2beta1", "v2", "v1beta2", "v10", "odd"]
    assert sorted(versions, key=priority, reverse=True) == ["v10", "v2", "v1", "v2beta1", "v1beta2", "v1alpha1", "odd"]


def test_patches_say_that_fields_are_validated_here(api: Caller) -> None:
    index = api.call("GET", "/openapi/v3")[1]["paths"]
    path = index["apis/apps/v1"]["serverRelativeURL"].partition("?")[0]
    document = api.call("GET", path)[1]
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in [parameter["name"] for parameter in patch["parameters"]]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}


def test_the_hash_of_a_document_changes_with_it(api: Caller) -> None:
    before = openapi.index(CATALOGUE)["paths"]
    fewer = openapi.index([entry for entry in CATALOGUE if entry.resource.plural != "daemonsets"])["paths"]
    assert before["apis/apps/v1"] != fewer["apis/apps/v1"]
    assert before["api/v1"] == fewer["api/v1"]


def test_the_old_document_is_a_readable_protobuf_message() -> None:
    data = openapi.v2_protobuf()
    fields = {}
    at = 0
    while at < len(data):
        number, length = data[at] >> 3, data[at + 1]
        fields[number] = data[at + 2 : at + 2 + length]
        at += 2 + length
    assert at == len(data)
    assert (fields[1], fields[8]) == (b"2.0", b"")
    assert openapi.INFO["title"].encode() in fields[2]


def test_version_is_marked(api: Caller) -> None:
    answer = api.raw("GET", "/version")
    assert isinstance(answer, Answer)
    assert json.loads(answer.body)["gitVersion"].endswith("+underway")
