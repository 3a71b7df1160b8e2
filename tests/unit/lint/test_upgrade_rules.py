"""Upgrade readiness: what is graded how."""

from typing import Any

import msgspec
import pytest

from underway.lint.engine import run
from underway.lint.finding import Finding, Severity
from underway.lint.kinds import decoded
from underway.lint.options import Options
from underway.lint.picture import Picture, grouped
from underway.lint.rules import RULES

NOW_MS = 1_795_564_800_000  # 2026-11-25
BY_NAME = {rule.name: rule for rule in RULES}


def findings(rule: str, *values: dict[str, Any], live: bool = False, version: str = "v1.36.3", **options: Any) -> list[Finding]:
    picture = Picture(grouped(decoded(value["kind"], value) for value in values), live=live, version=version)
    chosen = msgspec.structs.replace(Options(now_ms=NOW_MS), **options)
    return list(run(picture, (BY_NAME[rule],), chosen).findings)


def budget(api_version: str = "policy/v1", spec: Any = None, status: Any = None, **metadata: Any) -> dict[str, Any]:
    whole = {"name": "web", "namespace": "shop", **metadata}
    return {
        "apiVersion": api_version,
        "kind": "PodDisruptionBudget",
        "metadata": whole,
        "spec": spec or {},
        "status": status or {},
    }


class TestRemovedApi:
    @pytest.mark.parametrize(("target", "found"), [(24, 0), (25, 1), (37, 1)])
    def test_a_manifest_counts_from_the_release_that_drops_it(self, target: int, found: int) -> None:
        assert len(findings("removed-api", budget("policy/v1beta1"), target=target)) == found

    def test_a_manifest_is_told_what_to_write(self) -> None:
        (finding,) = findings("removed-api", budget("policy/v1beta1"), target=25)
        assert finding.message == "is written as policy/v1beta1, which 1.25 does not serve"
        assert finding.remedy == "write it as policy/v1"

    @pytest.mark.parametrize(
        ("time", "severity"), [("2026-11-20T00:00:00Z", Severity.ERROR), ("2026-01-20T00:00:00Z", Severity.INFO)]
    )
    def test_a_writer_counts_while_it_is_young(self, time: str, severity: Severity) -> None:
        entries = [{"manager": "helm", "operation": "Update", "apiVersion": "policy/v1beta1", "time": time}]
        (finding,) = findings("removed-api", budget(managedFields=entries), live=True)
        assert finding.severity is severity
        assert finding.message.startswith("was last written by helm as policy/v1beta1 on 2026-")

    def test_what_a_manager_has_written_anew_is_history(self) -> None:
        entries = [
            {"manager": "helm", "apiVersion": "policy/v1beta1", "time": "2026-11-20T00:00:00Z"},
            {"manager": "helm", "apiVersion": "policy/v1", "time": "2026-11-21T00:00:00Z"},
        ]
        assert findings("removed-api", budget(managedFields=entries), live=True) == []

    def test_a_stale_annotation_alone_is_never_an_error(self) -> None:
        applied = {
            "kubectl.kubernetes.io/last-applied-configuration": '{"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget"}'
        }
        (finding,) = findings("removed-api", budget(annotations=applied), live=True)
        assert finding.severity is Severity.INFO


class TestSkew:
    def node(self, version: str) -> dict[str, Any]:
        return {"kind": "Node", "metadata": {"name": "n"}, "status": {"nodeInfo": {"kubeletVersion": version}}}

    @pytest.mark.parametrize(
        ("version", "expected"),
        [
            ("v1.34.0", []),
            ("v1.33.9-eks-1", ["kubelet v1.33.9-eks-1 is 4 minor versions older than 1.37; 3 are taken"]),
            ("v1.37.0", ["kubelet v1.37.0 is newer than the API server (v1.36.3)"]),
        ],
    )
    def test_kubelets(self, version: str, expected: list[str]) -> None:
        assert [finding.message for finding in findings("version-skew", self.node(version))] == expected

    def test_a_leap_is_told_in_steps(self) -> None:
        (finding,) = findings("version-skew", self.node("v1.36.0"), target=38)
        assert (finding.message, finding.remedy) == (
            "from 1.36 to 1.38 in one step skips minor versions",
            "go by 1.37, 1.38",
        )


class TestBudgets:
    @pytest.mark.parametrize(
        ("spec", "expected", "message"),
        [
            ({"minAvailable": 3}, 3, "never allows a disruption: minAvailable 3 of 3 pods"),
            ({"minAvailable": "67%"}, 3, "never allows a disruption: minAvailable 67% of 3 pods"),
            ({"minAvailable": "66%"}, 3, ""),
            ({"maxUnavailable": "1%"}, 3, ""),
            ({"maxUnavailable": "0%"}, 3, "never allows a disruption: maxUnavailable is 0%"),
        ],
    )
    def test_percentages_round_up(self, spec: dict[str, Any], expected: int, message: str) -> None:
        found = findings("pdb-blocks-drain", budget(spec=spec, status={"expectedPods": expected}))
        assert [finding.message for finding in found] == ([message] if message else [])

    def test_of_manifests_the_replicas_count(self) -> None:
        deployment = {
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "web"}}}},
        }
        spec = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
        assert len(findings("pdb-blocks-drain", budget(spec=spec), deployment)) == 1

    def test_a_budget_without_room_now_is_a_warning(self) -> None:
        status = {"expectedPods": 3, "desiredHealthy": 2, "currentHealthy": 2, "disruptionsAllowed": 0}
        (finding,) = findings("pdb-blocks-drain", budget(spec={"minAvailable": 2}, status=status), live=True)
        assert finding.severity is Severity.WARNING
        assert finding.message == "allows no disruption now: it needs 2 healthy pods and has 2"
