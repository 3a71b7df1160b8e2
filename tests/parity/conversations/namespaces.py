"""Conversations about namespaces that end: nothing new comes in, evictions are forbidden, what is there stays to be deleted."""

from parity.conversation import APPS, CORE, Json, apply, config_map, delete, deployment, get, merge, pod, post, put, talk
from parity.conversations.evictions import BUDGETS, PODS, RUNNING, evict, guarded

HERE = "/api/v1/namespaces/$ns"
MAPS = f"{CORE}/configmaps"
ELSEWHERE = "00000000-0000-4000-8000-000000000000"
END = delete(HERE)


def held_by(*finalizers: str) -> Json:
    """The namespace with what holds it."""
    metadata = {"name": "$ns"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "spec": {"finalizers": list(finalizers)}}


def binding(name: str, node: str) -> Json:
    """A pod's place."""
    target = {"apiVersion": "v1", "kind": "Node", "name": node}
    return {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}


CONVERSATIONS = (
    talk("namespace-ends", END, get(HERE), END, get(HERE)),
    talk("namespace-ends-on-a-dry-run", delete(HERE, dryRun="All").quietly(), get(HERE), post(MAPS, config_map("one"))),
    talk("namespace-that-is-another", delete(HERE, {"preconditions": {"uid": ELSEWHERE}})),
    talk("namespace-that-was-changed", delete(HERE, {"preconditions": {"resourceVersion": "1"}})),
    talk("namespace-is-finalized", END, put(f"{HERE}/finalize", held_by()), get(HERE)),
    talk("namespace-keeps-what-holds-it", put(HERE, held_by()), merge(HERE, {"metadata": {"labels": None}}), get(HERE)),
    talk("evict-in-a-namespace-that-ends", *RUNNING, END, evict(), get(f"{PODS}/web")),
    talk(
        "evict-in-a-namespace-that-ends-under-a-budget",
        *RUNNING,
        *guarded(0, 1, 1),
        END,
        evict(),
        evict(dryRun=["All"]),
        get(f"{BUDGETS}/web"),
    ),
    talk("evict-what-is-not-there-in-a-namespace-that-ends", END, evict()),
    talk(
        "create-in-a-namespace-that-ends",
        END,
        post(MAPS, config_map("one")),
        post(MAPS, config_map("one"), dryRun="All"),
        post(f"{APPS}/deployments", deployment("web")),
        post(PODS, {**pod("web"), "metadata": {"generateName": "web-"}}),
        post(MAPS, {"apiVersion": "v1", "kind": "ConfigMap"}),
        apply(f"{MAPS}/two", config_map("two"), "me"),
    ),
    talk("bind-in-a-namespace-that-ends", post(PODS, pod("web")), END, post(f"{PODS}/web/binding", binding("web", "n1"))),
    talk(
        "change-in-a-namespace-that-ends",
        post(MAPS, config_map("one")),
        post(PODS, pod("web", node="n1")),
        END,
        merge(f"{MAPS}/one", {"data": {"a": "2"}}),
        delete(f"{PODS}/web"),
        delete(f"{MAPS}/one"),
        get(f"{MAPS}/one"),
    ),
)
