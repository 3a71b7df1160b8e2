"""clusterlint's 25 checks once more, over plain dicts and straight from what is known of its sources: a second opinion.

It shares no code with `underway.lint`, faults of clusterlint included. Images are compared by a table, not by a grammar.
Source: github.com/digitalocean/clusterlint, the folders of checks/.
"""

from collections.abc import Iterator
from typing import Any

Doc = dict[str, Any]
Diagnostic = tuple[str, str, str, str]  # check, kind, namespace, name

# image: canonical form (None: no reference), domain, whether it floats
IMAGES: dict[str, tuple[str | None, str, bool]] = {
    "web": ("docker.io/library/web", "docker.io", True),
    "web:1": ("docker.io/library/web:1", "docker.io", False),
    "docker.io/web:1": ("docker.io/library/web:1", "docker.io", False),
    "docker.io/library/web:1": ("docker.io/library/web:1", "docker.io", False),
    "docker.io/library/web:latest": ("docker.io/library/web:latest", "docker.io", True),
    "ghcr.io/acme/web@sha256:" + "a" * 64: ("ghcr.io/acme/web@sha256:" + "a" * 64, "ghcr.io", False),
    "docker.pkg.github.com/acme/web/web:1": ("docker.pkg.github.com/acme/web/web:1", "docker.pkg.github.com", False),
    "Web:1": (None, "", True),
    "": (None, "", True),
}


