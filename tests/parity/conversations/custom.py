"""Conversations about custom resources and about Tables, the form in which kubectl asks for everything it prints."""

from typing import Any

from parity.conversation import (
    APPS,
    CORE,
    NODES,
    POLICY,
    Json,
    Step,
    Watch,
    apply,
    budget,
    config_map,
    counted,
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

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "$ns.example.com"
THINGS = f"/apis/{GROUP}/v1/namespaces/$ns/things"
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {"size": {"type": "integer", "minimum": 1}, "color": {"type": "string"}},
        },
        "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
    },
}


def definition(**version: Any) -> Json:
    """A namespaced custom resource with a status."""
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList", "shortNames": ["th"]}
    served = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}, **version}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{GROUP}"},
        "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [served]},
    }


def thing(name: str, **spec: Any) -> Json:
    """One of them."""
    return {"apiVersion": f"{GROUP}/v1", "kind": "Thing", "metadata": {"name": name}, "spec": spec or {"size": 2}}


def defined(**version: Any) -> tuple[Step, Step]:
    """Define the resource, and wait until it is served."""
    return post(DEFINITIONS, definition(**version)).quietly(), get(THINGS).until(200)


def table(path: str) -> Step:
    """A list as a Table."""
    return get(path).saying(Accept=TABLE)


WITH_STATUS: dict[str, Any] = {"subresources": {"status": {}}}
COLUMNS = [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]

DEFAULTED: Json = {
    "type": "object",
    "properties": {"spec": {"type": "object", "properties": {"color": {"type": "string", "default": "blue"}}}},
}

LISTS: Json = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "inputs": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name", "port"],
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {
                            "name": {"type": "string"},
                            "port": {"type": "integer", "default": 80},
                            "value": {"type": "string"},
                            "note": {"type": "string"},
                        },
                    },
                },
                "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "args": {"type": "array", "items": {"type": "string"}},
                "whole": {
                    "type": "object",
                    "x-kubernetes-map-type": "atomic",
                    "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                },
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "map": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    },
}


def applied(manager: str, *, force: bool = False, **spec: Any) -> Step:
    """A server-side apply of a spec with lists."""
    return apply(f"{THINGS}/one", {**thing("one"), "spec": spec}, manager, **({"force": "true"} if force else {}))


WITH_LISTS = defined(schema={"openAPIV3Schema": LISTS})

