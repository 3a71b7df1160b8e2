"""Replicas are scaled only where that was asked for, by one, on record, and never for good; and then no single pod goes alone.

What an autoscaler scales is scaled by it alone: its minReplicas is what is raised, by the same rules. It remembers how many
replicas each Deployment had, and each autoscaler asked for at least, when the run began.
"""

import json

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import ANNOTATION, Checker, ready
from underway.sim.store import Object


class SingleReplica(Checker):
    """Looks at each write of a scale, at each eviction, and at the end."""

    name = "single-replica"

    def begin(self) -> None:
        """What the specification asks for, and what there is."""
        self._asked_for = self.claim.spec.get("drain", {}).get("singleReplica") == "Surge"
        self._replicas = {_key(one): one["spec"].get("replicas", 1) for one in self.store.values(r.DEPLOYMENTS)}
        self._least = {_key(one): one["spec"]["minReplicas"] for one in self.store.values(r.HORIZONTAL_POD_AUTOSCALERS)}

    def on_request(self, request: Request) -> None:
        """A scale is to be written, or the only pod of a Deployment to be evicted."""
        if request.subresource == "scale":
            self._judge_scale(request)
        elif request.resource == r.HORIZONTAL_POD_AUTOSCALERS and request.verb == "patch":
            self._judge_minimum(request)
        elif request.subresource == "eviction" and self._asked_for:
            self._judge_eviction(request)

    def _judge_scale(self, request: Request) -> None:
        name, wanted = f"{request.namespace}/{request.name}", request.body["spec"]["replicas"]
        had = self._replicas.get((request.namespace, request.name), 0)
        if not self._asked_for:
            self.fail(f"Deployment {name} was scaled though nobody asked for it")
        if had != 1 or wanted not in (1, 2):
            self.fail(f"Deployment {name} had {had} replicas and was scaled to {wanted}")
        if wanted == 2 and (request.namespace, request.name) not in self._on_record():
            self.fail(f"Deployment {name} was scaled to {wanted} without a record of it")

        if self._autoscaler(request.namespace, request.name) is not None:
            self.fail(f"Deployment {name} was scaled to {wanted} though an autoscaler scales it")

    def _judge_minimum(self, request: Request) -> None:
        name, wanted = f"{request.namespace}/{request.name}", request.body["spec"]["minReplicas"]
        had = self._least.get((request.namespace, request.name), 0)
        target = self.store.get(r.HORIZONTAL_POD_AUTOSCALERS, request.namespace, request.name)
        if not self._asked_for or wanted not in (had, 2):
            self.fail(f"HorizontalPodAutoscaler {name} had minReplicas {had} and was given {wanted}")
        scaled = (request.namespace, target["spec"]["scaleTargetRef"]["name"]) if target is not None else ("", "")
        if wanted == 2 and scaled not in self._on_record():
            self.fail(f"HorizontalPodAutoscaler {name} was given minReplicas {wanted} without a record of it")

    def _autoscaler(self, namespace: str, deployment: str) -> Object | None:
        found = self.store.ordered(r.HORIZONTAL_POD_AUTOSCALERS, namespace)
        return next((one for one in found if one["spec"]["scaleTargetRef"]["name"] == deployment), None)

    def _on_record(self) -> set[tuple[str, str]]:
        notes = [(lease["metadata"].get("annotations") or {}).get(f"{ANNOTATION}raised") for lease in self.store.values(r.LEASES)]
        return {(debt["namespace"], debt["name"]) for text in notes if text for debt in json.loads(text)}

    def _judge_eviction(self, request: Request) -> None:
        pod = self.store.get(r.PODS, request.namespace, request.name)
        if pod is None or not ready(pod) or pod["metadata"].get("deletionTimestamp"):
            return
        owner = self._surged(pod)
        labels = (pod["metadata"].get("labels") or {}).get("app")
        others = [
            one
            for one in self.store.ordered(r.PODS, request.namespace)
            if (one["metadata"].get("labels") or {}).get("app") == labels and ready(one) and one is not pod
        ]
        if owner and not any(not one["metadata"].get("deletionTimestamp") for one in others):
            self.fail(f"pod {request.namespace}/{request.name} was evicted though Deployment {owner} had no other")

    def _surged(self, pod: Object) -> str:
        """The Deployment of a pod that was to get a second replica first: single, without data, and nobody else scales it."""
        namespace, app = pod["metadata"]["namespace"], (pod["metadata"].get("labels") or {}).get("app", "")
        deployment = self.store.get(r.DEPLOYMENTS, namespace, app)
        autoscaler = self._autoscaler(namespace, app)
        hindered = autoscaler is not None and autoscaler["spec"]["maxReplicas"] < 2
        if deployment is None or hindered or self._replicas.get((namespace, app)) != 1:
            return ""
        recreated = (deployment["spec"].get("strategy") or {}).get("type") == "Recreate"
        claims = any("persistentVolumeClaim" in volume for volume in pod["spec"].get("volumes") or ())
        return "" if recreated or claims else f"{namespace}/{app}"

    def at_end(self) -> None:
        """Everybody has what they had."""
        for (namespace, name), had in self._replicas.items():
            deployment = self.store.get(r.DEPLOYMENTS, namespace, name)
            scaled = self._autoscaler(namespace, name) is not None
            if deployment is not None and not scaled and deployment["spec"].get("replicas", 1) != had:
                self.fail(f"Deployment {namespace}/{name} had {had} replicas and is left with {deployment['spec']['replicas']}")
        for (namespace, name), least in self._least.items():
            autoscaler = self.store.get(r.HORIZONTAL_POD_AUTOSCALERS, namespace, name)
            if autoscaler is not None and (now := autoscaler["spec"]["minReplicas"]) != least:
                self.fail(f"HorizontalPodAutoscaler {namespace}/{name} had minReplicas {least} and is left with {now}")


def _key(value: Object) -> tuple[str, str]:
    return value["metadata"]["namespace"], value["metadata"]["name"]
