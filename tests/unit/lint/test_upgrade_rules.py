"""Upgrade readiness: what is graded how."""

from typing import Any

import msgspec
import pytest

from linting import findings
from underway.lint import Picture, picture_of
from underway.lint.finding import Evidence, Finding, Severity
from underway.lint.objects.meta import LAST_APPLIED
from underway.lint.requested import RequestedAPI
from underway.lint.rules.removed_api import RULE as REMOVED_API
from underway.model.version import Version

NOW_MS = 1_795_564_800_000  # 2026-11-25


def found(rule: str, *values: dict[str, Any], server: str = "", target: int = 0, **options: Any) -> tuple[Finding, ...]:
    picture = Picture(picture_of(values).objects, server_version=server)
    wanted = Version(1, target) if target else None
    return findings(rule, picture, now_ms=NOW_MS, target=wanted, **options)


def budget(api_version: str = "policy/v1", spec: Any = None, status: Any = None, **metadata: Any) -> dict[str, Any]:
    whole = {"name": "web", "namespace": "shop", **metadata}
    parts = {"metadata": whole, "spec": spec or {}, "status": status or {}}
    return {"apiVersion": api_version, "kind": "PodDisruptionBudget", **parts}


class TestRemovedApi:
    @pytest.mark.parametrize(("target", "count"), [(24, 0), (25, 1), (37, 1)])
    def test_a_manifest_counts_from_the_release_that_drops_it(self, target: int, count: int) -> None:
        assert len(found("removed-api", budget("policy/v1beta1"), target=target)) == count

    def test_a_manifest_is_told_what_to_write(self) -> None:
        (finding,) = found("removed-api", budget("policy/v1beta1"), target=25)
        assert finding.message == "written as policy/v1beta1, which 1.25 and newer do not serve"
        assert finding.remedy == "write it as policy/v1"

    @pytest.mark.parametrize(
        ("api_version", "kind", "remedy"),
        [
            ("events.k8s.io/v1beta1", "Event", "write it as events.k8s.io/v1"),
            ("resource.k8s.io/v1beta2", "ResourceClaim", "write it as resource.k8s.io/v1"),
            ("networking.k8s.io/v1beta1", "IngressClass", "write it as networking.k8s.io/v1"),
            ("batch/v2alpha1", "CronJob", "write it as batch/v1"),
            ("policy/v1beta1", "PodSecurityPolicy", "find out what it was for"),
        ],
    )
    def test_the_replacement_is_the_newest_version_of_the_kind(self, api_version: str, kind: str, remedy: str) -> None:
        thing = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}}
        assert [one.remedy for one in found("removed-api", thing, target=43)] == [remedy]

    @pytest.mark.parametrize(
        ("time", "severity"), [("2026-11-20T00:00:00Z", Severity.ERROR), ("2026-01-20T00:00:00Z", Severity.INFO)]
    )
    def test_a_writer_counts_while_it_is_young(self, time: str, severity: Severity) -> None:
        entries = [{"manager": "helm", "operation": "Update", "apiVersion": "policy/v1beta1", "time": time}]
        (finding,) = found("removed-api", budget(managedFields=entries, uid="1"), server="v1.36.3")
        assert finding.severity is severity
        assert finding.message.startswith("last written by helm as policy/v1beta1 on 2026-")

    def test_how_long_a_writer_is_young_can_be_set(self) -> None:
        entries = [{"manager": "helm", "operation": "Update", "apiVersion": "policy/v1beta1", "time": "2026-10-20T00:00:00Z"}]
        (finding,) = found("removed-api", budget(managedFields=entries, uid="1"), thresholds={"removed-api.stale_days": 60})
        assert finding.severity is Severity.ERROR
        assert REMOVED_API.thresholds == {"stale_days": 30}

    def test_what_clients_ask_the_api_server_for_is_an_error(self) -> None:
        asked = RequestedAPI("flowcontrol.apiserver.k8s.io", "v1beta3", "flowschemas", "1.32")
        (finding,) = findings("removed-api", Picture((), requested=(asked,)), target=Version(1, 32))
        assert (finding.severity, finding.evidence) == (Severity.ERROR, Evidence.OBSERVED)
        assert str(finding.object) == "APIService v1beta3.flowcontrol.apiserver.k8s.io"
        assert finding.message == (
            "somebody asks for flowschemas in flowcontrol.apiserver.k8s.io/v1beta3, which 1.32 and newer do not serve"
        )
        assert finding.remedy.endswith("and ask for flowcontrol.apiserver.k8s.io/v1")
        assert findings("removed-api", Picture((), requested=(asked,)), target=Version(1, 31)) == ()
        (later,) = findings("deprecated-api", Picture((), requested=(asked,)), target=Version(1, 31))
        assert (later.severity, later.evidence) == (Severity.WARNING, Evidence.OBSERVED)
        never = RequestedAPI("", "v1", "endpoints", "")
        assert findings("deprecated-api", Picture((), requested=(never,)), target=Version(1, 37)) == ()

    @pytest.mark.parametrize(
        ("status", "since", "severity"),
        [
            ("deployed", "2026-01-19T23:59:58Z", Severity.ERROR),
            ("superseded", "2026-01-19T23:59:58Z", Severity.INFO),
            ("deployed", "2026-02-01T00:00:00Z", Severity.INFO),
        ],
    )
    def test_what_a_deployed_helm_release_wrote_it_will_write_again(self, status: str, since: str, severity: Severity) -> None:
        entries = [{"manager": "helm", "operation": "Update", "apiVersion": "policy/v1beta1", "time": "2026-01-20T00:00:00Z"}]
        annotations = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}
        labels = {"owner": "helm", "name": "web", "status": status, "version": "7"}
        metadata = {"name": "sh.helm.release.v1.web.v7", "namespace": "shop", "labels": labels, "creationTimestamp": since}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {**metadata, "uid": "2"}}
        written = budget(managedFields=entries, uid="1", annotations=annotations)
        (finding,) = found("removed-api", written, secret, server="v1.36.3")
        assert finding.severity is severity
        if severity is Severity.ERROR:
            assert finding.message.startswith(
                "Helm release shop/web (revision 7, deployed 2026-01-19) writes it as policy/v1beta1, which"
            )

    def test_what_a_manager_has_written_anew_is_history(self) -> None:
        entries = [
            {"manager": "helm", "apiVersion": "policy/v1beta1", "time": "2026-11-20T00:00:00Z"},
            {"manager": "helm", "apiVersion": "policy/v1", "time": "2026-11-21T00:00:00Z"},
        ]
        assert found("removed-api", budget(managedFields=entries, uid="1")) == ()

    def test_a_stale_annotation_alone_is_never_an_error(self) -> None:
        applied = msgspec.json.encode({"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget"}).decode()
        (finding,) = found("removed-api", budget(annotations={LAST_APPLIED: applied}, uid="1"))
        assert finding.severity is Severity.INFO


