"""Conversations about fields that a kind does not have, and about fields of a wrong type."""

from typing import Any

from parity.conversation import APPS, CORE, config_map, deployment, get, json_patch, merge, pod, post, put, strategic, talk

MAPS = f"{CORE}/configmaps"
WEB = f"{APPS}/deployments/web"
LEVELS = ("Strict", "Warn", "Ignore")
MISSPELT = {**config_map("one"), "dat": {"a": "1"}, "metadata": {"name": "one", "lables": {}}}
DEEP = pod("web", containers=[{"name": "app", "image": "web:1", "port": [], "env": [{"name": "A", "val": "1"}]}])


def with_spec(**spec: Any) -> dict[str, Any]:
    """A Deployment of whose specification one part is wrong."""
    made = deployment("web")
    return {**made, "spec": {**made["spec"], **spec}}


def within_template(**spec: Any) -> dict[str, Any]:
    """A patch of a pod template's specification."""
    return {"spec": {"template": {"spec": spec}}}


CONVERSATIONS = (
    *(
        talk(f"unknown-fields-{level.lower()}", post(MAPS, MISSPELT, fieldValidation=level), get(f"{MAPS}/one"))
        for level in LEVELS
    ),
    talk("unknown-fields-by-default", post(MAPS, MISSPELT), get(f"{MAPS}/one")),
    talk("unknown-fields-deep-down", post(f"{CORE}/pods", DEEP), post(f"{CORE}/pods", DEEP, fieldValidation="Strict")),
    *(
        talk(
            f"unknown-fields-of-patches-{level.lower()}",
            post(f"{APPS}/deployments", deployment("web")),
            merge(WEB, {"spec": {"replica": 3}}, fieldValidation=level),
            strategic(
                WEB, {"spec": {"template": {"spec": {"containers": [{"name": "app", "img": "x"}]}}}}, fieldValidation=level
            ),
        )
        for level in LEVELS
    ),
    talk("unknown-fields-of-a-replace", post(MAPS, config_map("one")), put(f"{MAPS}/one", MISSPELT, fieldValidation="Strict")),
    talk("a-level-that-is-none", post(MAPS, config_map("one"), fieldValidation="Maybe")),
    *(
        talk(f"wrong-type-{name}", post(f"{APPS}/deployments", with_spec(**spec)))
        for name, spec in (
            ("text-for-a-number", {"replicas": "many"}),
            ("a-fraction", {"replicas": 1.5}),
            ("too-large", {"replicas": 3_000_000_000}),
            ("a-number-for-a-flag", {"paused": 1}),
            ("a-list-for-an-object", {"selector": []}),
            ("text-for-an-object", {"template": "x"}),
            ("an-object-for-a-list", {"template": {"spec": {"containers": {}}}}),
            ("text-in-a-list", {"template": {"spec": {"containers": ["x"]}}}),
            ("a-number-for-a-name", {"template": {"spec": {"containers": [{"name": 5}]}}}),
            ("a-number-in-a-map", {"template": {"metadata": {"labels": {"app": 5}}}}),
            ("a-number-for-a-named-type", {"strategy": {"type": 5}}),
            ("a-list-for-a-map", {"template": {"spec": {"nodeSelector": []}}}),
            ("a-flag-for-an-amount", {"template": {"spec": {"containers": [{"name": "app", "resources": {"limits": []}}]}}}),
        )
    ),
    talk(
        "wrong-types-in-patches",
        post(f"{APPS}/deployments", deployment("web")),
        merge(WEB, {"spec": {"paused": "yes"}}),
        merge(WEB, {"metadata": {"labels": {"a": 1}}}),
        json_patch(WEB, {"op": "replace", "path": "/spec/replicas", "value": "many"}),
    ),
)