class Oracle:
    """The documents of one cluster."""

    def __init__(self, documents: list[Doc]) -> None:
        self.documents = documents

    def of(self, *kinds: str) -> list[Doc]:
        return [one for one in self.documents if one["kind"] in kinds]

    def named(self, kind: str, namespace: str, name: str) -> Doc | None:
        return next((one for one in self.of(kind) if _key(one) == (kind, namespace, name)), None)

    def diagnostics(self) -> list[Diagnostic]:
        """What clusterlint prints, in the order of its names, without what its annotation disables."""
        found = [*self._pods(), *self._unused(), *self._webhooks(), *self._policies(), *self._others()]
        return sorted((check, *_key(thing)) for check, thing in found if not _disabled(check, thing))

    def _pods(self) -> Iterator[tuple[str, Doc]]:
        endings = tuple("-" + node["metadata"]["name"].lower() for node in self.of("Node"))
        for pod in self.of("Pod"):
            spec = pod["spec"]
            if not pod["metadata"].get("ownerReferences") and not pod["metadata"]["name"].endswith(endings):
                yield "bare-pods", pod
            if "kubernetes.io/hostname" in spec.get("nodeSelector", {}):
                yield "node-name-pod-selector", pod
            if pod.get("status", {}).get("phase") in ("Failed", "Unknown"):
                yield "pod-state", pod
            for volume in spec.get("volumes", []):
                if "hostPath" in volume:
                    yield "hostpath-volume", pod
                stateful = any(owner["kind"] == "StatefulSet" for owner in pod["metadata"].get("ownerReferences", []))
                if self._of_digitalocean(volume, pod["metadata"]["namespace"]) and not stateful:
                    yield "dobs-pod-owner", pod
            for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
                yield from ((check, pod) for check in _container(container, spec))

    def _of_digitalocean(self, volume: Doc, namespace: str) -> bool:
        drivers = ("dobs.csi.digitalocean.com", "com.digitalocean.csi.dobs")
        if volume.get("csi", {}).get("driver") in drivers:
            return True
        claim = self.named("PersistentVolumeClaim", namespace, volume.get("persistentVolumeClaim", {}).get("claimName", ""))
        if claim is None:
            return False
        name = claim["spec"].get("storageClassName")
        classes = sorted(self.of("StorageClass"), key=_key)
        if name is None:
            annotation = "storageclass.kubernetes.io/is-default-class"
            default = [one for one in classes if one["metadata"].get("annotations", {}).get(annotation) == "true"]
            return bool(default) and default[-1]["provisioner"] in drivers
        return any(one["metadata"]["name"] == name and one["provisioner"] in drivers for one in classes)

    def _unused(self) -> Iterator[tuple[str, Doc]]:
        used: dict[str, set[tuple[str, str]]] = {"config": set(), "secret": set(), "claim": set()}
        for pod in self.of("Pod"):
            for what, name in used_by(pod["spec"]):
                used[what].add((pod["metadata"]["namespace"], name))
        for account in self.of("ServiceAccount"):
            for reference in [*account.get("secrets", []), *account.get("imagePullSecrets", [])]:
                used["secret"].add((account["metadata"]["namespace"], reference["name"]))
        for kind, what, check in (
            ("ConfigMap", "config", "unused-config-map"),
            ("Secret", "secret", "unused-secret"),
            ("PersistentVolumeClaim", "claim", "unused-pvc"),
        ):
            for thing in self.of(kind):
                if thing.get("type") != "kubernetes.io/service-account-token" and _key(thing)[1:] not in used[what]:
                    yield check, thing
        for volume in self.of("PersistentVolume"):
            if "claimRef" not in volume["spec"]:
                yield "unused-pv", volume

    def _webhooks(self) -> Iterator[tuple[str, Doc]]:
        for configuration in self.of("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
            told = False
            for webhook in configuration["webhooks"]:
                timeout = webhook.get("timeoutSeconds")
                if timeout is not None and not 1 <= timeout <= 29:
                    yield "admission-controller-webhook-timeout", configuration
                service = webhook["clientConfig"].get("service")
                if service is None:
                    continue
                home = self.named("Namespace", "", service["namespace"])
                if home is None or self.named("Service", service["namespace"], service["name"]) is None:
                    yield "admission-controller-webhook", configuration
                if not told and self.stops(webhook, home):
                    told = True
                    yield "admission-controller-webhook-replacement", configuration

    def stops(self, webhook: Doc, home: Doc | None) -> bool:
        service, selector = webhook["clientConfig"]["service"], webhook.get("namespaceSelector")
        if not any(_applicable(rule) for rule in webhook["rules"]) or webhook.get("failurePolicy") == "Ignore":
            return False
        if (service["namespace"], service["name"]) == ("default", "kubernetes"):
            return False
        system = self.named("Namespace", "", "kube-system")
        if not _selects(selector, system):
            return False
        return not (home is not None and not _selects(selector, home) and len(self.of("Node")) > 1)

    def _policies(self) -> Iterator[tuple[str, Doc]]:
        system = self.named("Namespace", "", "kube-system")
        for policy in self.of("ValidatingAdmissionPolicy"):
            about = policy["spec"].get("matchConstraints")
            if about is None or system is None or not any(_applicable(rule) for rule in about.get("resourceRules", [])):
                continue
            if not _selects(about.get("namespaceSelector"), system):
                continue
            for binding in self.of("ValidatingAdmissionPolicyBinding"):
                spec = binding["spec"]
                named = spec["policyName"] == policy["metadata"]["name"] and "Deny" in spec["validationActions"]
                if named and _selects(spec.get("matchResources", {}).get("namespaceSelector"), system):
                    yield "validating-admission-policy", policy
                    break

    def _others(self) -> Iterator[tuple[str, Doc]]:
        for job in self.of("CronJob"):
            if job["spec"].get("concurrencyPolicy", "Allow") == "Allow":
                yield "cronjob-concurrency", job
        kinds = ("Pod", "PodTemplate", "PersistentVolumeClaim", "ConfigMap", "Service", "Secret", "ServiceAccount")
        for thing in self.of(*kinds):
            _, namespace, name = _key(thing)
            own = (thing["kind"], name) in {("Service", "kubernetes"), ("ServiceAccount", "default")}
            if namespace == "default" and not own and thing.get("type") != "kubernetes.io/service-account-token":
                yield "default-namespace", thing
        for node in self.of("Node"):
            labels = node["metadata"].get("labels", {})
            if any(
                "kubernetes.io" not in one and not one.startswith("doks.digitalocean.com/") and one != "region" for one in labels
            ):
                yield "node-labels-and-taints", node
            if node["spec"].get("taints"):
                yield "node-labels-and-taints", node
        for kind, label, check in (
            ("VolumeSnapshot", "snapshot.storage.kubernetes.io/invalid-snapshot-resource", "invalid-volume-snapshot"),
            (
                "VolumeSnapshotContent",
                "snapshot.storage.sigs.k8s.io/invalid-snapshot-content-resource",
                "invalid-volume-snapshot-content",
            ),
        ):
            for snapshot in self.of(kind):
                if label in snapshot["metadata"].get("labels", {}):
                    yield check, snapshot


def _container(container: Doc, spec: Doc) -> Iterator[str]:
    canonical, domain, floats = IMAGES[container["image"]]
    if canonical is None or floats:
        yield "latest-tag"
    if canonical is None or canonical != container["image"]:
        yield "fully-qualified-image"
    if canonical is None or domain == "docker.pkg.github.com":
        yield "docker-pkg-github-com-registry"
    if container.get("securityContext", {}).get("privileged"):
        yield "privileged-containers"
    if not container.get("securityContext", {}).get("runAsNonRoot") and not spec.get("securityContext", {}).get("runAsNonRoot"):
        yield "non-root-user"
    if not container.get("resources"):
        yield "resource-requirements"


def used_by(spec: Doc) -> Iterator[tuple[str, str]]:
    """What a pod spec names, as clusterlint looks for it: ("config" | "secret" | "claim", name)."""
    for volume in spec.get("volumes", []):
        for source in (volume, *volume.get("projected", {}).get("sources", [])):
            if "configMap" in source:
                yield "config", source["configMap"]["name"]
            if "secret" in source:
                yield "secret", source["secret"].get("secretName") or source["secret"].get("name")
        if "persistentVolumeClaim" in volume:
            yield "claim", volume["persistentVolumeClaim"]["claimName"]
    for reference in spec.get("imagePullSecrets", []):
        yield "secret", reference["name"]
    for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
        for source in container.get("envFrom", []):
            for field, what in (("configMapRef", "config"), ("secretRef", "secret")):
                if field in source:
                    yield what, source[field]["name"]
        for variable in container.get("env", []):
            for field, what in (("configMapKeyRef", "config"), ("secretKeyRef", "secret")):
                if field in variable.get("valueFrom", {}):
                    yield what, variable["valueFrom"][field]["name"]


def _applicable(rule: Doc) -> bool:
    """Whether a rule of a webhook or policy is about a version and group of workloads."""
    groups = set(rule["apiGroups"])
    return bool(set(rule["apiVersions"]) & {"*", "v1", "v1beta1", "v1beta2"}) and (not groups or bool(groups & {"", "*", "apps"}))


def _selects(selector: Doc | None, namespace: Doc | None) -> bool:
    labels = namespace["metadata"].get("labels", {}) if namespace else {}
    for key, value in (selector or {}).get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for one in (selector or {}).get("matchExpressions", []):
        there, among = one["key"] in labels, labels.get(one["key"]) in one.get("values", [])
        holds = {"Exists": there, "DoesNotExist": not there, "In": there and among, "NotIn": not (there and among)}
        if not holds[one["operator"]]:
            return False
    return True


def _key(thing: Doc) -> tuple[str, str, str]:
    return thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]


def _disabled(check: str, thing: Doc) -> bool:
    listed = thing["metadata"].get("annotations", {}).get("clusterlint.digitalocean.com/disabled-checks", "")
    return check in [name.strip() for name in listed.split(",")]