class TestSkew:
    def node(self, version: str) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "n"},
            "status": {"nodeInfo": {"kubeletVersion": version}},
        }

    @pytest.mark.parametrize(
        ("version", "expected"),
        [
            ("v1.34.0", []),
            ("v1.33.9-eks-1", ["kubelet v1.33.9-eks-1 is 4 minor versions older than 1.37; 3 are taken"]),
            ("v1.37.0", ["kubelet v1.37.0 is newer than the API server (v1.36.3)"]),
            ("unknown", []),
        ],
    )
    def test_kubelets(self, version: str, expected: list[str]) -> None:
        assert [finding.message for finding in found("version-skew", self.node(version), server="v1.36.3")] == expected

    def test_a_leap_is_told_in_steps_and_once(self) -> None:
        more = {**self.node("v1.36.0"), "metadata": {"name": "m"}}
        (finding,) = found("version-skew", self.node("v1.36.0"), more, server="v1.36.3", target=38)
        assert str(finding.object) == "Service default/kubernetes"
        assert finding.message.endswith("from 1.36 to 1.38 in one step skips minor versions of the control plane")
        assert finding.remedy == "go by 1.37, 1.38"

    def test_no_control_plane_goes_back(self) -> None:
        (finding,) = found("version-skew", self.node("v1.34.0"), server="v1.36.3", target=35)
        assert finding.message == "the API server is v1.36.3, newer than 1.35: a control plane is never taken back"


