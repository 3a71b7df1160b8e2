"""HTTP in, HTTP out: who may, what is served, and how refusals read."""

import json
from typing import Any

import pytest

from underway.sim.apiserver.access import ANONYMOUS, User
from underway.sim.apiserver.front import Answer, HttpRequest
from unit.sim.apiserver.caller import DEFAULT, Caller, config, pod

CONFIGS = f"{DEFAULT}/configmaps"


def test_an_object_can_be_created_read_and_deleted(api: Caller) -> None:
    code, made = api.call("POST", CONFIGS, config("a", colour="red"))
    assert (code, made["metadata"]["namespace"]) == (201, "default")
    assert api.call("GET", f"{CONFIGS}/a") == (200, made)
    code, gone = api.call("DELETE", f"{CONFIGS}/a")
    assert (code, gone["status"], gone["details"]["uid"]) == (200, "Success", made["metadata"]["uid"])
    assert api.call("GET", f"{CONFIGS}/a")[0] == 404


# Recorded from kube-apiserver 1.36.
@pytest.mark.parametrize(
    ("method", "url", "value", "code", "message"),
    [
        ("POST", f"{DEFAULT}/pods", {"metadata": {"name": "x"}}, 422, 'Pod "x" is invalid: spec.containers: Required value'),
        (
            "POST",
            f"{DEFAULT}/pods",
            {"metadata": {"name": 5}},
            400,
            'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string',  # noqa: E501  # one sentence of the real server
        ),
        (
            "POST",
            CONFIGS,
            {"metadata": {"name": "y"}, "data": {"a": 1}},
            400,
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',  # noqa: E501  # one sentence of the real server
        ),
        ("POST", "/api/v1/pods", pod("x"), 405, "the server does not allow this method on the requested resource"),
        ("POST", f"{CONFIGS}/y", config("y"), 405, "the server does not allow this method on the requested resource"),
        ("PUT", CONFIGS, config("y"), 405, "the server does not allow this method on the requested resource"),
        ("PUT", f"{CONFIGS}/y", config("x"), 400, "the name of the object (x) does not match the name on the URL (y)"),
        ("PUT", f"{CONFIGS}/y", config("y"), 404, 'configmaps "y" not found'),
        ("POST", "/api/v1/namespaces/nons/configmaps", config("x"), 404, 'namespaces "nons" not found'),
        ("GET", f"{CONFIGS}?limit=x", None, 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("GET", f"{DEFAULT}/pods/x/eviction", None, 405, "the server does not allow this method on the requested resource"),
        ("POST", f"{DEFAULT}/pods/x/eviction", {}, 400, "name in URL does not match name in Eviction object"),
        ("GET", f"{DEFAULT}/pods/x/foo", None, 404, "the server could not find the requested resource"),
        ("GET", "/api/v1/pods/x", None, 404, "the server could not find the requested resource"),
        ("GET", "/apis/apps/v9/deployments", None, 404, "the server could not find the requested resource"),
    ],
)
def test_refusals_read_as_the_real_servers(api: Caller, method: str, url: str, value: Any, code: int, message: str) -> None:
    answered, status = api.call(method, url, value)
    assert (answered, status["message"]) == (code, message)
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", code)


def test_the_namespace_of_an_object_must_be_that_of_the_url(api: Caller) -> None:
    value = config("x") | {"metadata": {"name": "x", "namespace": "other"}}
    code, status = api.call("POST", CONFIGS, value)
    assert (code, status["reason"]) == (400, "BadRequest")
    assert "does not match the namespace sent on the request" in status["message"]


def test_a_group_that_is_not_served_is_not_found_in_text(api: Caller) -> None:
    answer = api.raw("GET", "/apis/nosuch.example/v1/things")
    assert isinstance(answer, Answer)
    assert (answer.code, answer.body) == (404, b"404 page not found\n")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b"\xff\xfe", b'{"metadata": []}', b'{"metadata": {"name": "x", "labels": 3}}']
)
def test_what_cannot_be_read_is_a_bad_request(api: Caller, body: bytes) -> None:
    answer = api.raw("POST", CONFIGS, body, content_type="application/json")
    assert isinstance(answer, Answer)
    assert answer.code == 400
    assert json.loads(answer.body)["reason"] == "BadRequest"


