"""What a rotation has to be allowed: one table for the question, the Roles and deploy/rbac.yaml."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from objects import cluster, node, pod
from underway.kube.reply import Reply, Status
from underway.policy.evictable import Rules
from underway.rotate import grants
from underway.rotate.grants import Need
from underway.rotate.kinds.installation import Installation, installation
from underway.rotate.spec import RotationSpec

RBAC = Path(__file__).resolve().parents[3] / "deploy" / "rbac.yaml"
SPECS: dict[str, dict[str, Any]] = {
    "plain": {},
    "deadline": {"drain": {"ladder": ["DeadlineDelete"]}},
    "training": {"drain": {"wait": [{"selector": {}, "until": "Checkpointed"}]}},
    "single": {"drain": {"singleReplica": "Surge"}},
    "claims": {"machines": {"provider": "Karpenter"}},
}


def spec_of(**given: Any) -> RotationSpec:
    return msgspec.convert({"target": {"kubeletVersion": "v1.37.2"}, **given}, RotationSpec)


def roles(objects: list[dict[str, Any]]) -> set[Need]:
    """What the Roles and ClusterRoles among some objects allow."""
    found: set[Need] = set()
    for value in objects:
        if value["kind"] in ("Role", "ClusterRole"):
            found |= set(grants.granted(value["rules"], value["metadata"].get("namespace", "")))
    return found


@pytest.mark.parametrize(
    ("need", "said"),
    [
        (Need("", "nodes", "patch"), "patch nodes"),
        (Need("", "pods/eviction", "create", "shop"), "create pods/eviction in namespace shop"),
        (Need("apps", "deployments/scale", "patch"), "patch deployments.apps/scale"),
        (Need("policy", "poddisruptionbudgets", "list", "shop"), "list poddisruptionbudgets.policy in namespace shop"),
    ],
)
def test_a_need_is_said_as_kubectl_says_it(need: Need, said: str) -> None:
    assert str(need) == said


@pytest.mark.parametrize("name", SPECS)
def test_the_roles_that_the_remedy_prints_grant_what_the_operator_needs_and_nothing_beyond_owners(name: str) -> None:
    spec = spec_of(**SPECS[name])
    options = grants.manifests_for(spec).split()[2:]
    given = dict(zip(options[::2], options[1::2], strict=True))
    provider, grant = given.get("--provider"), given.get("--grant")
    wanted = Installation("underway", providers=(provider,) if provider else (), grants=(grant,) if grant else ())
    needs = grants.needs_of(spec, "operator")
    owners = set(grants.granted(grants.OWNER_RULES))
    assert roles(installation(wanted, [])) - owners == {*needs.everywhere, *needs.moves}


def test_what_the_file_for_terminals_grants_is_enough_for_a_plain_rotation() -> None:
    needs = grants.needs_of(spec_of(), "terminal")
    assert {*needs.everywhere, *needs.moves} <= roles(list(yaml.safe_load_all(RBAC.read_text())))


@pytest.mark.parametrize("name", ["deadline", "training", "single"])
def test_what_a_rotation_asks_for_besides_is_needed_where_pods_move(name: str) -> None:
    plain, more = grants.needs_of(spec_of(), "terminal"), grants.needs_of(spec_of(**SPECS[name]), "terminal")
    assert plain.everywhere == more.everywhere
    assert set(plain.moves) < set(more.moves)


def test_the_rights_on_machines_stand_apart_for_they_may_be_of_another_cluster() -> None:
    needs = grants.needs_of(spec_of(machines={"provider": "ClusterAPI"}), "terminal")
    assert {need.group for need in needs.machines} == {"cluster.x-k8s.io"}
    assert not any("cluster.x-k8s.io" in need.group for need in (*needs.reads, *needs.acts, *needs.moves))


def test_the_review_asks_for_exactly_the_need() -> None:
    request = grants.review(7, Need("apps", "deployments/scale", "patch", "shop"))
    assert request.path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert request.body["spec"]["resourceAttributes"] == {
        "group": "apps",
        "resource": "deployments",
        "subresource": "scale",
        "verb": "patch",
        "namespace": "shop",
    }


@pytest.mark.parametrize(
    ("code", "body", "found"),
    [
        (201, {"status": {"allowed": True}}, True),
        (201, {"status": {"allowed": False, "evaluationError": "role not found"}}, False),
        (201, {"status": {}}, None),
        (403, None, None),
        (0, None, None),
    ],
)
def test_what_the_server_does_not_say_is_unknown_and_never_a_no(code: int, body: Any, found: bool | None) -> None:
    status = Status(message="forbidden") if code == 403 else None
    asked = grants.review(1, Need("", "nodes", "patch"))
    assert grants.verdict(Reply(request=asked, code=code, body=body, status=status)) is found


def test_all_that_is_missing_is_one_phrase_and_the_rules_that_would_allow_it() -> None:
    missing = (Need("", "nodes", "patch"), Need("", "nodes", "delete"), Need("", "pods/eviction", "create", "shop"))
    assert grants.listed(missing) == "patch, delete nodes; create pods/eviction in namespace shop"
    assert yaml.safe_load(grants.rules_for(missing)) == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["patch", "delete"]},
        {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    ]
    assert "# a Role in namespace shop" in grants.rules_for(missing)


def test_a_namespace_is_open_where_none_of_the_rights_is_refused() -> None:
    moves = (Need("", "pods/eviction", "create"), Need("", "pods", "delete"))
    answers = dict.fromkeys(grants.within(moves, ("data", "shop", "vault")), True)
    answers[Need("", "pods", "delete", "vault")] = False
    assert grants.open_namespaces(moves, ("data", "shop", "vault"), answers) == {"data", "shop"}


def test_the_namespaces_that_matter_are_those_of_pods_that_have_to_leave() -> None:
    static = {"namespace": "kube-system", "annotations": {"kubernetes.io/config.mirror": "1"}}
    control_plane: dict[str, Any] = {"labels": {"node-role.kubernetes.io/control-plane": ""}}
    elsewhere = pod("etcd", "n2", metadata={"namespace": "etcd"})
    seen = cluster(node("n1"), node("n2", **control_plane), pod("web", "n1"), pod("static", "n1", metadata=static), elsewhere)
    assert grants.namespaces_to_leave(seen, spec_of(), Rules()) == {"shop"}
