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

    def test_a_leap_is_told_in_steps(self) -> None:
        (finding,) = found("version-skew", self.node("v1.36.0"), server="v1.36.3", target=38)
        assert finding.message.endswith("from 1.36 to 1.38 in one step skips minor versions of the control plane")
        assert finding.remedy == "go by 1.37, 1.38"


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