def test_a_deep_body_costs_its_sender_a_status(api: Caller) -> None:
    answer = api.raw("POST", CONFIGS, b"[" * 100_000, content_type="application/json")
    assert isinstance(answer, Answer)
    assert json.loads(answer.body)["kind"] == "Status"
    assert answer.code in (400, 500)


def test_an_unknown_media_type_is_told_which_are_known(api: Caller) -> None:
    code, status = api.call("POST", CONFIGS, config("x"), content_type="text/plain")
    assert (code, status["reason"]) == (415, "UnsupportedMediaType")
    assert "accepted media types include: application/json" in status["message"]
    assert api.call("GET", CONFIGS, accept="text/html")[0] == 406


def test_a_manifest_in_yaml_is_read_without_dates(api: Caller) -> None:
    text = b"kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {day: 2026-01-05}\n"
    answer = api.raw("POST", CONFIGS, text, content_type="application/yaml")
    assert isinstance(answer, Answer)
    assert json.loads(answer.body)["data"] == {"day": "2026-01-05"}


def test_deleting_a_collection_deletes_what_is_selected(api: Caller) -> None:
    for name, tier in (("a", "gold"), ("b", "gold"), ("c", "tin")):
        api.call("POST", CONFIGS, config(name) | {"metadata": {"name": name, "labels": {"tier": tier}}})
    code, deleted = api.call("DELETE", f"{CONFIGS}?labelSelector=tier=gold")
    assert (code, [item["metadata"]["name"] for item in deleted["items"]]) == (200, ["a", "b"])
    assert [item["metadata"]["name"] for item in api.call("GET", CONFIGS)[1]["items"]] == ["c"]


