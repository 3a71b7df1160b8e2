"""Patches of plain values, and applies."""

from typing import Any

import pytest

from underway.kube import request as q
from underway.sim.apiserver.patch import json_patch, merge, strategic
from underway.sim.apiserver.status import StatusError
from unit.sim.apiserver.caller import DEFAULT, Caller, config

CONFIG = f"{DEFAULT}/configmaps/c"
CONTAINERS = {"containers": [{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "b:1"}]}


# The examples of RFC 7396, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        # And what Go's library makes of nulls in lists.
        ({"a": 1}, {"a": [{"b": None}, None]}, {"a": [{}, None]}),
        ({"a": {"c": 1}}, {"a": [{"b": None}]}, {"a": [{"b": None}]}),
    ],
)
def test_merge(target: Any, patch: Any, result: Any) -> None:
    assert merge(target, patch) == result


@pytest.mark.parametrize(
    ("patch", "names"),
    [
        ({"containers": [{"name": "c", "image": "c:1"}]}, ["c", "a", "b"]),
        ({"containers": [{"name": "a", "$patch": "delete"}]}, ["b"]),
        ({"containers": [{"$patch": "replace"}, {"name": "z"}]}, ["z"]),
        (
            {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "a", "image": "a:2"}]},
            ["b", "a"],
        ),
        ({"containers": None}, []),
    ],
)
def test_strategic_merge_of_a_list_with_a_key(patch: Any, names: list[str]) -> None:
    assert [container["name"] for container in strategic(CONTAINERS, patch).get("containers", [])] == names


def test_strategic_merge_reaches_into_items() -> None:
    patch = {"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}]}]}
    merged = strategic(CONTAINERS, patch)["containers"][0]
    assert (merged["image"], [entry["name"] for entry in merged["env"]]) == ("a:1", ["Y", "X"])


def test_strategic_merge_retains_the_keys_that_it_names() -> None:
    target = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}
    assert strategic(target, {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}) == {"strategy": {"type": "Recreate"}}


def test_taints_are_one_list() -> None:
    assert strategic({"taints": [{"key": "a"}]}, {"taints": [{"key": "b"}]}) == {"taints": [{"key": "b"}]}


def test_addresses_of_an_endpoint_are_text() -> None:
    assert strategic({"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"]}) == {"addresses": ["10.0.0.2"]}


def test_an_item_without_its_key_is_refused_as_the_real_server_does() -> None:
    with pytest.raises(StatusError, match=r"map: map\[image:j\] does not contain declared merge key: name") as refused:
        strategic(CONTAINERS, {"containers": [{"image": "j"}]})
    assert refused.value.code == 500


def test_json_patch_applies_or_refuses() -> None:
    assert json_patch({"a": 1}, [{"op": "test", "path": "/a", "value": 1}, {"op": "replace", "path": "/a", "value": 2}]) == {
        "a": 2
    }
    for operations in ([{"op": "remove", "path": "/b"}], [{"op": "test", "path": "/a", "value": 3}], [{"op": "nosuch"}]):
        with pytest.raises(StatusError) as refused:
            json_patch({"a": 1}, operations)
        assert refused.value.code == 422


def test_json_patch_takes_a_field_that_is_not_there_as_go_does() -> None:
    assert json_patch({"a": {}}, [{"op": "copy", "from": "/a/b", "path": "/c"}]) == {"a": {}, "c": None}
    assert json_patch({"a": {}}, [{"op": "replace", "path": "/a/b", "value": 1}]) == {"a": {"b": 1}}
    with pytest.raises(StatusError):
        json_patch({"a": []}, [{"op": "replace", "path": "/a/0", "value": 1}])


class TestApply:
    """Server-side apply."""

    @staticmethod
    def apply(api: Caller, manager: str, force: str = "false", **data: str) -> tuple[int, Any]:
        url = f"{CONFIG}?fieldManager={manager}&force={force}"
        return api.call("PATCH", url, config("c", **data), content_type=q.APPLY_PATCH)

    def test_the_first_apply_creates(self, api: Caller) -> None:
        code, made = self.apply(api, "one", a="1")
        assert code == 201
        owned = made["metadata"]["managedFields"][0]
        assert (owned["manager"], owned["operation"], owned["fieldsV1"]) == ("one", "Apply", {"f:data": {"f:a": {}}})

    def test_who_takes_a_field_by_force_owns_it(self, api: Caller) -> None:
        self.apply(api, "one", a="1", b="1")
        code, status = self.apply(api, "two", a="2")
        assert code == 409
        assert status["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.a'
        assert status["details"]["causes"] == [
            {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.a"}
        ]
        assert self.apply(api, "two", "true", a="2")[1]["data"] == {"a": "2", "b": "1"}
        assert self.apply(api, "one", b="1")[1]["data"] == {"a": "2", "b": "1"}

    def test_what_one_no_longer_wants_goes_unless_another_does(self, api: Caller) -> None:
        self.apply(api, "one", a="1", b="1")
        self.apply(api, "two", a="1")
        assert self.apply(api, "one")[1]["data"] == {"a": "1"}

    def test_the_same_intent_twice_changes_nothing(self, api: Caller) -> None:
        first = self.apply(api, "one", a="1")[1]
        api.now_ms += 60_000
        assert self.apply(api, "one", a="1") == (200, first)

    def test_a_manager_and_a_kind_are_required(self, api: Caller) -> None:
        code, status = api.call("PATCH", CONFIG, config("c"), content_type=q.APPLY_PATCH)
        assert (code, status["details"]["kind"]) == (422, "PatchOptions")
        code, status = api.call("PATCH", f"{CONFIG}?fieldManager=one", {"data": {}}, content_type=q.APPLY_PATCH)
        assert (code, status["message"]) == (400, "invalid object type: /, Kind=")
