"""What ends with a version: modes of kube-proxy, groups that roles and webhooks name, nodes that a platform takes no more."""

from typing import Any

import pytest

from linting import findings
from underway.lint import Picture, picture_of
from underway.lint.finding import Evidence, Finding, Severity
from underway.model.version import Version


def found(rule: str, *values: dict[str, Any], target: int = 0) -> tuple[Finding, ...]:
    return findings(rule, Picture(picture_of(values).objects), target=Version(1, target) if target else None)


def node(**info: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "status": {"nodeInfo": info}}


class TestKubeProxyMode:
    def proxy(self, *argv: str, field: str = "command") -> dict[str, Any]:
        container = {"name": "kube-proxy", "image": "registry.k8s.io/kube-proxy:v1.36.3", field: list(argv)}
        metadata = {"name": "kube-proxy", "namespace": "kube-system"}
        spec = {"template": {"metadata": {"labels": {"k8s-app": "kube-proxy"}}, "spec": {"containers": [container]}}}
        return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata, "spec": spec}

    @pytest.mark.parametrize(
        ("argv", "target", "severity"),
        [
            (["kube-proxy", "--proxy-mode=ipvs"], 34, None),
            (["kube-proxy", "--proxy-mode=ipvs"], 35, Severity.WARNING),
            (["kube-proxy", "--proxy-mode", "ipvs"], 40, Severity.ERROR),
            (["kube-proxy", "--proxy-mode=userspace"], 26, Severity.ERROR),
            (["kube-proxy", "--proxy-mode=nftables"], 40, None),
            (["kube-proxy", "--config=/var/lib/kube-proxy/config.conf"], 40, None),
        ],
    )
    def test_modes_end(self, argv: list[str], target: int, severity: Severity | None) -> None:
        severities = [one.severity for one in found("kube-proxy-mode", self.proxy(*argv), target=target)]
        assert severities == ([severity] if severity else [])

    def test_what_kube_proxy_says_of_its_nodes_is_seen_once(self) -> None:
        events: list[dict[str, Any]] = [
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": "default"},
                "involvedObject": {"kind": "Node", "name": name},
                "reason": "IPVSDeprecation",
            }
            for name in ("n2", "n1")
        ]
        (finding,) = found("kube-proxy-mode", self.proxy("kube-proxy"), *events, target=36)
        assert (str(finding.object), finding.evidence) == ("DaemonSet kube-system/kube-proxy", Evidence.OBSERVED)
        assert finding.message.endswith("; kube-proxy said so of n1, n2")
        written = self.proxy("kube-proxy", "--proxy-mode=ipvs")
        assert [one.evidence for one in found("kube-proxy-mode", written, *events, target=36)] == [Evidence.STATIC]


class TestRemovedApiInRules:
    def role(self, *rules: tuple[str, str], **labels: str) -> dict[str, Any]:
        written = [{"apiGroups": [group], "resources": [resource], "verbs": ["get"]} for group, resource in rules]
        metadata = {"name": "deployer", "labels": labels}
        return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata, "rules": written}

    @pytest.mark.parametrize(
        ("rules", "target", "severity"),
        [
            ([("extensions", "ingresses")], 21, None),
            ([("extensions", "ingresses")], 22, Severity.WARNING),
            ([("extensions", "ingresses/status"), ("networking.k8s.io", "ingresses")], 22, Severity.INFO),
            ([("extensions", "ingresses"), ("*", "*")], 22, Severity.INFO),
            ([("policy", "podsecuritypolicies")], 25, Severity.INFO),
            ([("policy", "poddisruptionbudgets")], 43, None),
            ([("batch", "cronjobs")], 43, None),
            ([("", "pods")], 43, None),
            ([("resource.k8s.io", "resourceclasses")], 31, Severity.INFO),
            ([("resource.k8s.io", "resourceclaims")], 43, None),
            ([("example.com", "ingresses")], 43, None),
        ],
    )
    def test_rights_to_what_no_version_serves(self, rules: list[tuple[str, str]], target: int, severity: Severity | None) -> None:
        severities = [one.severity for one in found("removed-api-in-rules", self.role(*rules), target=target)]
        assert severities == ([severity] if severity else [])

    def test_the_message_names_both_groups(self) -> None:
        (finding,) = found("removed-api-in-rules", self.role(("extensions", "ingresses")), target=37)
        assert finding.message == (
            "it grants ingresses in extensions, which 1.22 and newer do not serve, and not ingresses in networking.k8s.io"
        )
        kept = self.role(("extensions", "ingresses"), **{"kubernetes.io/bootstrapping": "rbac-defaults"})
        assert found("removed-api-in-rules", kept, target=37) == ()

    @pytest.mark.parametrize(
        ("group", "versions", "resource", "remedy"),
        [
            ("policy", ["v1beta1"], "poddisruptionbudgets", "name policy/v1"),
            ("policy", ["v1beta1", "v1"], "poddisruptionbudgets", None),
            ("policy", ["*"], "poddisruptionbudgets", None),
            ("extensions", ["v1beta1"], "ingresses", "name networking.k8s.io/v1"),
            ("apps", ["v1"], "deployments", None),
        ],
    )
    def test_admission_that_names_removed_versions_alone(
        self, group: str, versions: list[str], resource: str, remedy: str | None
    ) -> None:
        rule = {"apiGroups": [group], "apiVersions": versions, "operations": ["CREATE"], "resources": [resource]}
        configuration = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "policy"},
            "webhooks": [{"name": "a.b.c", "clientConfig": {"url": "https://a.b.c"}, "rules": [rule]}],
        }
        policy = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": "policy"},
            "spec": {"matchConstraints": {"resourceRules": [rule]}},
        }
        remedies = [one.remedy for one in found("removed-api-in-rules", configuration, policy, target=37)]
        assert remedies == ([remedy, remedy] if remedy else [])


class TestNodesOfPlatforms:
    @pytest.mark.parametrize(("target", "count"), [(36, 0), (37, 1), (38, 0)])
    def test_gke_takes_two_and_what_kubernetes_does_not_take_is_said_elsewhere(self, target: int, count: int) -> None:
        assert len(found("gke-node-skew", node(kubeletVersion="v1.34.6-gke.200"), target=target)) == count

    def test_a_node_that_aks_put_aside(self) -> None:
        aside = node()
        aside["metadata"]["labels"] = {"kubernetes.azure.com/upgrade-status": "Quarantined"}
        assert [one.severity for one in found("aks-node-quarantined", aside)] == [Severity.ERROR]


class TestIngressNginxRetired:
    CLASS = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}}

    @pytest.mark.parametrize(("controller", "count"), [("k8s.io/ingress-nginx", 1), ("nginx.org/ingress-controller", 0)])
    def test_its_class_speaks_where_its_pods_are_not_read(self, controller: str, count: int) -> None:
        assert len(found("ingress-nginx-retired", {**self.CLASS, "spec": {"controller": controller}})) == count

    @pytest.mark.parametrize(
        ("image", "count"), [("mirror.example/k8s/ingress-nginx/controller:v1.15.1", 1), ("nginx/nginx-ingress:5", 0)]
    )
    def test_its_image_is_known_behind_a_mirror_and_speaks_for_the_class(self, image: str, count: int) -> None:
        spec = {"containers": [{"name": "controller", "image": image}]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "c", "namespace": "ingress"}, "spec": spec}
        values = (pod, {**self.CLASS, "spec": {"controller": "k8s.io/ingress-nginx"}})
        kinds = [finding.object.kind for finding in found("ingress-nginx-retired", *values)]
        assert kinds == (["Pod"] if count else ["IngressClass"])