class TestAccess:
    """Authentication, authorization, impersonation."""

    @staticmethod
    def ask(api: Caller, path: str, user: User | None = None, **headers: str) -> tuple[int, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = api.front.answer(HttpRequest(method="GET", path=path, headers=named, certified=user))
        assert isinstance(answer, Answer)
        return answer.code, json.loads(answer.body) if answer.body.startswith(b"{") else answer.body

    def test_a_token_names_its_user(self, api: Caller) -> None:
        api.front.authorize = lambda user, _what: user.name == "robot"
        assert self.ask(api, CONFIGS, authorization="Bearer secret")[0] == 200

    def test_a_wrong_token_is_unauthorized(self, api: Caller) -> None:
        code, status = self.ask(api, CONFIGS, authorization="Bearer wrong")
        assert (code, status["reason"], status["message"]) == (401, "Unauthorized", "Unauthorized")

    def test_nobody_in_particular_sees_health_alone(self, api: Caller) -> None:
        assert self.ask(api, "/healthz") == (200, b"ok")
        code, status = self.ask(api, CONFIGS)
        assert code == 403
        assert status["message"] == (
            f'configmaps is forbidden: User "{ANONYMOUS.name}" cannot list resource "configmaps" in API group "" '
            'in the namespace "default"'
        )
        assert self.ask(api, "/metrics")[1]["message"] == 'forbidden: User "system:anonymous" cannot get path "/metrics"'

    def test_an_administrator_may_act_as_somebody_else(self, api: Caller) -> None:
        code, status = api.call("GET", "/api/v1/nodes", impersonate_user="bob")
        assert code == 403
        assert (
            status["message"]
            == 'nodes is forbidden: User "bob" cannot list resource "nodes" in API group "" at the cluster scope'
        )
        assert self.ask(api, CONFIGS, User("bob", ("system:authenticated",)), impersonate_user="admin")[0] == 403

    def test_a_forbidden_verb_is_named(self, api: Caller) -> None:
        api.front.authorize = lambda _user, what: what.resource != "pods/eviction"
        code, status = api.call("POST", f"{DEFAULT}/pods/x/eviction", {"metadata": {"name": "x"}})
        assert code == 403
        assert 'cannot create resource "pods/eviction" in API group "" in the namespace "default"' in status["message"]

    def test_one_can_ask_what_one_may(self, api: Caller) -> None:
        url = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        spec = {"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "shop"}}
        code, review = api.call("POST", url, {"spec": spec}, impersonate_user="bob")
        assert (code, review["status"]) == (201, {"allowed": False})
        assert api.call("POST", url, {"spec": spec})[1]["status"] == {"allowed": True}


class TestWatch:
    """Watches as their lines are sent."""

    def test_a_watch_from_a_list_tells_what_came_after(self, api: Caller) -> None:
        api.call("POST", CONFIGS, config("a"))
        version = api.call("GET", CONFIGS)[1]["metadata"]["resourceVersion"]
        api.call("POST", CONFIGS, config("b"))
        events, stop = api.watch(f"{CONFIGS}?watch=true&resourceVersion={version}")
        api.patch(f"{CONFIGS}/a", {"data": {"x": "1"}})
        stop()
        api.call("DELETE", f"{CONFIGS}/a")
        assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [("ADDED", "b"), ("MODIFIED", "a")]

    def test_tables_describe_their_columns_once(self, api: Caller) -> None:
        events, _ = api.watch(f"{CONFIGS}?watch=1", accept="application/json;as=Table;v=v1;g=meta.k8s.io")
        api.call("POST", CONFIGS, config("a", x="1"))
        api.call("POST", CONFIGS, config("b"))
        assert [len(event["object"]["columnDefinitions"]) for event in events] == [3, 0]
        assert events[0]["object"]["rows"][0]["cells"] == ["a", 1, "0s"]

    def test_a_bookmark_ends_the_first_objects_of_a_watch_list(self, api: Caller) -> None:
        watching = api.raw("GET", f"{CONFIGS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true")
        assert not isinstance(watching, Answer)
        assert watching.initial_end
        ended = json.loads(watching.bookmark(True))
        assert ended["type"] == "BOOKMARK"
        assert ended["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}

    def test_a_revision_that_is_none_is_refused_as_the_real_server_does(self, api: Caller) -> None:
        code, status = api.call("GET", f"{CONFIGS}?watch=true&resourceVersion=x")
        assert (code, "reason" in status) == (500, False)


def test_health_names_what_fails(api: Caller) -> None:
    assert api.raw("GET", "/readyz") == Answer(200, b"ok", "text/plain; charset=utf-8")
    api.server.failing_checks.append("etcd")
    answer = api.raw("GET", "/readyz")
    assert isinstance(answer, Answer)
    assert answer.code == 500
    assert b"[-]etcd failed" in answer.body


TEMPLATE: dict[str, Any] = {"metadata": {"labels": {"app": "x"}}, "spec": pod("x")["spec"]}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"resources": {"requests": {"cpu": "100%"}}}, 422, "spec.template.spec.containers[0].resources.requests[cpu]"),
        ({"resources": {"requests": {"cpu": "-1"}}}, 422, "spec.template.spec.containers[0].resources.requests[cpu]"),
        ({"image": None}, 422, "spec.template.spec.containers[0].image"),
        ({"resources": "1Gi"}, 400, ""),
        ({"resources": {"requests": ["a"]}}, 400, ""),
        ({"image": 1.5}, 400, ""),
        ({"resources": None}, 201, ""),
    ],
)
def test_what_the_world_could_not_compute_with_is_refused(api: Caller, change: dict[str, Any], code: int, field: str) -> None:
    container = {**TEMPLATE["spec"]["containers"][0], **change}
    template = {**TEMPLATE, "spec": {"containers": [container]}}
    value = {"metadata": {"name": "x"}, "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template}}
    answered, status = api.call("POST", "/apis/apps/v1/namespaces/default/deployments", value)
    assert answered == code
    assert [cause["field"] for cause in (status.get("details") or {}).get("causes", [])] == ([field] if field else [])


def test_a_parameter_of_the_world_must_be_a_number(api: Caller) -> None:
    value = pod("x") | {"metadata": {"name": "x", "annotations": {"sim.underway.dev/start-s": "soon"}}}
    code, status = api.call("POST", f"{DEFAULT}/pods", value)
    assert (code, status["details"]["causes"][0]["field"]) == (422, "metadata.annotations[sim.underway.dev/start-s]")


def test_a_null_is_a_field_that_is_not_there(api: Caller) -> None:
    made = api.call("POST", CONFIGS, {"metadata": {"name": "a", "creationTimestamp": None, "labels": None}, "data": None})[1]
    assert "data" not in made
    assert "labels" not in made["metadata"]