class TestContainerRuntime:
    @pytest.mark.parametrize(
        ("runtime", "kubelet", "count"),
        [
            ("containerd://1.7.20", "v1.35.1", 1),
            ("containerd://2.1.4", "v1.35.1", 0),
            ("docker://20.10.7", "v1.23.9", 1),
            ("docker://28.1.1", "v1.35.1", 0),  # a kubelet without dockershim has cri-dockerd
        ],
    )
    def test_runtimes_that_end(self, runtime: str, kubelet: str, count: int) -> None:
        one = node(containerRuntimeVersion=runtime, kubeletVersion=kubelet)
        assert len(found("container-runtime", one, target=36)) == count


class TestBudgets:
    @pytest.mark.parametrize(
        ("spec", "why"),
        [
            ({"minAvailable": 3}, "minAvailable is 3, and there are 3 pods"),
            ({"minAvailable": "67%"}, "minAvailable is 67%, and there are 3 pods"),
            ({"minAvailable": "66%"}, ""),
            ({"maxUnavailable": "1%"}, ""),
            ({"maxUnavailable": "0%"}, "maxUnavailable is 0%"),
        ],
    )
    def test_percentages_round_up(self, spec: dict[str, Any], why: str) -> None:
        status = {"expectedPods": 3, "currentHealthy": 3, "desiredHealthy": 2, "disruptionsAllowed": 1}
        messages = [finding.message for finding in found("pdb-blocks-drain", budget(spec=spec, status=status))]
        assert messages == ([f"the budget never allows a disruption: {why}"] if why else [])

    def test_of_manifests_the_replicas_count(self) -> None:
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "web"}}}},
        }
        spec = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
        assert len(found("pdb-blocks-drain", budget(spec=spec), deployment)) == 1

    def test_a_budget_without_room_now_is_a_warning(self) -> None:
        status = {"expectedPods": 3, "desiredHealthy": 2, "currentHealthy": 2, "disruptionsAllowed": 0}
        (finding,) = found("pdb-blocks-drain", budget(spec={"minAvailable": 2}, status=status))
        assert finding.severity is Severity.WARNING
        assert finding.message == "no disruption is allowed now: 2 of 2 needed pods are healthy"


def node(os_image: str = "", kernel: str = "6.1.0", **more: Any) -> dict[str, Any]:
    info = {"kubeletVersion": "v1.34.1", "osImage": os_image, "kernelVersion": kernel, "operatingSystem": "linux", **more}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "status": {"nodeInfo": info}}


