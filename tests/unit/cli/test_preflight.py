"""What lint adds to a plan: what cannot end well forbids it, all else is a note."""

from typing import Any

import msgspec
import pytest

from underway.cli.preflight import judged, rules
from underway.lint import Picture, picture_of
from underway.lint.picture import Skipped
from underway.model import decode
from underway.model.snapshot import snapshot_of
from underway.rotate.estimates import estimates_of
from underway.rotate.plan import Plan, plan
from underway.rotate.spec import Rotation

NOW_MS = 1_795_564_800_000


def rotation(version: str) -> Rotation:
    spec = {"target": {"kubeletVersion": version}, "machines": {"provider": "Command", "command": ["./machines"]}}
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


def preflight(*objects: dict[str, Any], server: str = "v1.37.2", target: str = "v1.37.2", skipped: int = 0) -> Plan:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for value in objects:
        by_kind.setdefault(value["kind"], []).append(value)
    read = {kind: [decode.from_values(kind, value) for value in values] for kind, values in by_kind.items()}
    wanted = rotation(target)
    made = plan(wanted, snapshot_of(read), estimates_of(wanted.spec), NOW_MS)
    lost = tuple(Skipped("PersistentVolume", f"needs list persistentvolumes ({number})") for number in range(skipped))
    return judged(made, wanted, Picture(picture_of(objects).objects, skipped=lost, server_version=server), NOW_MS)


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
