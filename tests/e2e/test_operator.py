"""The operator as processes with the rights of its ServiceAccount and no others, on a real kube-apiserver with kwok nodes."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane import ControlPlane
from e2e.operators import FINISHED, Crew, app, audited, manifests
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

OLD, NEW = "v1.35.8", "v1.36.3"
NODES = 12


@pytest.fixture(scope="module")
def operators(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """A cluster of old nodes with workloads, the definitions and the rights; no operator runs yet."""
    cluster.apply(manifests("--grant", "SingleReplicaSurge"))
    cluster.kubectl("wait", "--for=condition=Established", "crd/rotations.underway.dev", "--timeout=30s")
    cluster.add_nodes(NODES, OLD, prefix="op")
    ready = "jsonpath={.items[?(@.spec.taints)].metadata.name}"
    wait_until(lambda: cluster.kubectl("get", "nodes", "-o", ready).strip() == "", "every node to be Ready", 90)
    singles = (*app("alone", 1, minAvailable=1), *app("scaled", 1, minAvailable=1), autoscaler("scaled"))
    cluster.apply([*app("web", 30), *app("api", 20), *singles])
    names = [f"deploy/{name}" for name in ("web", "api", "alone", "scaled")]
    cluster.kubectl("rollout", "status", *names, "-n", "default", "--timeout=90s")
    made = Crew(cluster, tmp_path_factory.mktemp("operators"))
    yield made
    made.end()


def autoscaler(name: str) -> dict[str, Any]:
    """One to three replicas for a Deployment; there are no metrics, so that only these limits count."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


def versions(cluster: ControlPlane) -> list[str]:
    return cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}").split()


def cordoned(cluster: ControlPlane) -> str:
    return cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].spec.unschedulable}").strip()


def test_two_replicas_rotate_though_leaders_are_killed(operators: Crew) -> None:
    cluster, dice = operators.cluster, random.Random(4711)
    operators.start_two()
    assert sum(one.leads for one in operators.running) <= 1
    operators.apply("e2e")
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        done = versions(cluster).count(NEW)
        wait_until(lambda done=done: versions(cluster).count(NEW) > done, "one more new node", 120)  # type: ignore[misc]
        threading.Event().wait(dice.uniform(0, 2))  # a random moment of the work, not a state
        code = operators.leader().end(number)
        assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL), operators.logs()[-3000:]
        operators.start()
    wait_until(lambda: operators.state("e2e") == "Finished", "the rotation to be finished", 300)
    assert versions(cluster) == [NEW] * NODES
    assert cordoned(cluster) == ""
    status = operators.rotation("e2e")["status"]
    assert operators.conditions("e2e") == FINISHED
    assert status["nodes"] == {"total": NODES, "upToDate": NODES, "inHand": 0, "outdated": 0}
    assert "Traceback" not in operators.logs()


def test_kubectl_shows_it(operators: Crew) -> None:
    cluster = operators.cluster
    row = cluster.kubectl("get", "rot", "e2e").splitlines()[1].split()
    assert row[:6] == ["e2e", "Finished", str(NODES), str(NODES), "0", "True"]
    described = cluster.kubectl("describe", "rotation", "e2e")
    assert re.search(r"Normal\s+Finished\s+.*12 of 12 nodes are up to date", described), described
    assert "NodeReplaced" in described


def test_a_single_replica_had_a_second_one_before_it_was_evicted_and_has_none_now(operators: Crew) -> None:
    cluster = operators.cluster
    acts = [
        event["objectRef"]["subresource"]
        for event in audited(cluster)
        if event["objectRef"].get("subresource") in ("scale", "eviction")
        and event["objectRef"]["name"].startswith("alone")
        and event.get("responseStatus", {}).get("code", 0) < 300
    ]
    assert acts[0] == "scale"
    assert acts.count("scale") == 2 * acts.count("eviction") > 0, "each was raised before and restored after"
    assert cluster.kubectl("get", "deploy", "alone", "-n", "default", "-o", "jsonpath={.spec.replicas}") == "1"
    assert "rotation.underway.dev/raised" not in cluster.kubectl("get", "leases", "-n", "kube-system", "-o", "json")


