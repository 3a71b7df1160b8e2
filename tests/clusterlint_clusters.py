"""Clusters drawn from seeds, and what lint finds in them.

Owns what both judges look at: the oracle beside this file, and the program itself where there is one.
"""

from random import Random
from typing import Any

from clusterlint_oracle import IMAGES, Doc
from underway.lint import lint, picture_of
from underway.lint.rule import Options
from underway.lint.rules import RULES

SEEDS = 200
CHECKS = {
    rule.name: rule for rule in RULES if "clusterlint's `" in rule.sections["Since"]
}  # each page says which check it comes from


def meta(name: str, namespace: str = "", **more: Any) -> Doc:
    return {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        **{key: value for key, value in more.items() if value},
    }


class Drawn:
    """One cluster, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.documents: list[Doc] = []
        for name in ("kube-system", "default", "shop"):
            self.add("Namespace", meta(name, labels={"kubernetes.io/metadata.name": name}))
            self.add("ConfigMap", meta("kube-root-ca.crt", name))
            self.add("ServiceAccount", meta("default", name), **self.maybe(imagePullSecrets=[{"name": "s0"}]))
        self.add("Service", meta("kubernetes", "default"), spec={})
        for draw in (self.nodes, self.storage, self.workloads, self.bare, self.webhooks, self.small, self.policies):
            draw()
        self.rng.shuffle(self.documents)

    def add(self, kind: str, metadata: Doc, **fields: Any) -> Doc:
        thing = {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}
        self.documents.append(thing)
        return thing

    def maybe(self, chance: float = 0.3, **fields: Any) -> Doc:
        return fields if self.rng.random() < chance else {}

    def place(self) -> str:
        return self.rng.choice(("default", "shop", "kube-system"))

    def annotated(self, *checks: str) -> Doc:
        return self.maybe(0.15, annotations={"clusterlint.digitalocean.com/disabled-checks": ", ".join(checks)})

    def nodes(self) -> None:
        for index in range(self.rng.randint(1, 3)):
            labels = {"kubernetes.io/os": "linux", **self.maybe(disk="ssd"), **self.maybe(region="nyc1")}
            taints = [
                {"key": key, "effect": "NoSchedule"}
                for key in ("gpu", "node.kubernetes.io/unschedulable")
                if self.rng.random() < 0.3
            ]
            self.add("Node", meta(f"n{index}", labels=labels), spec={"taints": taints})

    def storage(self) -> None:
        annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
        self.add("StorageClass", meta("do", **self.maybe(annotations=annotations)), provisioner="dobs.csi.digitalocean.com")
        self.add("StorageClass", meta("other"), provisioner="example.com/disk")
        for namespace in ("default", "shop"):
            for index in range(3):
                spec = self.rng.choice(({}, {"storageClassName": "do"}, {"storageClassName": "other"}))
                self.add("PersistentVolumeClaim", meta(f"c{index}", namespace), spec=spec)
                self.add("ConfigMap", meta(f"m{index}", namespace, **self.annotated("unused-config-map")))
                kind = self.rng.choice(("Opaque", "kubernetes.io/service-account-token", "helm.sh/release.v1"))
                name = f"sh.helm.release.v1.s{index}.v1" if kind.startswith("helm") else f"s{index}"
                self.add("Secret", meta(name, namespace), type=kind)
        self.add("PersistentVolumeClaim", meta("data-db-0", "shop"), spec={})
        for index, phase in enumerate(("Bound", "Released", "Available")):
            reference = {} if phase == "Available" else {"claimRef": {"namespace": "shop", "name": "c0"}}
            self.add("PersistentVolume", meta(f"v{index}"), spec=reference, status={"phase": phase})

    def container(self, name: str) -> Doc:
        env = [{"name": "A", "valueFrom": {self.rng.choice(("configMapKeyRef", "secretKeyRef")): {"name": "m1", "key": "k"}}}]
        security = {
            **self.maybe(runAsNonRoot=self.rng.random() < 0.5),
            **self.maybe(runAsUser=1000),
            **self.maybe(privileged=True),
        }
        return {
            "name": name,
            "image": self.rng.choice(list(IMAGES)),
            **self.maybe(0.5, securityContext=security),
            **self.maybe(0.5, resources={self.rng.choice(("requests", "limits")): {"cpu": "1"}}),
            **self.maybe(env=env),
            **self.maybe(envFrom=[{"secretRef": {"name": "s1"}}, {"configMapRef": {"name": "m2"}}]),
        }

    def spec(self) -> Doc:
        volumes: list[Doc] = [
            {"hostPath": {"path": "/x"}},
            {"configMap": {"name": "m0"}},
            {"secret": {"secretName": "s0"}},
            {"persistentVolumeClaim": {"claimName": self.rng.choice(("c0", "c1", "gone"))}},
            {"csi": {"driver": "dobs.csi.digitalocean.com"}},
            {"projected": {"sources": [{"secret": {"name": "s2"}}, {"configMap": {"name": "m2"}}]}},
        ]
        picked = [{"name": f"v{index}", **one} for index, one in enumerate(volumes) if self.rng.random() < 0.25]
        return {
            "containers": [self.container("a"), *([self.container("b")] if self.rng.random() < 0.4 else [])],
            **self.maybe(initContainers=[self.container("i")]),
            **self.maybe(0.7, volumes=picked),
            **self.maybe(0.2, nodeSelector={"kubernetes.io/hostname": "n0"}),
            **self.maybe(securityContext={**self.maybe(0.5, runAsNonRoot=True), **self.maybe(0.5, runAsUser=1000)}),
            **self.maybe(imagePullSecrets=[{"name": "s1"}]),
        }

    def workloads(self) -> None:
        for index in range(self.rng.randint(1, 4)):
            namespace, name, spec, replicas = self.place(), f"w{index}", self.spec(), self.rng.choice((0, 1, 3))
            kind = self.rng.choice(("Deployment", "StatefulSet", "DaemonSet"))
            claims = [{"metadata": {"name": "data"}}] if kind == "StatefulSet" else []
            name = "db" if claims and index == 0 else name
            owner = {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": f"{namespace}-{kind}-{name}", "controller": True}
            workload = {"template": {"spec": spec}, "replicas": replicas, "volumeClaimTemplates": claims}
            self.add(kind, meta(name, namespace, **self.annotated("latest-tag")), spec=workload)
            if kind == "Deployment":
                self.add("ReplicaSet", meta(f"{name}-1", namespace, ownerReferences=[owner]), spec={})
                owner = {**owner, "kind": "ReplicaSet", "name": f"{name}-1", "uid": f"{namespace}-rs-{name}"}
            for replica in range(replicas):
                metadata = meta(
                    f"{kind.lower()}-{name}-{replica}", namespace, ownerReferences=[owner], **self.annotated("latest-tag")
                )
                self.add("Pod", metadata, spec=spec, status={"phase": self.rng.choice(("Running", "Running", "Failed"))})

    def bare(self) -> None:
        for index in range(self.rng.randint(0, 3)):
            name = self.rng.choice((f"p{index}", f"p{index}-n0"))
            phase = self.rng.choice(("Running", "Unknown", "Succeeded"))
            self.add(
                "Pod",
                meta(name, self.place(), **self.annotated("bare-pods", "pod-state")),
                spec=self.spec(),
                status={"phase": phase},
            )
        self.add("PodTemplate", meta("t", self.place()), template={"spec": {"containers": [{"name": "a", "image": "web:1"}]}})

    def webhooks(self) -> None:
        self.add("Service", meta("hook", "shop"), spec={})
        for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
            services = (
                {"namespace": "shop", "name": "hook"},
                {"namespace": "shop", "name": "gone"},
                {"namespace": "gone", "name": "x"},
            )
            webhooks = []
            for index in range(self.rng.randint(1, 3)):
                service = self.rng.choice((*services, {"namespace": "default", "name": "kubernetes"}, None))
                key = "kubernetes.io/metadata.name"
                operator = self.rng.choice(("In", "NotIn", "Exists", "DoesNotExist"))
                expression = {"key": key, "operator": operator, **({"values": ["kube-system"]} if "In" in operator else {})}
                rule = {
                    "apiGroups": self.rng.choice((["*"], [""], ["apps"], ["batch"], [])),
                    "apiVersions": self.rng.choice((["*"], ["v1"], ["v2"])),
                    "resources": self.rng.choice((["*"], ["pods"], ["configmaps"], ["deployments"])),
                    "operations": self.rng.choice((["*"], ["CREATE"], ["DELETE"])),
                }
                webhook = {
                    "name": f"h{index}",
                    "clientConfig": {"service": service} if service else {"url": "https://x"},
                    "rules": [rule],
                    "failurePolicy": self.rng.choice(("Fail", "Ignore")),
                    **self.maybe(0.5, timeoutSeconds=self.rng.choice((0, 1, 29, 30))),
                    **self.maybe(0.5, namespaceSelector={"matchExpressions": [expression]}),
                }
                webhooks.append(webhook)
            self.add(kind, meta("hooks", **self.annotated("admission-controller-webhook")), webhooks=webhooks)

    def policies(self) -> None:
        for index in range(self.rng.randint(0, 2)):
            rule = {
                "apiGroups": self.rng.choice((["*"], [""], ["apps"], ["batch"])),
                "apiVersions": self.rng.choice((["*"], ["v1"], ["v2"])),
                "resources": self.rng.choice((["*"], ["pods"], ["configmaps"])),
                "operations": self.rng.choice((["*"], ["CREATE"], ["DELETE"])),
            }
            about = {"resourceRules": [rule], **self.maybe(namespaceSelector=self.elsewhere())}
            self.add("ValidatingAdmissionPolicy", meta(f"p{index}"), spec=self.maybe(0.9, matchConstraints=about))
            actions = self.rng.choice((["Deny"], ["Warn"], ["Audit", "Deny"]))
            where = self.maybe(matchResources=self.maybe(0.7, namespaceSelector=self.elsewhere()))
            spec = {"policyName": self.rng.choice(("p0", "p1")), "validationActions": actions, **where}
            self.add("ValidatingAdmissionPolicyBinding", meta(f"b{index}"), spec=spec)

    def elsewhere(self) -> Doc:
        operator = self.rng.choice(("In", "NotIn"))
        return {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": operator, "values": ["kube-system"]}]}

    def small(self) -> None:
        for index in range(3):
            spec = {**self.maybe(0.5, concurrencyPolicy=self.rng.choice(("Allow", "Forbid"))), **self.maybe(suspend=True)}
            self.add("CronJob", meta(f"j{index}", self.place()), spec=spec)
        self.add("Ingress", meta("i", "shop"), spec={"tls": [{"secretName": "s0"}]})
        invalid = {
            "snapshot.storage.kubernetes.io/invalid-snapshot-resource": "",
            "snapshot.storage.sigs.k8s.io/invalid-snapshot-content-resource": "",
        }
        self.add("VolumeSnapshot", meta("s", "shop", labels=self.maybe(0.5, **invalid)))
        self.add("VolumeSnapshotContent", meta("s", labels=self.maybe(0.5, **invalid)))


def found(documents: list[Doc], **options: Any) -> list[tuple[str, str, str, str]]:
    report = lint(picture_of(documents), CHECKS.values(), Options(**options))
    assert not report.skipped
    return sorted((one.rule, one.object.kind, one.object.namespace, one.object.name) for one in report.findings)