CONVERSATIONS = (
    talk(
        "custom-apply-items-by-key",
        *WITH_LISTS,
        applied("alice", inputs=[{"name": "a", "value": "1"}, {"name": "b", "value": "1"}]),
        applied("bob", inputs=[{"name": "c", "value": "2"}, {"name": "a", "port": 81, "value": "2"}]),
        applied("bob", inputs=[{"name": "a", "value": "2"}]),
        applied("bob", inputs=[{"name": "a", "note": "mine"}]),
        applied("alice", inputs=[{"name": "b", "value": "3"}]),
        applied("bob"),
    ),
    talk(
        "custom-apply-sets-and-lists",
        *WITH_LISTS,
        applied("alice", tags=["a", "b"], args=["x", "y"]),
        applied("bob", tags=["b", "c"]),
        applied("bob", args=["y"]),
        applied("bob", force=True, tags=["c"], args=["y"]),
        applied("alice", tags=["b"]),
        applied("alice"),
    ),
    talk(
        "custom-apply-objects",
        *WITH_LISTS,
        applied("alice", whole={"a": "1"}, free={"a": {"b": 1}, "l": [1]}, map={"k": "1"}),
        applied("bob", whole={"b": "1"}),
        applied("bob", free={"a": {"c": 2}}, map={"l": "2"}),
        applied("bob", free={"l": [2]}),
        applied("bob", force=True, whole={"b": "1"}, map={"k": "3"}),
        applied("alice", free={"a": {"b": 1}}),
    ),
    talk("custom-create-and-get", *defined(), post(THINGS, thing("one")), get(f"{THINGS}/one"), get(THINGS)),
    talk("custom-unknown-fields-are-pruned", *defined(), post(THINGS, thing("one", size=1, weight=3))),
    talk(
        "custom-defaults",
        *defined(schema={"openAPIV3Schema": DEFAULTED}),
        post(THINGS, thing("one", color="red")),
        post(THINGS, {**thing("two"), "spec": {}}),
    ),
    talk("custom-below-the-minimum", *defined(), post(THINGS, thing("one", size=0))),
    talk("custom-without-what-is-required", *defined(), post(THINGS, thing("one", color="red"))),
    talk("custom-of-a-wrong-type", *defined(), post(THINGS, thing("one", size="big"))),
    talk(
        "custom-status-apart",
        *defined(**WITH_STATUS),
        post(THINGS, {**thing("one"), "status": {"phase": "New"}}),
        merge(f"{THINGS}/one/status", {"spec": {"size": 9}, "status": {"phase": "Ready"}}),
        merge(f"{THINGS}/one", {"spec": {"size": 3}, "status": {"phase": "Gone"}}),
    ),
    talk(
        "custom-version-that-is-not-served",
        *defined(),
        get(f"/apis/{GROUP}/v2/namespaces/$ns/things"),
        get(f"/apis/{GROUP}/v1/others"),
    ),
    talk("custom-without-status", *defined(), post(THINGS, thing("one")), merge(f"{THINGS}/one/status", {"status": {}})),
    talk(
        "custom-replace-needs-a-version",
        *defined(),
        post(THINGS, thing("one")),
        put(f"{THINGS}/one", thing("one", size=5)),
    ),
    talk(
        "custom-patches",
        *defined(),
        post(THINGS, thing("one")),
        merge(f"{THINGS}/one", {"spec": {"color": None}}),
        Step("PATCH", f"{THINGS}/one", {"spec": {}}, content_type="application/strategic-merge-patch+json"),
    ),
    talk(
        "custom-apply",
        *defined(),
        apply(f"{THINGS}/one", thing("one", size=1), "alice"),
        apply(f"{THINGS}/one", thing("one", size=2), "bob"),
    ),
    talk(
        "custom-watch",
        *defined(),
        post(THINGS, thing("one")).keeping(start="metadata.resourceVersion"),
        merge(f"{THINGS}/one", {"spec": {"size": 7}}),
        delete(f"{THINGS}/one"),
        Watch(THINGS, 2, {"resourceVersion": "$start"}),
    ),
    talk("custom-definition-with-a-wrong-name", post(DEFINITIONS, {**definition(), "metadata": {"name": "other.example.com"}})),
    talk("table-of-config-maps", post(f"{CORE}/configmaps", config_map("one")), table(f"{CORE}/configmaps")),
    talk(
        "table-of-pods",
        post(f"{CORE}/pods", pod("one", node="n1")),
        merge(f"{CORE}/pods/one/status", ready()),
        post(f"{CORE}/pods", pod("two")),
        table(f"{CORE}/pods"),
    ),
    talk("table-of-deployments", post(f"{APPS}/deployments", deployment("web")), table(f"{APPS}/deployments")),
    talk(
        "table-of-budgets",
        post(f"{POLICY}/poddisruptionbudgets", budget("web")),
        merge(f"{POLICY}/poddisruptionbudgets/web/status", counted(1, 2, 1)),
        table(f"{POLICY}/poddisruptionbudgets"),
    ),
    talk(
        "table-of-a-node",
        post(NODES, node("table-of-a-node")),
        table(f"{NODES}/table-of-a-node"),
        delete(f"{NODES}/table-of-a-node"),
    ),
    talk("table-of-things", *defined(additionalPrinterColumns=COLUMNS), post(THINGS, thing("one")), table(THINGS)),
)