class TestCgroupV1:
    def told(self) -> dict[str, Any]:
        about = {"kind": "Node", "name": "n1"}
        metadata = {"name": "e", "namespace": "default"}
        return {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about, "reason": "CgroupV1"}

    @pytest.mark.parametrize(
        ("os_image", "found_"),
        [
            ("Amazon Linux 2", True),
            ("Amazon Linux 2023.6.20241010", False),
            ("Red Hat Enterprise Linux 8.9 (Ootpa)", True),
            ("Red Hat Enterprise Linux CoreOS 418.94.202501", False),
            ("Red Hat Enterprise Linux 9.4 (Plow)", False),
            ("Rocky Linux 8.10 (Green Obsidian)", True),
            ("AlmaLinux 8.10", True),
            ("Ubuntu 20.04.6 LTS", True),
            ("Ubuntu 22.04.4 LTS", False),
            ("Debian GNU/Linux 10 (buster)", True),
            ("Debian GNU/Linux 12 (bookworm)", False),
            ("CentOS Linux 7 (Core)", True),
            ("CentOS Stream 8", True),
            ("CentOS Stream 9", False),
            ("Oracle Linux Server 8.10", True),
            ("Bottlerocket OS 1.20.0 (aws-k8s-1.34)", False),
            ("", False),
        ],
    )
    def test_the_name_of_the_system_is_a_hint(self, os_image: str, found_: bool) -> None:
        assert [one.severity for one in found("cgroup-v1", node(os_image), target=35)] == [Severity.WARNING] * found_

    def test_an_old_kernel_is_a_hint_and_only_of_linux(self) -> None:
        assert len(found("cgroup-v1", node(kernel="5.4.0-150-generic"), target=35)) == 1
        assert found("cgroup-v1", node(kernel="10.0.20348", operatingSystem="windows"), target=35) == ()
        assert found("cgroup-v1", node(kernel="4.19", operatingSystem="windows"), target=35) == ()

    def test_what_the_kubelet_says_is_seen_and_only_from_135(self) -> None:
        (finding,) = found("cgroup-v1", node("Ubuntu 24.04"), self.told(), target=35)
        assert (finding.severity, finding.evidence) == (Severity.ERROR, Evidence.OBSERVED)
        assert found("cgroup-v1", node("Amazon Linux 2"), self.told(), target=34) == ()


APART = "and the API server that answered (v1.36.3) are 2 minor versions apart; 1 is taken"


class TestVersionSkew:
    def system(self, name: str, image: str, kind: str = "Pod") -> dict[str, Any]:
        labels = {"component": name} if kind == "Pod" else {"k8s-app": name}
        spec = {"containers": [{"name": name, "image": image}]}
        metadata = {"name": name, "namespace": "kube-system", "labels": labels}
        whole = spec if kind == "Pod" else {"template": {"metadata": {"labels": labels}, "spec": spec}}
        return {"apiVersion": "apps/v1" if kind == "DaemonSet" else "v1", "kind": kind, "metadata": metadata, "spec": whole}

    @pytest.mark.parametrize(
        ("name", "tag", "message"),
        [
            ("kube-scheduler", "v1.36.2", ""),
            ("kube-scheduler", "v1.35.0", ""),
            ("kube-scheduler", "v1.37.0", "kube-scheduler v1.37.0 is newer than the API server (v1.36.3)"),
            (
                "kube-controller-manager",
                "v1.34.9",
                f"kube-controller-manager v1.34.9 {APART}",
            ),
            ("kube-apiserver", "v1.37.0", ""),
            (
                "kube-apiserver",
                "v1.34.0",
                f"kube-apiserver v1.34.0 {APART}",
            ),
            ("kube-scheduler", "latest", ""),
        ],
    )
    def test_parts_of_the_control_plane_are_known_by_their_images(self, name: str, tag: str, message: str) -> None:
        part = self.system(name, f"registry.k8s.io/{name}:{tag}")
        assert [one.message for one in found("version-skew", part, server="v1.36.3")] == ([message] if message else [])

    @pytest.mark.parametrize(
        ("tag", "message"),
        [
            ("v1.36.2-eksbuild.1", ""),
            ("v1.37.0", "kube-proxy v1.37.0 is newer than the API server (v1.36.3)"),
            ("v1.33.4", "kube-proxy v1.33.4 is 4 minor versions older than 1.37; 3 are taken"),
        ],
    )
    def test_kube_proxy_is_known_by_its_image(self, tag: str, message: str) -> None:
        proxy = self.system("kube-proxy", f"registry.k8s.io/kube-proxy:{tag}", "DaemonSet")
        assert [one.message for one in found("version-skew", proxy, server="v1.36.3")] == ([message] if message else [])


