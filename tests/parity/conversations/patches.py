"""Conversations about patches: merge, strategic merge, JSON patch and server-side apply."""

from parity.conversation import (
    APPLY,
    APPS,
    CORE,
    NODES,
    Step,
    apply,
    config_map,
    delete,
    deployment,
    get,
    json_patch,
    merge,
    node,
    pod,
    post,
    strategic,
    talk,
)

MAPS = f"{CORE}/configmaps"
WEB = f"{APPS}/deployments/web"
BARE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
TAINT = {"key": "underway.dev/old", "effect": "PreferNoSchedule"}


def containers(*items: dict[str, object]) -> dict[str, object]:
    """A patch of a Deployment's containers."""
    return {"spec": {"template": {"spec": {"containers": list(items)}}}}


CONVERSATIONS = (
    talk(
        "merge-adds-changes-removes",
        post(MAPS, config_map("one", {"a": "1", "b": "2"})),
        merge(f"{MAPS}/one", {"data": {"a": "3", "b": None, "c": "4"}}),
    ),
    talk("merge-nothing", post(MAPS, config_map("one")), merge(f"{MAPS}/one", {})),
    talk(
        "merge-dry-run",
        post(MAPS, config_map("one")),
        merge(f"{MAPS}/one", {"data": {"a": "9"}}, dryRun="All"),
        get(f"{MAPS}/one"),
    ),
    talk(
        "merge-with-a-stale-version",
        post(MAPS, config_map("one")).keeping(version="metadata.resourceVersion"),
        merge(f"{MAPS}/one", {"data": {"a": "2"}}),
        merge(f"{MAPS}/one", {"metadata": {"resourceVersion": "$version"}, "data": {"a": "3"}}),
    ),
    talk(
        "merge-with-another-uid",
        post(MAPS, config_map("one")),
        merge(f"{MAPS}/one", {"metadata": {"uid": "00000000-0000-4000-8000-000000000000"}, "data": {"a": "3"}}),
    ),
    talk(
        "merge-with-another-uid-and-a-stale-version",
        post(MAPS, config_map("one")).keeping(version="metadata.resourceVersion"),
        merge(f"{MAPS}/one", {"data": {"a": "2"}}),
        merge(
            f"{MAPS}/one",
            {"metadata": {"uid": "00000000-0000-4000-8000-000000000000", "resourceVersion": "$version"}, "data": {"a": "3"}},
        ),
    ),
    talk("merge-renames", post(MAPS, config_map("one")), merge(f"{MAPS}/one", {"metadata": {"name": "two"}})),
    talk("merge-what-is-not-there", merge(f"{MAPS}/none", {"data": {"a": "2"}})),
    talk(
        "merge-replaces-lists",
        post(f"{APPS}/deployments", deployment("web")),
        merge(WEB, containers({"name": "b", "image": "b:1"})),
    ),
    talk(
        "merge-a-wrong-type",
        post(f"{APPS}/deployments", deployment("web")),
        merge(WEB, {"spec": {"replicas": "many"}}),
    ),
    talk(
        "strategic-merges-lists-by-key",
        post(f"{APPS}/deployments", deployment("web")),
        strategic(WEB, containers({"name": "side", "image": "side:1"})),
        strategic(WEB, containers({"name": "app", "image": "web:2"})),
        strategic(WEB, containers({"name": "side", "$patch": "delete"})),
    ),
    talk(
        "strategic-merges-taints",
        post(NODES, {**node("strategic-taints"), "spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}}),
        strategic(f"{NODES}/strategic-taints", {"spec": {"taints": [TAINT]}}),
        strategic(f"{NODES}/strategic-taints", {"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}}),
        delete(f"{NODES}/strategic-taints"),
    ),
    talk(
        "strategic-replaces-a-map",
        post(MAPS, config_map("one", {"a": "1"})),
        strategic(f"{MAPS}/one", {"data": {"$patch": "replace", "z": "26"}}),
    ),
    talk(
        "json-patch-tests-and-replaces",
        post(MAPS, config_map("one")),
        json_patch(
            f"{MAPS}/one",
            {"op": "test", "path": "/data/a", "value": "1"},
            {"op": "replace", "path": "/data/a", "value": "2"},
            {"op": "add", "path": "/data/b", "value": "3"},
        ),
    ),
    talk(
        "json-patch-fails-its-test",
        post(MAPS, config_map("one")),
        json_patch(f"{MAPS}/one", {"op": "test", "path": "/data/a", "value": "9"}),
    ),
    talk(
        "json-patch-removes-what-is-not-there",
        post(MAPS, config_map("one")),
        json_patch(f"{MAPS}/one", {"op": "remove", "path": "/data/none"}),
    ),
    talk("a-patch-of-unknown-type", post(MAPS, config_map("one")), Step("PATCH", f"{MAPS}/one", {"data": {}})),
    talk(
        "a-patch-that-is-no-json",
        post(MAPS, config_map("one")),
        Step("PATCH", f"{MAPS}/one", raw=b"{", content_type="application/merge-patch+json"),
    ),
    talk(
        "annotations-by-merge",
        post(f"{CORE}/pods", pod("web")),
        merge(f"{CORE}/pods/web", {"metadata": {"annotations": {"example.com/x": "1", "example.com/y": "2"}}}),
        merge(f"{CORE}/pods/web", {"metadata": {"annotations": {"example.com/x": None}}}),
    ),
    talk(
        "change-what-is-immutable",
        post(f"{CORE}/pods", pod("web", node="n1")),
        merge(f"{CORE}/pods/web", {"spec": {"nodeName": "n2"}}),
    ),
    talk(
        "apply-creates-and-repeats",
        apply(f"{MAPS}/one", {**BARE, "data": {"a": "1"}}, "alice"),
        apply(f"{MAPS}/one", {**BARE, "data": {"a": "1"}}, "alice"),
    ),
    talk(
        "apply-gives-up-a-field",
        apply(f"{MAPS}/one", {**BARE, "data": {"a": "1", "b": "2"}}, "alice"),
        apply(f"{MAPS}/one", {**BARE, "data": {"b": "2"}}, "alice"),
    ),
    talk(
        "apply-conflicts",
        apply(f"{MAPS}/one", {**BARE, "data": {"a": "1"}}, "alice"),
        apply(f"{MAPS}/one", {**BARE, "data": {"a": "2"}}, "bob"),
        apply(f"{MAPS}/one", {**BARE, "data": {"a": "1"}}, "bob"),
    ),
    talk(
        "apply-by-force",
        apply(f"{MAPS}/one", {**BARE, "data": {"a": "1"}}, "alice"),
        apply(f"{MAPS}/one", {**BARE, "data": {"a": "2"}}, "bob", force="true"),
        apply(f"{MAPS}/one", {**BARE, "data": {"a": "3"}}, "alice"),
    ),
    talk("apply-without-a-manager", Step("PATCH", f"{MAPS}/one", {**BARE, "data": {}}, content_type=APPLY)),
    talk(
        "apply-merges-containers",
        apply(WEB, deployment("web"), "alice"),
        apply(
            WEB,
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web"},
                **containers({"name": "side", "image": "side:1"}),
            },
            "bob",
        ),
    ),
)
