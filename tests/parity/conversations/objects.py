"""Conversations about objects: creating, reading, replacing and deleting them."""

from parity.conversation import (
    APPS,
    CORE,
    LEASES,
    NODES,
    POLICY,
    Json,
    budget,
    config_map,
    delete,
    deployment,
    get,
    merge,
    node,
    pod,
    post,
    put,
    ready,
    talk,
)

MAPS = f"{CORE}/configmaps"
PODS = f"{CORE}/pods"
LEASE = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "lock"}, "spec": {"holderIdentity": "a"}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]},
}


def selecting(requirement: Json) -> Json:
    """A Deployment that selects its pods by an expression as well."""
    whole = deployment("web")
    selector = {**whole["spec"]["selector"], "matchExpressions": [requirement, {"key": "tier", "operator": "DoesNotExist"}]}
    return {**whole, "spec": {**whole["spec"], "selector": selector}}


CONVERSATIONS = (
    talk("create-and-get", post(MAPS, config_map("one", {"a": "1"}, labels={"x": "y"})), get(f"{MAPS}/one")),
    talk("create-twice", post(MAPS, config_map("one")), post(MAPS, config_map("one"))),
    talk("create-without-a-name", post(MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}})),
    talk("create-with-a-bad-name", post(MAPS, config_map("Not_Valid"))),
    talk("create-with-a-version", post(MAPS, config_map("one", resourceVersion="5"))),
    talk("create-in-another-namespace", post(MAPS, config_map("one", namespace="elsewhere"))),
    talk("create-of-another-kind", post(MAPS, pod("one"))),
    talk("create-of-another-version", post(f"{APPS}/deployments", {**deployment("web"), "apiVersion": "apps/v9"})),
    talk("create-dry-run", post(MAPS, config_map("one"), dryRun="All"), get(f"{MAPS}/one")),
    talk("get-what-is-not-there", get(f"{MAPS}/none"), get(f"{APPS}/deployments/none")),
    talk(
        "replace",
        post(MAPS, config_map("one")),
        put(f"{MAPS}/one", config_map("one", {"b": "2"})),
        get(f"{MAPS}/one"),
    ),
    talk(
        "replace-with-a-stale-version",
        post(MAPS, config_map("one")).keeping(version="metadata.resourceVersion"),
        put(f"{MAPS}/one", config_map("one", {"b": "2"}, resourceVersion="$version")),
        put(f"{MAPS}/one", config_map("one", {"b": "3"}, resourceVersion="$version")),
    ),
    talk(
        "replace-with-another-uid",
        post(MAPS, config_map("one")),
        put(f"{MAPS}/one", config_map("one", uid="00000000-0000-4000-8000-000000000000")),
    ),
    talk("replace-under-another-name", post(MAPS, config_map("one")), put(f"{MAPS}/one", config_map("two"))),
    talk("replace-what-is-not-there", put(f"{APPS}/deployments/none", deployment("none"))),
    talk(
        "replace-with-the-same",
        post(MAPS, config_map("one")),
        put(f"{MAPS}/one", config_map("one")),
    ),
    talk("delete", post(MAPS, config_map("one")), delete(f"{MAPS}/one"), get(f"{MAPS}/one"), delete(f"{MAPS}/one")),
    talk("delete-dry-run", post(MAPS, config_map("one")), delete(f"{MAPS}/one", dryRun="All"), get(f"{MAPS}/one")),
    talk(
        "delete-with-another-uid",
        post(MAPS, config_map("one")),
        delete(f"{MAPS}/one", {"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}}),
    ),
    talk(
        "delete-with-a-stale-version",
        post(MAPS, config_map("one")).keeping(version="metadata.resourceVersion"),
        merge(f"{MAPS}/one", {"data": {"a": "2"}}),
        delete(f"{MAPS}/one", {"preconditions": {"resourceVersion": "$version"}}),
    ),
    talk(
        "finalizers-hold-a-deletion",
        post(MAPS, config_map("one", finalizers=["example.com/hold"])),
        delete(f"{MAPS}/one"),
        get(f"{MAPS}/one"),
        merge(f"{MAPS}/one", {"metadata": {"finalizers": None}}),
        get(f"{MAPS}/one"),
    ),
    talk(
        "delete-a-bound-pod-gracefully",
        post(PODS, pod("web", node="nowhere", terminationGracePeriodSeconds=7)),
        delete(f"{PODS}/web"),
        get(f"{PODS}/web"),
        delete(f"{PODS}/web", {"gracePeriodSeconds": 3}),
        delete(f"{PODS}/web", {"gracePeriodSeconds": 9}),
        delete(f"{PODS}/web", {"gracePeriodSeconds": 0}),
        get(f"{PODS}/web"),
    ),
    talk("delete-a-pod-that-is-not-bound", post(PODS, pod("web")), delete(f"{PODS}/web"), get(f"{PODS}/web")),
    talk(
        "delete-a-finished-pod",
        post(PODS, pod("web", node="nowhere", restartPolicy="Never")),
        merge(f"{PODS}/web/status", ready("Succeeded", is_ready=False)),
        delete(f"{PODS}/web"),
        get(f"{PODS}/web"),
    ),
    talk(
        "delete-a-collection",
        post(MAPS, config_map("one", labels={"go": "yes"})),
        post(MAPS, config_map("two", labels={"go": "no"})),
        delete(MAPS, labelSelector="go=yes"),
        get(MAPS, labelSelector="go"),
    ),
    talk("defaults-of-a-pod", post(PODS, pod("web", node="nowhere"))),
    talk("defaults-of-a-deployment", post(f"{APPS}/deployments", deployment("web", None))),
    talk("defaults-of-a-service", post(f"{CORE}/services", SERVICE)),
    talk("defaults-of-a-budget", post(f"{POLICY}/poddisruptionbudgets", budget("web"))),
    talk("defaults-of-a-lease", post(LEASES, LEASE)),
    talk(
        "a-budget-with-both-limits",
        post(f"{POLICY}/poddisruptionbudgets", budget("web", minAvailable=1, maxUnavailable=1)),
    ),
    talk("a-deployment-with-a-negative-count", post(f"{APPS}/deployments", deployment("web", -1))),
    talk("a-pod-without-containers", post(PODS, pod("web", containers=[]))),
    talk(
        "generation-counts-changes-of-the-spec",
        post(f"{APPS}/deployments", deployment("web")),
        merge(f"{APPS}/deployments/web", {"metadata": {"labels": {"x": "y"}}}),
        merge(f"{APPS}/deployments/web", {"spec": {"replicas": 5}}),
    ),
    talk(
        "status-and-spec-are-written-apart",
        post(f"{APPS}/deployments", deployment("web")),
        merge(f"{APPS}/deployments/web", {"status": {"replicas": 9, "observedGeneration": 4}}),
        merge(f"{APPS}/deployments/web/status", {"spec": {"replicas": 9}, "status": {"observedGeneration": 4}}),
    ),
    talk(
        "scale-of-a-selector-with-expressions",
        post(f"{APPS}/deployments", selecting({"key": "app", "operator": "In", "values": ["web", "shop"]})),
        get(f"{APPS}/deployments/web/scale"),
    ),
    talk(
        "a-deployment-whose-expressions-miss-its-template",
        post(f"{APPS}/deployments", selecting({"key": "app", "operator": "NotIn", "values": ["web"]})),
        post(f"{APPS}/deployments", selecting({"key": "app", "operator": "Like", "values": ["web"]})),
        post(f"{APPS}/deployments", selecting({"key": "app", "operator": "In"})),
    ),
    talk(
        "scale",
        post(f"{APPS}/deployments", deployment("web")),
        get(f"{APPS}/deployments/web/scale"),
        merge(f"{APPS}/deployments/web/scale", {"spec": {"replicas": 7}}),
        get(f"{APPS}/deployments/web"),
    ),
    talk(
        "cordon-a-node",
        post(NODES, node("cordon-a-node")),
        merge(f"{NODES}/cordon-a-node", {"spec": {"unschedulable": True}}),
        merge(f"{NODES}/cordon-a-node", {"spec": {"unschedulable": None}}),
        delete(f"{NODES}/cordon-a-node"),
    ),
    talk(
        "bind-a-pod",
        post(PODS, pod("web")),
        post(
            f"{PODS}/web/binding",
            {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n1"}},
        ),
        get(f"{PODS}/web"),
        post(
            f"{PODS}/web/binding",
            {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n2"}},
        ),
    ),
)
