"""`underway manifests`: the same bytes each time, and no right that was not asked for."""

import json
from typing import Any

import yaml
from click.testing import CliRunner

from underway.cli.manifests import command


def printed(*arguments: str) -> str:
    done = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def objects(*arguments: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = {}
    for value in yaml.safe_load_all(printed(*arguments)):
        found[value["kind"], value["metadata"].get("namespace", ""), value["metadata"]["name"]] = value
    return found


def test_the_output_is_the_same_each_time_without_anchors() -> None:
    assert printed() == printed()
    assert "&id" not in printed()
    assert [item["kind"] for item in json.loads(printed("-o", "json"))["items"]] == [kind for kind, _, _ in objects()]


def test_definitions_come_before_what_needs_them_and_alone_if_wanted() -> None:
    kinds = [kind for kind, _, _ in objects()]
    assert kinds[:3] == ["Namespace", "CustomResourceDefinition", "CustomResourceDefinition"]
    assert [kind for kind, _, _ in objects("--crds-only")] == ["CustomResourceDefinition"] * 2


def test_the_deployment_is_hardened() -> None:
    found = objects("--image", "registry.example/underway:1", "--namespace", "ops", "--replicas", "3")
    spec = found["Deployment", "ops", "underway-operator"]["spec"]
    assert spec["replicas"] == 3
    pod = spec["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["image"] == "registry.example/underway:1"
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")} == {"/healthz", "/readyz"}
    assert found["PodDisruptionBudget", "ops", "underway-operator"]["spec"]["maxUnavailable"] == 1


def may(role: dict[str, Any], resource: str) -> set[str]:
    return {verb for rule in role["rules"] if resource in rule["resources"] for verb in rule["verbs"]}


def test_no_rule_is_wide() -> None:
    for (kind, _, _), value in objects("--fleet").items():
        if kind in ("Role", "ClusterRole"):
            assert "*" not in json.dumps(value["rules"])
    role = objects()["ClusterRole", "", "underway-operator"]
    assert may(role, "pods") == {"list", "watch"}
    assert may(role, "pods/eviction") == {"create"}
    assert may(role, "secrets") == set()


def test_eviction_can_be_confined_to_namespaces() -> None:
    found = objects("--evict-in", "shop", "--evict-in", "data")
    assert may(found["ClusterRole", "", "underway-operator"], "pods/eviction") == set()
    for namespace in ("shop", "data"):
        assert may(found["Role", namespace, "underway-operator-evict"], "pods/eviction") == {"create"}
        assert found["RoleBinding", namespace, "underway-operator-evict"]["subjects"][0]["namespace"] == "underway-system"


def test_a_provider_brings_its_own_rights_and_no_others() -> None:
    plain, karpenter = (objects(*more)["ClusterRole", "", "underway-operator"] for more in ((), ("--provider", "Karpenter")))
    assert may(plain, "nodeclaims") == set()
    assert may(karpenter, "nodeclaims") == {"get", "list", "create", "patch", "delete"}
    assert may(karpenter, "machines") == set()


def test_only_a_hub_reads_secrets_and_only_its_own() -> None:
    holders = [key for key, value in objects("--fleet").items() if "Role" in key[0] and may({"rules": [], **value}, "secrets")]
    assert holders == [("Role", "underway-system", "underway-operator")]


def test_the_iam_policy_is_printed_alone() -> None:
    policy = json.loads(printed("--iam-policy", "EKSNodegroup"))
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert {"eks:DescribeNodegroup", "ec2:RunInstances", "iam:PassRole"} <= actions
    assert not any("*" in action for action in actions)


def test_pods_may_be_deleted_only_where_that_is_granted_and_pods_may_be_evicted() -> None:
    role = objects("--grant", "DeadlineDelete")["ClusterRole", "", "underway-operator"]
    assert may(role, "pods") == {"list", "watch", "delete"}
    found = objects("--grant", "DeadlineDelete", "--evict-in", "shop")
    assert may(found["ClusterRole", "", "underway-operator"], "pods") == {"list", "watch"}
    assert may(found["Role", "shop", "underway-operator-evict"], "pods") == {"delete"}


def test_deployments_may_be_scaled_only_where_that_is_granted() -> None:
    plain, granted = (objects(*more)["ClusterRole", "", "underway-operator"] for more in ((), ("--grant", "SingleReplicaSurge")))
    assert may(plain, "deployments/scale") == may(plain, "horizontalpodautoscalers") == set()
    assert may(granted, "deployments/scale") == {"patch"}
    assert may(granted, "horizontalpodautoscalers") == {"list", "patch"}
    assert may(granted, "deployments") == {"list", "watch"}