def test_what_an_autoscaler_scales_had_its_second_replica_from_the_autoscaler(operators: Crew) -> None:
    cluster = operators.cluster
    acts = [
        event["objectRef"]["resource"]
        for event in audited(cluster)
        if event["objectRef"].get("name", "").startswith("scaled")
        and (event["objectRef"]["resource"], event["verb"]) in (("horizontalpodautoscalers", "patch"), ("pods", "create"))
        and event.get("responseStatus", {}).get("code", 0) < 300
    ]
    assert acts[:2] == ["horizontalpodautoscalers", "pods"]
    least = ("get", "hpa", "scaled", "-n", "default", "-o", "jsonpath={.spec.minReplicas}")
    assert cluster.kubectl(*least) == "1"


def test_a_finished_rotation_takes_up_a_node_that_drifts(operators: Crew) -> None:
    cluster = operators.cluster
    cluster.add_nodes(1, OLD, prefix="late")
    wait_until(lambda: "late-000" not in cluster.kubectl("get", "nodes", "-o", "name"), "the late node to be replaced", 120)
    wait_until(lambda: operators.state("e2e") == "Finished", "the rotation to be finished again", 60)
    assert versions(cluster) == [NEW] * (NODES + 1)


def test_mode_freeze_takes_effect_within_five_seconds_and_a_new_target_is_taken_up(operators: Crew) -> None:
    cluster = operators.cluster
    operators.apply("e2e", target={"kubeletVersion": OLD})
    wait_until(lambda: OLD in versions(cluster), "the rotation to go the other way", 120)
    cluster.kubectl("patch", "rotation", "e2e", "--type=merge", "-p", '{"spec":{"mode":"Freeze"}}')

    def quiet() -> bool:
        nodes = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
        phases = {node["metadata"].get("annotations", {}).get("rotation.underway.dev/phase") for node in nodes}
        return not phases & {"Cordoned", "Draining", "Detaching", "Quarantined"}

    wait_until(quiet, "every node in hand to be released or ended", 5)
    wait_until(lambda: operators.state("e2e") == "Frozen", "the status to say so", 10)
    status = operators.rotation("e2e")["status"]
    assert status["frozen"]["reason"] == "spec.mode is Freeze"
    assert status["frozen"]["since"]


def test_a_deleted_rotation_leaves_no_trace(operators: Crew) -> None:
    cluster = operators.cluster
    cluster.kubectl("delete", "rotation", "e2e", "--timeout=60s")
    nodes = cluster.kubectl("get", "nodes", "-o", "json")
    assert "rotation.underway.dev" not in nodes
    assert cordoned(cluster) == ""
    assert cluster.kubectl("get", "deploy", "alone", "-n", "default", "-o", "jsonpath={.spec.replicas}") == "1"
    assert "underway-e2e" not in cluster.kubectl("get", "leases", "-n", "kube-system", "-o", "name")


def granted() -> set[tuple[str, str, str, str]]:
    """(namespace, group, resource, verb) of every rule, pods/eviction as a resource of its own."""
    found = set()
    for value in manifests("--grant", "SingleReplicaSurge"):
        if value["kind"] in ("Role", "ClusterRole"):
            for rule in value["rules"]:
                for group in rule["apiGroups"]:
                    namespace = value["metadata"].get("namespace", "")
                    found |= {(namespace, group, name, verb) for name in rule["resources"] for verb in rule["verbs"]}
    return found


def test_each_right_granted_is_used_and_no_other_is_tried(operators: Crew) -> None:
    rights = granted()
    used, refused = set(), []
    for event in audited(operators.cluster):
        about = event["objectRef"]
        if about["resource"] == "selfsubjectaccessreviews":
            continue  # system:basic-user lets everybody ask what they may
        resource = "/".join(part for part in (about["resource"], about.get("subresource", "")) if part)
        namespaced = (about.get("namespace", ""), about.get("apiGroup", ""), resource, event["verb"])
        used.add(namespaced if namespaced in rights else ("", *namespaced[1:]))
        if event.get("responseStatus", {}).get("code") == 403:
            refused.append(namespaced)
    assert refused == []
    assert used - rights == set(), "tried without a right"
    assert rights - used == set(), "granted and never used"


def test_without_the_definitions_it_says_what_to_do(operators: Crew, tmp_path: Path) -> None:
    with ControlPlane(controllers=False) as bare:
        process = subprocess.run(
            [sys.executable, "-m", "underway", "operator", "--listen", "127.0.0.1:0"],
            env={**os.environ, "KUBECONFIG": str(bare.admin)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert process.returncode == 3
    assert "does not serve rotations.underway.dev/v1" in process.stderr
    assert "underway manifests" in process.stderr
