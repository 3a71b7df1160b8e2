"""Machines that are objects, on a real kube-apiserver with the definitions of Cluster API and Karpenter.

The definitions are those of their Go modules, so that whatever we write passes their schemas and rules; a hand plays the
controllers behind them, on kwok nodes. Who rotates has the rights that `underway manifests --provider` grants, and no others.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import build
from binaries import lacking, require_control_plane
from controlplane import ControlPlane
from e2e.gates import PATIENT
from e2e.operators import FINISHED, NAME, Operators, Watcher, app, audited, evictions, manifests
from hands import (
    DEPLOYMENTS,
    MACHINES,
    NODE_CLAIMS,
    ClusterApiHand,
    Hand,
    KarpenterHand,
    cluster_api_object,
    install,
    machine_deployment,
    node_pool,
)
from underway.machines.objects import KEY
from underway.rotate.grants import PROVIDER_RULES
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home() -> Iterator[ControlPlane]:
    """A control plane of its own: what is installed here concerns no other test."""
    require_control_plane()
    with ControlPlane() as running:
        try:
            install(running)
        except build.Unavailable as error:
            lacking(str(error))
        running.kubectl("apply", "-f", str(REPOSITORY / "deploy/rbac.yaml"))
        yield running


def rights(cluster: ControlPlane, user: str, provider: str) -> None:
    """What a person needs to rotate, and what a provider needs besides."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": user}}
    cluster.apply([{**role, "rules": PROVIDER_RULES[provider]}])
    for name, granted in ((f"{user}-rotates", "underway"), (user, user)):
        cluster.kubectl("create", "clusterrolebinding", name, f"--clusterrole={granted}", f"--user={user}")
    cluster.kubectl("create", "rolebinding", user, "-n", "kube-system", "--role=underway", f"--user={user}")
    cluster.kubeconfig(user, ("system:serviceaccounts",))  # whose requests are in the audit log


