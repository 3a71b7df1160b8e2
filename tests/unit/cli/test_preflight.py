"""What lint adds to a plan: what cannot end well forbids it, all else is a note; by `plan`, and by `rotate` before it begins."""

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from clusterlint_program import Served
from underway.cli.main import main
from underway.cli.preflight import kinds, planned, rules
from underway.lint import Picture, picture_of
from underway.lint.picture import Skipped
from underway.model import decode
from underway.model.snapshot import snapshot_of
from underway.rotate.plan import Plan
from underway.rotate.spec import Rotation
from underway.sim.apiserver.discovery import RELEASE

NOW_MS = 1_795_564_800_000


def rotation(version: str, **also: Any) -> Rotation:
    spec = {"target": {"kubeletVersion": version}, "machines": {"provider": "Command", "command": ["./machines"]}, **also}
    document = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "workers"}, "spec": spec}
    return msgspec.convert(document, Rotation)


def node(name: str) -> dict[str, Any]:
    ready = [{"type": "Ready", "status": "True"}]
    status = {"nodeInfo": {"kubeletVersion": "v1.36.1"}, "conditions": ready}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": name}, "status": status}


def pod(name: str, where: str, labels: dict[str, str], owner: str = "web") -> dict[str, Any]:
    reference = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": owner, "uid": owner, "controller": True}
    metadata = {"name": name, "namespace": "shop", "uid": name, "labels": labels, "ownerReferences": [reference]}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    spec = {"nodeName": where, "containers": [{"name": "app", "image": "registry.example.com/app:1"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def budget(name: str, labels: dict[str, str]) -> dict[str, Any]:
    status = {"disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1, "expectedPods": 2}
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    metadata = {"name": name, "namespace": "shop", "uid": name}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec, "status": status}


def stateful_set(name: str, template: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": name}
    spec = {"replicas": 2, "template": {"metadata": {"labels": {"app": name}}, "spec": template}}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}


def preflight(*objects: dict[str, Any], server: str = "v1.37.2", target: str = "v1.37.2", skipped: int = 0, **also: Any) -> Plan:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for value in objects:
        by_kind.setdefault(value["kind"], []).append(value)
    known = {kind: values for kind, values in by_kind.items() if kind != "HorizontalPodAutoscaler"}
    read = {kind: [decode.from_values(kind, value) for value in values] for kind, values in known.items()}
    wanted = rotation(target, **also)
    lost = tuple(Skipped("PersistentVolume", f"needs list persistentvolumes ({number})") for number in range(skipped))
    picture = Picture(picture_of(objects).objects, skipped=lost, server_version=server)
    return planned(wanted, snapshot_of(read), picture, NOW_MS)


def test_a_healthy_cluster_stays_as_planned() -> None:
    made = preflight(node("a"), node("b"), pod("web-0", "a", {"app": "web"}), stateful_set("web", {}))
    assert ([one.node for one in made.order], made.blockers) == (["b", "a"], ()) or made.blockers == ()
    assert len(made.order) == 2


def test_a_kubelet_newer_than_the_api_server_forbids_all() -> None:
    made = preflight(node("a"), node("b"), server="v1.36.3")
    assert made.order == ()
    assert {blocker.node for blocker in made.blockers} == {"a", "b"}
    assert made.blockers[0].reason == ("kubelet v1.37.2 is newer than the API server (v1.36.3): upgrade the control plane first")


def test_two_budgets_for_one_pod_forbid_its_node_only() -> None:
    both = {"app": "web", "tier": "front"}
    objects = (node("a"), node("b"), pod("web-0", "a", both), stateful_set("web", {}))
    made = preflight(*objects, budget("one", {"app": "web"}), budget("two", {"tier": "front"}))
    assert [one.node for one in made.order] == ["b"]
    (blocker,) = made.blockers  # the plan's own: lint does not say it again
    assert (blocker.node, blocker.pod) == ("a", "shop/web-0")


def test_a_pod_pinned_to_a_node_forbids_that_node() -> None:
    template = {"nodeName": "a", "containers": [{"name": "app", "image": "registry.example.com/app:1"}]}
    made = preflight(node("a"), node("b"), pod("web-0", "a", {"app": "web"}), stateful_set("web", template))
    (blocker,) = made.blockers
    assert (blocker.node, blocker.pod) == ("a", "shop/web-0")
    assert "StatefulSet shop/web: the pod can run on node a alone" in blocker.reason


WEBHOOKS = "ValidatingWebhookConfiguration"


def webhook(namespaces: tuple[str, ...] = ()) -> dict[str, Any]:
    """A webhook that fails closed and is asked about new pods; namespaces: not in these."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    elsewhere = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": list(namespaces)}
    one = {
        "name": "policy.example.com",
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "rules": [rule],
        "clientConfig": {"service": {"namespace": "shop", "name": "policy"}},
        "namespaceSelector": {"matchExpressions": [elsewhere]} if namespaces else {},
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": WEBHOOKS}
    return {**kind, "metadata": {"name": "policy", "uid": "policy"}, "webhooks": [one]}


def namespace() -> dict[str, Any]:
    metadata = {"name": "shop", "uid": "shop", "labels": {"kubernetes.io/metadata.name": "shop"}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def service() -> dict[str, Any]:
    spec = {"selector": {"app": "policy"}, "ports": [{"port": 443}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "policy", "namespace": "shop", "uid": "s"}, "spec": spec}


def unready(pod: dict[str, Any], since: str) -> dict[str, Any]:
    condition = {"type": "Ready", "status": "False", "lastTransitionTime": since}
    return {**pod, "status": {"phase": "Running", "conditions": [condition]}}


NODES = (node("a"), node("b"))
POLICY = (namespace(), service(), pod("policy-0", "a", {"app": "policy"}, "policy"), pod("web-0", "b", {"app": "web"}))


def short(policy: str = "IfHealthyBudget") -> dict[str, Any]:
    """A budget that lacks a healthy pod."""
    made = budget("web", {"app": "web"})
    made["spec"] = {**made["spec"], "unhealthyPodEvictionPolicy": policy}
    made["status"] = {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 2, "expectedPods": 2}
    return made


LOST = unready(pod("web-0", "b", {"app": "web"}), "2026-11-24T23:30:00Z")


@pytest.mark.parametrize(
    ("objects", "blocked", "reason"),
    [
        ((*POLICY, webhook()), ["a"], "fails closed, and all its pods are on node a, and is asked before they are made anew"),
        ((*POLICY, webhook(("shop",))), [], ""),  # not about its own namespace: its pod comes back, and then the others
        ((*POLICY[:2], POLICY[3], webhook()), ["b"], "and no pod of Service shop/policy is ready: its own is not made anew"),
        ((*POLICY[:2], POLICY[3], webhook(("shop",))), [], ""),
        (
            (LOST, short()),
            ["b"],
            "web-0 has not been ready for 30m00s: set unhealthyPodEvictionPolicy to AlwaysAllow, or mend it",
        ),
        ((LOST, short("AlwaysAllow")), [], ""),
        ((unready(LOST, "2026-11-24T23:58:00Z"), short()), [], ""),  # two minutes: it may yet come
    ],
)
def test_what_would_not_come_back_forbids_its_node(objects: tuple[dict[str, Any], ...], blocked: list[str], reason: str) -> None:
    made = preflight(*NODES, *objects)
    assert [blocker.node for blocker in made.blockers] == blocked
    assert all(reason in blocker.reason for blocker in made.blockers)


def test_a_second_replica_that_comes_first_answers_for_the_webhook() -> None:
    deployment = {**stateful_set("policy", {}), "kind": "Deployment"}
    deployment["spec"]["replicas"] = 1
    alone = pod("policy-0", "a", {"app": "policy"}, "policy")
    alone["metadata"]["ownerReferences"][0]["kind"] = "Deployment"
    made = preflight(*NODES, namespace(), service(), alone, deployment, webhook(), drain={"singleReplica": "Surge"})
    assert made.blockers == ()
    assert any("all its pods are on node a" in note for note in made.warnings)


def test_a_successor_that_comes_first_makes_the_room_that_is_lacking() -> None:
    full = [{**node(name), "status": {**node(name)["status"], "allocatable": {"cpu": "1", "memory": "1Gi"}}} for name in "ab"]
    pods = [pod(f"web-{name}", name, {"app": "web"}) for name in "ab"]
    for one in pods:
        one["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
    lacking = [note for note in preflight(*full, *pods, pace={"maxSurge": 0}).warnings if "no-room-to-repack" in note]
    assert len(lacking) == 1
    assert not [note for note in preflight(*full, *pods).warnings if "no-room-to-repack" in note]


def test_secrets_and_roles_need_not_be_read_for_it() -> None:
    assert not {"Secret", "ConfigMap", "Role", "ClusterRole"} & kinds()
    assert {"Node", "Pod", "PodDisruptionBudget", "APIService", "RequestedAPI"} <= kinds()


@pytest.fixture(scope="module")
def embedded() -> Iterator[Served]:
    """An API server over HTTPS without nodes."""
    with Served() as served:
        yield served


def told(*arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process: exit code, and what it says."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0), out.getvalue(), err.getvalue()


@pytest.mark.parametrize("command", ["plan", "rotate"])
@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ((*POLICY, webhook()), "webhook 'policy.example.com' fails closed, and all its pods are on node a"),
        ((LOST, short()), "web-0 has not been ready for"),
        (
            (
                pod("web-0", "a", {"app": "web"}),
                stateful_set("web", {"nodeName": "a", "containers": [{"name": "app", "image": "w:1"}]}),
            ),
            "StatefulSet shop/web: the pod can run on node a alone",
        ),
        ((pod("web-0", "a", {"app": "w", "t": "w"}), budget("one", {"app": "w"}), budget("two", {"t": "w"})), "more than one"),
        (({**pod("web-0", "a", {}), "metadata": {"name": "web-0", "namespace": "shop"}},), "has no controller"),
    ],
    ids=["webhook", "unhealthy", "pinned", "budgets", "bare"],
)
def test_the_commands_refuse_what_cannot_end_well(
    command: str, objects: tuple[dict[str, Any], ...], reason: str, embedded: Served, tmp_path: Path
) -> None:
    embedded.hold([namespace(), *NODES, *(one for one in objects if one["kind"] != "Namespace")])
    file = tmp_path / "rotation.yaml"
    target = {"target": {"kubeletVersion": RELEASE}, "machines": {"provider": "Command", "command": ["false"]}}
    file.write_text(
        yaml.safe_dump({"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "w"}, "spec": target})
    )
    code, out, err = told(command, "-f", str(file), "--kubeconfig", str(embedded.kubeconfig))
    assert code == 1, err
    assert reason in " ".join(out.split())
    if command == "rotate":
        assert "nothing was changed; remove what blocks" in err


@pytest.mark.parametrize("skipped", [1, 30])
def test_what_could_not_be_looked_at_is_told_but_not_without_end(skipped: int) -> None:
    made = preflight(node("a"), node("b"), skipped=skipped)
    assert any(note.startswith("not looked at: PersistentVolume: needs list") for note in made.warnings)
    assert len(made.warnings) <= 21
    last = made.warnings[-1]
    assert last.endswith(" more: underway lint run -g upgrade --target 1.37") == (skipped == 30)


def test_every_rule_that_speaks_here_is_among_those_that_the_last_note_names() -> None:
    assert all("upgrade" in rule.groups for rule in rules())


def test_what_is_said_of_many_nodes_is_said_once() -> None:
    made = preflight(*(node(f"n{index}") for index in range(9)), server="v1.41.0", target="v1.41.0")
    (note,) = (one for one in made.warnings if "version-skew" in one)
    assert note == (
        "error: 9 Nodes (n0, n1, n2 and 6 more): kubelet v1.36.1 is 5 minor versions older than 1.41; 3 are taken (version-skew)"
    )


def test_versions_that_are_still_stored_are_a_note() -> None:
    versions = [{"name": name, "served": True, "storage": name == "v1"} for name in ("v1alpha1", "v1")]
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "devices.things.example.com", "uid": "d"},
        "spec": {"group": "things.example.com", "names": {"plural": "devices", "kind": "Device"}, "versions": versions},
        "status": {"storedVersions": ["v1alpha1", "v1"]},
    }
    (note,) = [note for note in preflight(node("a"), definition).warnings if "devices.things.example.com" in note]
    assert "objects may still be stored in v1alpha1" in note


def lone(least: int, most: int, **also: Any) -> Plan:
    """The plan for a Deployment of one replica that an autoscaler scales between two numbers, where a second one is asked for."""
    labels = {"app": "web", "pod-template-hash": "5d4c"}
    alone = pod("web-5d4c-x", "a", labels)
    alone["metadata"]["ownerReferences"][0] |= {"kind": "ReplicaSet", "name": "web-5d4c"}
    deployment = stateful_set("web", {"containers": []}) | {"kind": "Deployment"}
    deployment["spec"] |= {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}}
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": least, "maxReplicas": most},
    }
    return preflight(node("a"), alone, deployment, scaler, *also.pop("besides", ()), drain={"singleReplica": "Surge"}, **also)


@pytest.mark.parametrize(
    ("least", "most", "then"),
    [
        (1, 3, "gets a second one from HorizontalPodAutoscaler web (minReplicas: 2) before it is evicted"),
        (1, 1, "is evicted without a second: HorizontalPodAutoscaler web allows one (maxReplicas)"),
        (2, 3, "is evicted without a second: HorizontalPodAutoscaler web asks for 2 itself (minReplicas)"),
    ],
)
def test_the_plan_says_what_an_autoscaler_makes_of_a_single_replica(least: int, most: int, then: str) -> None:
    assert f"Deployment shop/web has one replica, which {then}" in lone(least, most).warnings


def strict() -> dict[str, Any]:
    """A budget that never lets a single pod go."""
    found = budget("web", {"app": "web"})
    return found | {
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1},
    }


def test_a_budget_over_a_single_replica_that_its_autoscaler_keeps_single_blocks_the_node() -> None:
    assert lone(1, 3, besides=[strict()]).blockers == ()
    (blocker,) = lone(1, 1, besides=[strict()]).blockers
    assert blocker.reason.startswith("PodDisruptionBudget shop/web never allows a disruption")
    assert blocker.reason.endswith("no second replica comes first: HorizontalPodAutoscaler web allows one (maxReplicas)")


def test_a_budget_that_allows_nothing_once_an_autoscaler_has_scaled_down_is_a_note() -> None:
    sparing = strict() | {"status": {"disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1, "expectedPods": 2}}
    said = [note for note in lone(1, 3, besides=[sparing]).warnings if "pdb-blocks-drain" in note]
    assert len(said) == 1
    assert "an autoscaler may go down to 1 pods, and then the budget allows no disruption" in said[0]