class TestPdbBlocksDrain:
    def test_a_budget_about_no_pod_of_the_cluster_holds_nobody(self) -> None:
        held = budget(spec={"maxUnavailable": 0}, status={"expectedPods": 2}, uid="1")
        idle = budget(spec={"maxUnavailable": 0}, uid="1")
        assert [one.severity for value in (held, idle) for one in found("pdb-blocks-drain", value)] == [
            Severity.ERROR,
            Severity.INFO,
        ]

    def test_a_budget_over_everything_and_one_over_nothing(self) -> None:
        status = {"expectedPods": 0, "observedGeneration": 1}
        everything = budget(spec={"maxUnavailable": 1, "selector": {}})
        nothing = budget(spec={"maxUnavailable": 1, "selector": {"matchLabels": {"app": "gone"}}}, status=status, uid="1")
        for value, severity in ((everything, Severity.WARNING), (nothing, Severity.INFO)):
            (finding,) = found("pdb-blocks-drain", value)
            assert (finding.severity, finding.path) == (severity, "spec.selector")

    def test_a_budget_that_was_not_counted_since_it_changed_lets_nobody_go(self) -> None:
        status = {"observedGeneration": 1, "expectedPods": 3, "disruptionsAllowed": 1}
        (finding,) = found("pdb-blocks-drain", budget(spec={"maxUnavailable": 1}, status=status, uid="1", generation=2))
        assert (finding.severity, finding.path) == (Severity.WARNING, "status.observedGeneration")

    def test_pods_that_cannot_be_counted_are_named_as_the_reason(self) -> None:
        status = {"conditions": [{"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": "no scale"}]}
        (finding,) = found("pdb-blocks-drain", budget(spec={"maxUnavailable": 1}, status=status, uid="1"))
        assert finding.message == "its pods cannot be counted, so that no disruption is allowed: no scale"

    @pytest.mark.parametrize(("least", "count"), [(2, 1), (3, 0)])
    def test_a_budget_that_an_autoscaler_can_corner_is_a_warning(self, least: int, count: int) -> None:
        selector = {"matchLabels": {"app": "web"}}
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
        metadata = {"name": "web", "namespace": "shop"}
        deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
        deployment["spec"] = {"replicas": 6, "selector": selector, "template": template}
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        autoscaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata}
        autoscaler["spec"] = {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": 9}
        made = found("pdb-blocks-drain", deployment, autoscaler, budget(spec={"minAvailable": 2, "selector": selector}))
        assert [one.severity for one in made] == [Severity.WARNING] * count


class TestServiceBehindTheApi:
    def test_an_api_of_the_server_itself_is_not_asked_about(self) -> None:
        conditions = [{"type": "Available", "status": "False", "reason": "Local"}]
        local = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.apps"}}
        assert found("api-service-unavailable", {**local, "spec": {}, "status": {"conditions": conditions}}) == ()

    def test_a_conversion_in_a_namespace_that_no_file_holds_is_taken_for_granted(self) -> None:
        client = {"clientConfig": {"service": {"namespace": "elsewhere", "name": "converter"}}}
        spec = {"conversion": {"strategy": "Webhook", "webhook": client}}
        crd = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "t.x"},
            "spec": spec,
        }
        assert found("conversion-webhook-unserved", crd) == ()
        assert len(found("conversion-webhook-unserved", crd, server="v1.36.3")) == 1


class TestNodeImagesOfPlatforms:
    @pytest.mark.parametrize(("target", "severity"), [(32, Severity.WARNING), (33, Severity.ERROR)])
    def test_amazon_linux_2_ends_with_132(self, target: int, severity: Severity) -> None:
        (finding,) = found("eks-amazon-linux-2", node("Amazon Linux 2"), target=target)
        assert finding.severity is severity
        assert found("eks-amazon-linux-2", node("Amazon Linux 2023.6"), target=target) == ()

    @pytest.mark.parametrize(
        ("image", "severities"),
        [
            ("CBL-Mariner/Linux", [Severity.ERROR]),
            ("Ubuntu 20.04.6 LTS", [Severity.WARNING]),  # it is November 2026, and ends in March 2027
            ("Ubuntu 22.04.5 LTS", []),
            ("Microsoft Azure Linux 3.0", []),
        ],
    )
    def test_images_of_aks_end_on_a_day(self, image: str, severities: list[Severity]) -> None:
        assert [one.severity for one in found("aks-node-image-ended", node(image))] == severities