def rotate(
    cluster: ControlPlane, folder: Path, user: str, spec: dict[str, Any], command: str = "rotate"
) -> "subprocess.CompletedProcess[str]":
    body = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": user}, "spec": spec}
    path = folder / f"{user}.yaml"
    path.write_text(yaml.safe_dump(body))
    return subprocess.run(
        [sys.executable, "-m", "underway", command, "-f", str(path)],
        env={**os.environ, "KUBECONFIG": str(cluster.folder / f"{user}.kubeconfig")},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def asked_by(cluster: ControlPlane, user: str, group: str) -> tuple[set[tuple[str, str]], list[str]]:
    """What a user did with the resources of a group, and what was refused."""
    used, refused = set(), []
    for line in cluster.audit_log.read_text().splitlines():
        event = json.loads(line)
        about = event.get("objectRef") or {}
        if event["user"]["username"] == user and about.get("apiGroup") == group:
            used.add((about["resource"], event["verb"]))
            if event.get("responseStatus", {}).get("code") in (403, 422):
                refused.append(f"{event['verb']} {about['resource']}: {event['responseStatus'].get('message')}")
    return used, refused


def granted(provider: str, group: str) -> set[tuple[str, str]]:
    rules = [rule for rule in PROVIDER_RULES[provider] if group in rule["apiGroups"]]
    return {(resource, verb) for rule in rules for resource in rule["resources"] for verb in rule["verbs"]}


def nodes(cluster: ControlPlane) -> dict[str, Any]:
    return {one["metadata"]["name"]: one for one in cluster.get("/api/v1/nodes")["items"]}


def ready(cluster: ControlPlane, count: int) -> bool:
    """Whether so many nodes are open for pods."""
    return sum("taints" not in node.get("spec", {}) for node in nodes(cluster).values()) == count


@pytest.fixture(autouse=True)
def emptied(home: ControlPlane) -> Iterator[None]:
    """Each test has its own nodes."""
    yield
    home.kubectl("delete", "deploy,pdb,machinedrainrules.cluster.x-k8s.io", "--all", "-n", "default")
    home.kubectl("delete", "pods", "--all", "-n", "default", "--grace-period=0", "--force")
    for kind, also in ((DEPLOYMENTS, ["-n", "default"]), (MACHINES, ["-n", "default"]), (NODE_CLAIMS, [])):
        for name in home.kubectl("get", kind, *also, "-o", "name").split():
            home.kubectl("patch", name, *also, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        home.kubectl("delete", kind, "--all", *also)
    home.kubectl("delete", "nodes", "--all")


SPEC = {"target": {"drifted": True}, "pace": {"maxSurge": 1}, "drain": {"deregistration": "1s"}, "health": PATIENT}


def test_machines_of_cluster_api_are_replaced_and_drained_by_their_rules(home: ControlPlane, tmp_path: Path) -> None:
    user = "captain"
    rights(home, user, "ClusterAPI")
    skip = {
        "drain": {"behavior": "Skip"},
        "machines": [{"clusterSelector": {"matchLabels": {"env": "e2e"}}}],
        "pods": [{"selector": {"matchLabels": {"app": "agent"}}}],
    }
    last = {"drain": {"behavior": "Drain", "order": 10}, "pods": [{"selector": {"matchLabels": {"app": "data"}}}]}
    rules = [
        cluster_api_object("MachineDrainRule", "agents-stay", skip),
        cluster_api_object("MachineDrainRule", "data-goes-last", last),
    ]
    home.apply([*machine_deployment(2), *rules])
    with ClusterApiHand(home) as hand:
        wait_until(lambda: ready(home, 2), "two nodes", 120)
        home.apply([*app("web", 4), *app("data", 2)])
        agents = [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": f"agent-{name}", "namespace": "default", "labels": {"app": "agent"}},
                "spec": {"nodeName": name, "containers": [{"name": "app", "image": "agent"}]},
            }
            for name in nodes(home)
        ]
        home.apply(agents)
        home.kubectl("wait", "deploy", "--all", "-n", "default", "--for=condition=Available", "--timeout=120s")
        running = json.loads(home.kubectl("get", "pods", "-n", "default", "-o", "json"))["items"]
        beside = {
            data["metadata"]["name"]: {
                web["metadata"]["name"]
                for web in running
                if web["metadata"]["labels"]["app"] == "web" and web["spec"].get("nodeName") == data["spec"].get("nodeName")
            }
            for data in running
            if data["metadata"]["labels"]["app"] == "data"
        }
        old = set(nodes(home))
        hand.drift()
        wait_until(lambda: "NotUpToDate" in home.kubectl("get", MACHINES, "-A", "-o", "json"), "drift", 60)
        spec = {**SPEC, "machines": {"provider": "ClusterAPI"}}
        planned = rotate(home, tmp_path, user, spec, "plan")
        assert planned.returncode == 0, planned.stdout + planned.stderr
        assert "Version v1.36.3, v1.36.4 required" in " ".join(planned.stdout.split())
        done = rotate(home, tmp_path, user, spec)
        assert done.returncode == 0, done.stdout + done.stderr
    assert hand.trouble == []
    assert set(nodes(home)) & old == set()
    assert len(nodes(home)) == 2
    (left,) = json.loads(home.kubectl("get", DEPLOYMENTS, "-n", "default", "-o", "json"))["items"]
    assert left["spec"]["replicas"] == 2
    assert "rotation.underway.dev/asked" not in left["metadata"].get("annotations", {})
    order = evictions(home, user)
    assert {name.split("-")[0] for name in order} == {"web", "data"}
    assert not [name for name in order if name.startswith("agent")]
    for data, webs in beside.items():
        first = order.index(data)
        assert all(order.index(web) < first for web in webs), f"{data} went before its node's pods of a lower order"
    used, refused = asked_by(home, user, "cluster.x-k8s.io")
    assert refused == []
    assert used == granted("ClusterAPI", "cluster.x-k8s.io")


def test_node_claims_of_karpenter_are_replaced_and_the_two_never_fight(home: ControlPlane, tmp_path: Path) -> None:
    user = "mate"
    rights(home, user, "Karpenter")
    home.apply(node_pool(2))
    with KarpenterHand(home) as hand:
        wait_until(lambda: ready(home, 2), "two nodes", 120)
        home.apply(app("shop", 4))
        home.kubectl("wait", "deploy", "--all", "-n", "default", "--for=condition=Available", "--timeout=120s")
        old = set(nodes(home))
        hand.drift()
        gates = [{"gate": "nodes-ready"}, {"gate": "quota"}]
        done = rotate(home, tmp_path, user, {**SPEC, "machines": {"provider": "Karpenter"}, "health": gates})
        assert done.returncode == 0, done.stdout + done.stderr
    assert hand.trouble == []
    there = nodes(home)
    assert set(there) & old == set()
    assert len(there) == 2
    left = json.loads(home.kubectl("get", NODE_CLAIMS, "-o", "json"))["items"]
    assert len(left) == 2
    protected = [
        one["metadata"]["name"]
        for one in [*left, *there.values()]
        if "karpenter.sh/do-not-disrupt" in one["metadata"].get("annotations", {})
    ]
    assert protected == [], "Karpenter may consolidate again"
    used, refused = asked_by(home, user, "karpenter.sh")
    assert refused == []
    assert used == granted("Karpenter", "karpenter.sh")


def made_by(cluster: ControlPlane, resource: str, verb: str) -> list[str]:
    """The names that the operator has created or deleted, in order."""
    found = []
    for event in audited(cluster):
        about = event["objectRef"]
        if (about["resource"], event["verb"]) == (resource, verb) and event.get("responseStatus", {}).get("code", 0) < 300:
            found.append(about["name"])
    return found


@pytest.fixture(scope="module")
def manned(home: ControlPlane) -> ControlPlane:
    """The same, with what `underway manifests` prints for both providers."""
    home.apply(manifests("--provider", "ClusterAPI", "--provider", "Karpenter"))
    home.kubectl("wait", "--for=condition=Established", "crd/rotations.underway.dev", "--timeout=30s")
    return home


@pytest.fixture
def operators(manned: ControlPlane, tmp_path: Path) -> Iterator[Operators]:
    """Replicas that end with the test, and their Rotation with them."""
    made = Operators(manned, tmp_path)
    yield made
    if not made.running:
        made.start()
    manned.kubectl("delete", "rotations", "--all", "--timeout=60s")
    made.end()


NODES = 3


def rotated_though_killed(operators: Operators, hand: Hand, provider: str) -> set[str]:
    """Rotate while the leader is killed once it has asked for a machine, and its successor told to end while a node drains.

    Returns the names of the old nodes.
    """
    cluster = operators.cluster
    wait_until(lambda: ready(cluster, NODES), "the old nodes", 120)
    cluster.apply([*app("web", 8, maxUnavailable=2), *app("db", 4, maxUnavailable=1)])
    cluster.kubectl("wait", "deploy", "--all", "-n", "default", "--for=condition=Available", "--timeout=120s")
    old = set(nodes(cluster))
    hand.drift()
    hand.makes.clear()
    operators.start_two()
    with Watcher(cluster, {"web": 6, "db": 3}) as watcher:
        operators.create(provider.lower(), {**SPEC, "pace": {"maxSurge": 2}, "machines": {"provider": provider}})
        wait_until(hand.asked, "a machine to be asked for", 60)
        killed = operators.leader()
        assert killed.end(signal.SIGKILL) == -signal.SIGKILL
        hand.makes.set()
        operators.start()
        wait_until(lambda: "Draining" in phases(cluster), "the other replica to drain a node", 120)
        successor = operators.leader()
        assert successor.end(signal.SIGTERM) == 0, operators.logs()[-3000:]
        wait_until(lambda: operators.state(provider.lower()) == "Finished", "the rotation to be finished", 120)
    assert watcher.broken == []
    assert watcher.rounds > 10
    assert hand.trouble == []
    return old


def phases(cluster: ControlPlane) -> set[str]:
    return {one["metadata"].get("annotations", {}).get("rotation.underway.dev/phase", "") for one in nodes(cluster).values()}


def told(operators: Operators, name: str, old: set[str]) -> None:
    """What a finished Rotation says of itself, in its status and in Events, each once."""
    assert operators.conditions(name) == FINISHED
    assert operators.rotation(name)["status"]["nodes"] == {"total": NODES, "upToDate": NODES, "inHand": 0, "outdated": 0}
    events = operators.events(name)
    reasons = {reason for reason, _ in events}
    assert {"ReplacementRequested", "NodeCordoned", "NodeDraining", "MachineTerminating", "Finished"} <= reasons
    gone = sorted(message for reason, message in events if reason == "NodeReplaced")
    assert gone == sorted(set(gone)), "an Event twice"
    assert set(gone) <= {f"node {node} and its machine are gone" for node in old}
    assert "Traceback" not in operators.logs()


def evicted_once(cluster: ControlPlane, before: int) -> None:
    """No pod was evicted twice since."""
    names = evictions(cluster)[before:]
    assert len(names) == len(set(names)) > 0


def kept_to_its_rights(cluster: ControlPlane, provider: str, group: str) -> None:
    used, refused = asked_by(cluster, NAME, group)
    assert refused == []
    assert used <= granted(provider, group)


def test_the_operator_rotates_machines_of_cluster_api_though_leaders_end(operators: Operators) -> None:
    cluster, before = operators.cluster, len(evictions(operators.cluster))
    cluster.apply(machine_deployment(NODES))
    with ClusterApiHand(cluster) as hand:
        old = rotated_though_killed(operators, hand, "ClusterAPI")
    told(operators, "clusterapi", old)
    assert set(nodes(cluster)) & old == set()
    assert len(hand.made) == 2 * NODES, "one machine for each that was replaced"
    (left,) = json.loads(cluster.kubectl("get", DEPLOYMENTS, "-n", "default", "-o", "json"))["items"]
    assert left["spec"]["replicas"] == NODES
    assert len(cluster.kubectl("get", MACHINES, "-n", "default", "-o", "name").split()) == NODES
    evicted_once(cluster, before)
    kept_to_its_rights(cluster, "ClusterAPI", "cluster.x-k8s.io")


def keyed(cluster: ControlPlane) -> list[str]:
    """The Machines that were given to a key and do not end."""
    found = json.loads(cluster.kubectl("get", MACHINES, "-n", "default", "-o", "json"))["items"]
    alive = [one["metadata"] for one in found if "deletionTimestamp" not in one["metadata"]]
    return [metadata["name"] for metadata in alive if KEY in metadata.get("annotations", {})]


def test_a_successor_that_a_machine_health_check_replaces_is_asked_for_once(operators: Operators) -> None:
    cluster = operators.cluster
    cluster.apply(machine_deployment(2))
    with ClusterApiHand(cluster) as hand:
        wait_until(lambda: ready(cluster, 2), "the old nodes", 120)
        hand.drift()
        hand.boots.clear()
        operators.start()
        operators.create("remediated", {**SPEC, "machines": {"provider": "ClusterAPI"}})
        wait_until(lambda: len(keyed(cluster)) == 1, "a successor to be made", 60)
        (unhealthy,) = keyed(cluster)
        hand.remediate(unhealthy)
        wait_until(lambda: len(keyed(cluster)) == 1, "its key to pass to the Machine that is made instead", 60)
        hand.boots.set()
        hand.ending.clear()
        wait_until(lambda: operators.state("remediated") == "Finished", "the rotation to be finished", 120)
    assert hand.trouble == []
    assert len(hand.made) == 2 + 2 + 1, "two old ones, two successors, and one for the unhealthy"
    (left,) = json.loads(cluster.kubectl("get", DEPLOYMENTS, "-n", "default", "-o", "json"))["items"]
    assert left["spec"]["replicas"] == 2
    assert len(cluster.kubectl("get", MACHINES, "-n", "default", "-o", "name").split()) == 2


def test_the_operator_rotates_node_claims_of_karpenter_though_leaders_end(operators: Operators) -> None:
    cluster, before = operators.cluster, len(evictions(operators.cluster))
    cluster.apply(node_pool(NODES))
    with KarpenterHand(cluster) as hand:
        old = rotated_though_killed(operators, hand, "Karpenter")
    told(operators, "karpenter", old)
    assert set(nodes(cluster)) & old == set()
    assert len(hand.made) == 2 * NODES, "one machine for each that was replaced"
    created = made_by(cluster, "nodeclaims", "create")
    assert len(created) == len(set(created)) == NODES
    assert sorted(set(made_by(cluster, "nodeclaims", "delete"))) == [f"general-{index}" for index in range(NODES)]
    claims = json.loads(cluster.kubectl("get", NODE_CLAIMS, "-o", "json"))["items"]
    assert sorted(one["metadata"]["name"] for one in claims) == sorted(created)
    evicted_once(cluster, before)
    kept_to_its_rights(cluster, "Karpenter", "karpenter.sh")
