"""What keeps pods from moving, and who answers meanwhile: rules about nodes, budgets, room and webhooks beyond their pages."""

from typing import Any

import pytest

from linting import findings
from underway.lint import Picture, picture_of
from underway.lint.finding import Finding, Severity


def found(rule: str, *values: dict[str, Any], server: str = "", **options: Any) -> tuple[Finding, ...]:
    return findings(rule, Picture(picture_of(values).objects, server_version=server), **options)


def budget(name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop"}
    spec = {"selector": {"matchLabels": {"app": "web"}}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}


def node(name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, **more}


def running(name: str, on: str = "n1", ready: str = "True", kind: str = "", **spec: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "shop", "labels": {"app": "web"}}
    if kind:
        metadata["ownerReferences"] = [{"apiVersion": "v1", "kind": kind, "name": "owner", "uid": "o", "controller": True}]
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}
    whole = {"nodeName": on, "containers": [{"name": "app", "image": "registry.example/app:1"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole, "status": status}


class TestWhoMayNotMove:
    def affinity(self, *names: str) -> dict[str, Any]:
        wish = {"key": "kubernetes.io/hostname", "operator": "In", "values": list(names)}
        required = {"nodeSelectorTerms": [{"matchExpressions": [wish]}]}
        return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}

    def test_an_affinity_to_one_node_pins_and_one_to_several_warns(self) -> None:
        (one,) = found("pinned-to-node", running("web", affinity=self.affinity("n1")))
        (several,) = found("pinned-to-node", running("web", affinity=self.affinity("n2", "n1")))
        assert (one.severity, several.severity) == (Severity.ERROR, Severity.WARNING)
        assert several.message == "the pod can run on nodes n1, n2 alone: when they are replaced, it cannot run"
        assert found("pinned-to-node", running("web", kind="DaemonSet", affinity=self.affinity("n1"))) == ()

    def test_a_volume_of_any_driver_lies_on_the_node_that_it_names(self) -> None:
        required = self.affinity("n1")["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        spec = {
            "csi": {"driver": "lvm"},
            "claimRef": {"namespace": "shop", "name": "data"},
            "nodeAffinity": {"required": required},
        }
        volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": spec}
        mounted = running("web", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
        assert [one.severity for one in found("local-storage", volume, mounted)] == [Severity.WARNING]

    def test_two_budgets_hold_no_pod_that_no_drain_evicts(self) -> None:
        both = [budget("a"), budget("b")]
        over = {**running("over"), "status": {"phase": "Succeeded"}}
        assert len(found("several-budgets", *both, running("web"))) == 1
        assert found("several-budgets", *both, running("agent", kind="DaemonSet"), over) == ()

    def test_a_pod_that_has_ended_stops_no_drain(self) -> None:
        over = {**running("over"), "status": {"phase": "Failed"}}
        assert found("bare-pods", over) == ()
        assert len(found("bare-pods", over, compat=frozenset({"clusterlint"}))) == 1


class TestRoom:
    def nodes(self, **of_two: Any) -> list[dict[str, Any]]:
        status = {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "3"}}
        return [node("n1", status=status), node("n2", status=status, **of_two)]

    def pods(self, count: int, cpu: str = "100m", **more: Any) -> list[dict[str, Any]]:
        containers = [{"name": "app", "image": "registry.example/app:1", "resources": {"requests": {"cpu": cpu}}}]
        return [running(f"web-{number}", containers=containers, **more) for number in range(count)]

    @pytest.mark.parametrize(
        ("of_two", "left"),
        [
            ({}, 0),
            ({"spec": {"unschedulable": True}}, 2),
            ({"spec": {"taints": [{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]}}, 2),
        ],
        ids=["there is room", "the other is cordoned", "the other is for others"],
    )
    def test_only_nodes_that_take_the_pods_have_room(self, of_two: dict[str, Any], left: int) -> None:
        assert [one.pods for one in found("no-room-to-repack", *self.nodes(**of_two), *self.pods(2))] == ([left] if left else [])

    def test_a_node_takes_so_many_pods_and_no_more(self) -> None:
        assert [one.pods for one in found("no-room-to-repack", *self.nodes(), *self.pods(4))] == [1]

    def test_static_pods_and_daemons_do_not_move(self) -> None:
        for kind in ("Node", "DaemonSet"):
            assert found("no-room-to-repack", *self.nodes(), *self.pods(2, cpu="5", kind=kind)) == ()


class TestBackends:
    def webhook(self, resource: str = "pods", group: str = "") -> dict[str, Any]:
        rule = {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource]}
        client = {"service": {"namespace": "shop", "name": "web"}}
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "policy"},
            "webhooks": [{"name": "a.b.c", "failurePolicy": "Fail", "clientConfig": client, "rules": [rule]}],
        }

    SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}

    def served(self, **spec: Any) -> dict[str, Any]:
        return {**self.SERVICE, "spec": {"selector": {"app": "web"}, **spec}}

    def test_pods_that_are_not_ready_do_not_answer(self) -> None:
        pods = [running("a", on="n1"), running("b", on="n2", ready="False")]
        (finding,) = found("webhook-on-one-node", self.webhook(), self.served(), *pods, server="v1.36.3")
        assert finding.message == "webhook 'a.b.c' fails closed, and all its pods are on node n1"

    def test_a_webhook_that_nobody_answers_is_told_of_on_a_cluster(self) -> None:
        values = (self.webhook(), self.served())
        (finding,) = found("webhook-on-one-node", *values, server="v1.36.3")
        assert finding.message == "webhook 'a.b.c' fails closed, and no pod of Service shop/web is ready"
        assert found("webhook-on-one-node", *values) == (), "manifests hold no pods"
        assert found("webhook-on-one-node", self.webhook(), self.served(selector={}), server="v1.36.3") == ()

    @pytest.mark.parametrize(
        ("resource", "group", "severity"),
        [
            ("pods", "", Severity.ERROR),
            ("pods/eviction", "", Severity.ERROR),
            ("*", "*", Severity.ERROR),
            ("leases", "coordination.k8s.io", Severity.ERROR),
            ("certificates", "cert-manager.io", Severity.WARNING),
            ("ingresses", "networking.k8s.io", Severity.WARNING),
        ],
    )
    def test_what_stops_a_rotation_is_an_error(self, resource: str, group: str, severity: Severity) -> None:
        found_ = found("webhook-on-one-node", self.webhook(resource, group), self.served(), running("a"), server="v1.36.3")
        assert [one.severity for one in found_] == [severity]

    def test_a_conversion_without_a_ready_pod_leads_nowhere(self) -> None:
        client = {"clientConfig": {"service": {"namespace": "shop", "name": "web"}}}
        crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "t.x"}}
        crd["spec"] = {"conversion": {"strategy": "Webhook", "webhook": client}}
        (finding,) = found("conversion-webhook-unserved", crd, self.served(), running("a", ready="False"), server="v1.36.3")
        assert finding.message == "Service shop/web, which converts its objects, has no ready pod"
        assert found("conversion-webhook-unserved", crd, self.served(), running("a"), server="v1.36.3") == ()
