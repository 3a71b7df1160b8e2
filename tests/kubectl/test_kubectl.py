"""Everyday kubectl against the embedded cluster: what a person would type, and what they would see."""

import json
import subprocess
import sys
from typing import Any

import pytest

from kubectl.command import Kubectl
from waiting import wait_until

pytestmark = pytest.mark.timeout(30)

MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: %s}
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
      schema:
        openAPIV3Schema:
          type: object
          properties: {spec: {type: object, properties: {size: {type: integer, description: How large.}}}}
"""


def columns(table: str) -> list[str]:
    """The heading of a table."""
    return table.splitlines()[0].split()


def test_version_says_what_serves(kubectl: Kubectl) -> None:
    server = json.loads(kubectl("get", "--raw", "/version"))
    assert server["gitVersion"].endswith("+underway")
    assert server["gitVersion"].startswith(f"v{server['major']}.{server['minor']}.")
    assert server["gitVersion"] in kubectl("version")


def test_get_nodes_shows_the_columns_of_the_real_server(kubectl: Kubectl) -> None:
    shown = kubectl("get", "nodes")
    assert columns(shown) == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert shown.splitlines()[1].split()[:2] == ["node-0", "Ready"]
    assert "CONTAINER-RUNTIME" in kubectl("get", "nodes", "-o", "wide")


@pytest.mark.parametrize(
    ("resource", "heading"),
    [
        ("pods", "NAME READY STATUS RESTARTS AGE"),
        ("deployments", "NAME READY UP-TO-DATE AVAILABLE AGE"),
        ("replicasets", "NAME DESIRED CURRENT READY AGE"),
        ("statefulsets", "NAME READY AGE"),
        ("daemonsets", "NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE SELECTOR AGE"),
        ("services", "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE"),
        ("pdb", "NAME MIN AVAILABLE MAX UNAVAILABLE ALLOWED DISRUPTIONS AGE"),
        ("endpointslices", "NAME ADDRESSTYPE PORTS ENDPOINTS AGE"),
        ("events", "LAST SEEN TYPE REASON OBJECT MESSAGE"),
        ("namespaces", "NAME STATUS AGE"),
        ("pvc", "NAME STATUS VOLUME CAPACITY ACCESS MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE"),
    ],
)
def test_get_shows_each_kind(kubectl: Kubectl, resource: str, heading: str) -> None:
    words = columns(kubectl("get", "-A", resource))
    namespaced = resource != "namespaces"
    assert " ".join(words) == ("NAMESPACE " if namespaced else "") + heading


def test_get_by_label_and_field(kubectl: Kubectl) -> None:
    node = kubectl("get", "pods", "-n", "shop", "-l", "app=web", "-o", "jsonpath={.items[0].spec.nodeName}")
    shown = kubectl("get", "pods", "-A", "--field-selector", f"spec.nodeName={node}", "-o", "name")
    assert "pod/web-" in shown
    refused = kubectl("get", "pods", "--field-selector", "spec.nosuch=x", code=1)
    assert "field label not supported: spec.nosuch" in refused


def test_get_as_yaml_round_trips(kubectl: Kubectl, deployment: str) -> None:
    text = kubectl("get", "-n", deployment, "deployment", "web", "-o", "yaml")
    assert "kind: Deployment" in text
    assert "deployment.apps/web replaced" in kubectl("replace", "-n", deployment, "-f", "-", stdin=text)


def test_watch_sees_a_change(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=MANIFEST % "red")
    watching = kubectl.start("get", "-n", namespace, "configmaps", "-w", "-o", "jsonpath={.data.colour}{'\\n'}")
    assert watching.stdout is not None
    try:
        assert watching.stdout.readline().strip() == "red"
        kubectl("apply", "-n", namespace, "-f", "-", stdin=MANIFEST % "blue")
        assert watching.stdout.readline().strip() == "blue"
    finally:
        watching.kill()
        watching.communicate()


def test_watch_as_a_table_shows_the_heading_once(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=MANIFEST % "red")
    watching = kubectl.start("get", "-n", namespace, "configmaps", "-w")
    assert watching.stdout is not None
    try:
        assert watching.stdout.readline().split() == ["NAME", "DATA", "AGE"]
        assert watching.stdout.readline().split()[0] == "settings"
        kubectl("label", "-n", namespace, "configmap", "settings", "a=b")
        assert watching.stdout.readline().split()[0] == "settings"
    finally:
        watching.kill()
        watching.communicate()


def test_describe_node(kubectl: Kubectl) -> None:
    shown = kubectl("describe", "node", "node-1")
    assert "topology.kubernetes.io/zone=zone-a" in shown
    assert "Non-terminated Pods:" in shown
    assert "node-agent-" in shown


def test_describe_pod_and_deployment(kubectl: Kubectl, deployment: str) -> None:
    shown = kubectl("describe", "-n", deployment, "pod", "-l", "app=web")
    assert "Controlled By:  ReplicaSet/web-" in shown
    assert "Successfully assigned" in shown
    assert "2 desired | 2 updated | 2 total | 2 available" in kubectl("describe", "-n", deployment, "deployment", "web")


def test_apply_creates_then_configures_then_leaves_alone(kubectl: Kubectl, namespace: str) -> None:
    def apply(colour: str) -> str:
        return kubectl("apply", "-n", namespace, "-f", "-", stdin=MANIFEST % colour).strip()

    assert [apply("red"), apply("blue"), apply("blue")] == [
        "configmap/settings created",
        "configmap/settings configured",
        "configmap/settings unchanged",
    ]


def test_what_kubectl_sends_in_protobuf_is_read(kubectl: Kubectl, namespace: str) -> None:
    assert kubectl("create", "configmap", "-n", namespace, "numbers", "--from-literal=one=1") == "configmap/numbers created\n"
    assert kubectl("get", "-n", namespace, "configmap", "numbers", "-o", "jsonpath={.data.one}") == "1"
    assert kubectl("create", "namespace", f"{namespace}-more") == f"namespace/{namespace}-more created\n"
    assert kubectl("auth", "can-i", "delete", "pods", "-n", namespace).strip() == "yes"


def test_a_misspelt_field_is_refused(kubectl: Kubectl, namespace: str) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "typo"}, "dat": {}}
    with pytest.raises(AssertionError, match='strict decoding error: unknown field "dat"'):
        kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(manifest))


def test_apply_keeps_what_others_added_to_a_deployment(kubectl: Kubectl, deployment: str) -> None:
    kubectl("set", "env", "-n", deployment, "deployment/web", "COLOUR=red")
    manifest = kubectl("get", "-n", deployment, "deployment", "web", "-o", r"jsonpath={.metadata.annotations}")
    assert "last-applied-configuration" in manifest
    image = json.loads(json.loads(manifest)["kubectl.kubernetes.io/last-applied-configuration"])
    image["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/web:2"
    kubectl("apply", "-n", deployment, "-f", "-", stdin=json.dumps(image))
    container = kubectl("get", "-n", deployment, "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0]}")
    assert json.loads(container)["image"] == "registry.example/web:2"
    assert json.loads(container)["env"] == [{"name": "COLOUR", "value": "red"}]


def test_server_side_apply_tells_of_a_conflict(kubectl: Kubectl, namespace: str) -> None:
    def apply(colour: str, *flags: str, code: int = 0) -> str:
        command = ("apply", "--server-side", "-n", namespace, *flags, "-f", "-")
        return kubectl(*command, stdin=MANIFEST % colour, code=code)

    assert "serverside-applied" in apply("red", "--field-manager=one")
    refused = apply("blue", "--field-manager=two", code=1)
    assert 'conflict with "one": .data.colour' in refused
    apply("blue", "--field-manager=two", "--force-conflicts")
    assert kubectl("get", "-n", namespace, "cm", "settings", "-o", "jsonpath={.data.colour}") == "blue"


def test_dry_run_changes_nothing(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "--dry-run=server", "-n", namespace, "-f", "-", stdin=MANIFEST % "red")
    assert "NotFound" in kubectl("get", "-n", namespace, "configmap", "settings", code=1)


def test_patch_of_three_types(kubectl: Kubectl, deployment: str) -> None:
    def patch(kind: str, body: Any) -> None:
        kubectl("patch", "-n", deployment, "deployment", "web", "--type", kind, "-p", json.dumps(body))

    patch("merge", {"metadata": {"labels": {"merged": "yes"}}})
    patch("json", [{"op": "add", "path": "/metadata/labels/json", "value": "yes"}])
    patch("strategic", {"spec": {"template": {"spec": {"containers": [{"name": "more", "image": "registry.example/more:1"}]}}}})
    found = json.loads(kubectl("get", "-n", deployment, "deployment", "web", "-o", "json"))
    assert found["metadata"]["labels"] == {"merged": "yes", "json": "yes"}
    assert {container["name"] for container in found["spec"]["template"]["spec"]["containers"]} == {"app", "more"}


def test_delete_waits_until_it_is_gone(kubectl: Kubectl, deployment: str) -> None:
    pod = kubectl("get", "-n", deployment, "pods", "-o", "jsonpath={.items[0].metadata.name}")
    assert f'pod "{pod}" deleted' in kubectl("delete", "-n", deployment, "pod", pod)
    assert "NotFound" in kubectl("get", "-n", deployment, "pod", pod, code=1)


def test_label_annotate_and_taint(kubectl: Kubectl) -> None:
    kubectl("label", "node", "node-3", "tier=gold")
    kubectl("annotate", "node", "node-3", "note=written")
    kubectl("taint", "node", "node-3", "special=yes:PreferNoSchedule")
    found = json.loads(kubectl("get", "node", "node-3", "-o", "json"))
    assert found["metadata"]["labels"]["tier"] == "gold"
    assert found["metadata"]["annotations"]["note"] == "written"
    assert found["spec"]["taints"] == [{"key": "special", "value": "yes", "effect": "PreferNoSchedule"}]
    kubectl("taint", "node", "node-3", "special-")
    assert "special" not in kubectl("get", "node", "node-3", "-o", "jsonpath={.spec.taints}")


def test_scale_and_rollout(kubectl: Kubectl, deployment: str) -> None:
    kubectl("scale", "-n", deployment, "deployment", "web", "--replicas=3")
    assert "successfully rolled out" in kubectl("rollout", "status", "-n", deployment, "deployment/web", "--timeout=15s")
    assert kubectl("get", "-n", deployment, "deployment", "web", "-o", "jsonpath={.status.readyReplicas}") == "3"


def test_wait_for_a_condition(kubectl: Kubectl, deployment: str) -> None:
    assert "condition met" in kubectl("wait", "-n", deployment, "--for=condition=Available", "deployment/web", "--timeout=15s")


def test_cordon_and_uncordon(kubectl: Kubectl) -> None:
    kubectl("cordon", "node-2")
    assert "Ready,SchedulingDisabled" in kubectl("get", "node", "node-2")
    kubectl("uncordon", "node-2")
    assert "SchedulingDisabled" not in kubectl("get", "node", "node-2")


def test_drain_evicts_everything_but_daemons(kubectl: Kubectl) -> None:
    try:
        shown = kubectl("drain", "node-0", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=15s")
        assert "node/node-0 drained" in shown
        left = kubectl("get", "pods", "-A", "--field-selector", "spec.nodeName=node-0", "-o", "name")
        assert all("node-agent" in line for line in left.splitlines())
    finally:
        kubectl("uncordon", "node-0")


def test_drain_stops_at_a_budget_that_allows_nothing(kubectl: Kubectl, deployment: str) -> None:
    budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\n"
    budget += "spec: {maxUnavailable: 0, selector: {matchLabels: {app: web}}}\n"
    kubectl("apply", "-n", deployment, "-f", "-", stdin=budget)
    kubectl("wait", "-n", deployment, "pdb/web", "--for=jsonpath={.status.expectedPods}=2", "--timeout=10s")
    pod = json.loads(kubectl("get", "-n", deployment, "pods", "-o", "json"))["items"][0]
    node = pod["spec"]["nodeName"]
    selector = f"--pod-selector=app=web,pod-template-hash={pod['metadata']['labels']['pod-template-hash']}"
    # kubectl waits 5 s before it tries again: the first refusal is enough.
    draining = kubectl.start("drain", node, selector, "--ignore-daemonsets", "--timeout=15s")
    assert draining.stdout is not None
    try:
        refused = next((line for line in draining.stdout if "error when evicting" in line), "")
        assert "Cannot evict pod as it would violate the pod's disruption budget." in refused
    finally:
        draining.kill()
        draining.communicate()
        kubectl("uncordon", node)
    uid = kubectl("get", "-n", deployment, "pod", pod["metadata"]["name"], "-o", "jsonpath={.metadata.uid}")
    assert uid == pod["metadata"]["uid"]


def test_api_resources_and_versions(kubectl: Kubectl) -> None:
    shown = kubectl("api-resources")
    assert columns(shown) == ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]
    assert "poddisruptionbudgets" in shown
    assert "policy/v1" in kubectl("api-versions").splitlines()


def test_explain_names_the_fields(kubectl: Kubectl) -> None:
    shown = kubectl("explain", "deployment")
    assert "KIND:       Deployment" in shown
    assert "spec" in shown


def test_events_tell_what_happened(kubectl: Kubectl, deployment: str) -> None:
    assert "Successfully assigned" in kubectl("events", "-n", deployment)


def test_custom_resources_are_served(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-f", "-", stdin=DEFINITION)
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=10s")
    widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 3}\n"
    kubectl("apply", "-n", namespace, "-f", "-", stdin=widget)
    assert kubectl("get", "-n", namespace, "wd").split() == ["NAME", "SIZE", "a", "3"]
    assert "How large." in kubectl("explain", "widget.spec")
    kubectl("delete", "crd", "widgets.example.com")
    wait_until(lambda: "widgets" not in kubectl("api-resources", "--cached=false"), "the resource to be withdrawn", 10)


def test_a_mistake_is_answered_in_words(kubectl: Kubectl, namespace: str) -> None:
    without = "apiVersion: v1\nkind: Pod\nmetadata: {name: empty}\nspec: {}\n"
    assert "spec.containers: Required value" in kubectl("apply", "-n", namespace, "-f", "-", stdin=without, code=1)
    assert 'namespaces "nosuch" not found' in kubectl("apply", "-n", "nosuch", "-f", "-", stdin=MANIFEST % "red", code=1)
    assert "the server doesn't have a resource type" in kubectl("get", "nosuch", code=1)


def test_who_may_not_is_told_so(kubectl: Kubectl) -> None:
    refused = kubectl("get", "pods", "-n", "shop", "--as", "mallory", code=1)
    assert 'pods is forbidden: User "mallory" cannot list resource "pods" in API group "" in the namespace "shop"' in refused


def test_health(kubectl: Kubectl) -> None:
    assert kubectl("get", "--raw", "/readyz") == "ok"
    assert "[+]etcd ok" in kubectl("get", "--raw", "/readyz?verbose")


def test_the_operator_is_installed_by_one_pipe(kubectl: Kubectl) -> None:
    manifests = subprocess.run(
        [sys.executable, "-m", "underway", "manifests", "--fleet"], check=True, capture_output=True, text=True
    ).stdout
    said = kubectl("apply", "-f", "-", stdin=manifests)
    assert "customresourcedefinition.apiextensions.k8s.io/rotations.underway.dev created" in said
    assert "deployment.apps/underway-operator created" in said
    again = kubectl("apply", "-f", "-", stdin=manifests)
    assert "created" not in again
    rotation = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "workers"}}
    kubectl("apply", "-f", "-", stdin=json.dumps({**rotation, "spec": {"target": {"kubeletVersion": "v1.37.2"}}}))
    assert kubectl("get", "rot").splitlines()[1].split()[0] == "workers"
    kubectl("delete", "rotation/workers", "namespace/underway-system")


def test_logs_say_what_a_container_did(kubectl: Kubectl, deployment: str) -> None:
    said = kubectl("logs", "-n", deployment, "deployment/web").splitlines()
    assert "app: started registry.example/web:1" in said
    assert "app: ready" in said
    name = kubectl("get", "pods", "-n", deployment, "-o", "jsonpath={.items[0].metadata.name}")
    refused = kubectl("logs", "-n", deployment, name, "--previous", code=1)
    assert f'previous terminated container "app" in pod "{name}" not found' in refused
