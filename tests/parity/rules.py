"""CustomResourceDefinitions whose rules are expressions, before a real kube-apiserver: what it refuses, what it says."""

import json
from collections.abc import Sequence
from typing import Any

from parity.conversation import Json, Step
from parity.speaker import Speaker

GROUP = "cel.underway.dev"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def rules(expressions: Sequence[str]) -> list[Json]:
    """One rule an expression; the message is its number, by which errors can be told apart."""
    return [{"rule": text, "message": f"rule {number}"} for number, text in enumerate(expressions)]


def definition(plural: str, schema: dict[str, Any]) -> Json:
    """A CustomResourceDefinition of one version."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Cluster",
            "names": {
                "plural": plural,
                "singular": plural,
                "kind": plural.capitalize(),
                "listKind": f"{plural.capitalize()}List",
            },
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def instance(plural: str, fields: Json) -> Json:
    """An object of that definition."""
    return {"apiVersion": f"{GROUP}/v1", "kind": plural.capitalize(), "metadata": {"name": "one"}, **fields}


class Server:
    """A kube-apiserver, asked about definitions and objects."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker

    def refusals(self, crd: Json) -> list[tuple[str, str]]:
        """Where and why the server refuses a definition; nothing is kept."""
        said = self._post(_DEFINITIONS, crd, dry_run=True)
        return _causes(said)

    def define(self, crd: Json) -> None:
        """Keep a definition, and wait until its objects are served."""
        said = self._post(_DEFINITIONS, crd, dry_run=False)
        assert said["code"] == 201, json.dumps(said)[:2000]
        self.speaker.say(Step("GET", self._objects(crd), awaited=200))

    def errors(self, crd: Json, body: Json) -> list[tuple[str, str]]:
        """Where and why the server refuses an object; nothing is kept."""
        return _causes(self._post(self._objects(crd), body, dry_run=True))

    def change(self, crd: Json, old: Json, new: Json) -> list[tuple[str, str]]:
        """Where and why the server refuses to change an object; the old one is made first and removed again."""
        made = self._post(self._objects(crd), old, dry_run=False)
        assert made["code"] == 201, json.dumps(made)[:2000]
        path = f"{self._objects(crd)}/{old['metadata']['name']}"
        meta = {**new["metadata"], "resourceVersion": made["body"]["metadata"]["resourceVersion"]}
        query = {"dryRun": "All"}
        said = self.speaker.say(Step("PUT", path, raw=json.dumps({**new, "metadata": meta}).encode(), query=query))
        self.speaker.say(Step("DELETE", path, awaited=200))
        return _causes(said)

    def _objects(self, crd: Json) -> str:
        return f"/apis/{GROUP}/v1/{crd['spec']['names']['plural']}"

    def _post(self, path: str, body: Json, *, dry_run: bool) -> Json:
        query = {"dryRun": "All"} if dry_run else {}
        return self.speaker.say(Step("POST", path, raw=json.dumps(body).encode(), query=query))


def _causes(said: Json) -> list[tuple[str, str]]:
    if said["code"] < 300:
        return []
    assert said["code"] == 422, json.dumps(said)[:2000]
    return [(cause["field"], cause["message"]) for cause in said["body"]["details"]["causes"]]
