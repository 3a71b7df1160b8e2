"""The gotchas of zero downtime: what is served, and edge cases beyond each rule's page."""

from typing import Any

import pytest
import yaml

from linting import findings
from underway.lint import Picture, picture_of
from underway.lint.finding import Evidence, Finding, Severity
from underway.lint.traffic import Exposure, served

SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}


def service(type_: str = "ClusterIP", **spec: Any) -> dict[str, Any]:
    return {**SERVICE, "spec": {"type": type_, "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}], **spec}}


def pod_spec(container: str = "{}", **spec: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app", "image": "registry.example.com/web:1", **yaml.safe_load(container)}], **spec}


def workload(template: dict[str, Any], kind: str = "Deployment", **spec: Any) -> dict[str, Any]:
    made = {"metadata": {"labels": {"app": "web"}}, "spec": template}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 2, **spec, "template": made},
    }


def pod(name: str, template: dict[str, Any], status: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "1", "controller": True}
    whole = {"name": name, "namespace": "shop", "labels": {"app": "web"}, "ownerReferences": [owner], **metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": whole, "spec": template, "status": status}


def picture(*values: dict[str, Any], server: str = "") -> Picture:
    return Picture(picture_of(values).objects, server_version=server)


def found(rule: str, *values: dict[str, Any], server: str = "", **options: Any) -> tuple[Finding, ...]:
    return findings(rule, picture(*values, server=server), **options)


class TestServed:
    def test_a_load_balancer_an_ingress_and_a_route_bring_clients_from_outside(self) -> None:
        backend = {"service": {"name": "web", "port": {"number": 80}}}
        ingress = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]},
        }
        route = {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "web", "namespace": "edge"},
            "spec": {"rules": [{"backendRefs": [{"name": "web", "namespace": "shop", "port": 80}]}]},
        }
        for more in ([service("LoadBalancer")], [service(), ingress], [service(), route]):
            (serving,) = served(picture(workload(pod_spec()), *more))
            assert serving.exposure is Exposure.EXTERNAL
        (serving,) = served(picture(workload(pod_spec()), service()))
        assert serving.exposure is Exposure.INTERNAL

    @pytest.mark.parametrize(
        "values",
        [
            [workload(pod_spec())],
            [workload(pod_spec(), replicas=0), service()],
            [workload(pod_spec(), kind="Job"), service()],
            [workload(pod_spec()), service("ExternalName")],
            [workload(pod_spec()), service(selector={})],
        ],
        ids=["no Service", "no replicas", "a Job", "ExternalName", "no selector"],
    )
    def test_what_is_not_served(self, values: list[dict[str, Any]]) -> None:
        assert list(served(picture(*values))) == []

    def test_the_container_with_the_port_answers_and_a_helper_does_not(self) -> None:
        spec = pod_spec("{ports: [{name: http, containerPort: 8080}]}")
        spec["containers"].append({"name": "shipper", "image": "vector:1"})
        (serving,) = served(picture(workload(spec), service()))
        assert [placed.container.name for placed in serving.answering] == ["app"]

    def test_without_declared_ports_all_plain_containers_answer(self) -> None:
        spec = pod_spec(initContainers=[{"name": "proxy", "image": "envoy:1", "restartPolicy": "Always"}])
        (serving,) = served(picture(workload(spec), service()))
        assert [placed.container.name for placed in serving.answering] == ["app"]

    def test_endpoint_slices_lead_to_pods_for_a_service_that_selects_none(self) -> None:
        labels = {"kubernetes.io/service-name": "web"}
        target = {"kind": "Pod", "namespace": "shop", "name": "web-1"}
        one = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "s", "namespace": "shop", "labels": labels},
        }
        slice_ = {**one, "endpoints": [{"addresses": ["10.0.0.1"], "targetRef": target}]}
        values = (workload(pod_spec()), pod("web-1", pod_spec(), {}), service("LoadBalancer", selector={}))
        (serving,) = served(picture(*values, slice_))
        assert (serving.subject.about.name, serving.external) == ("web", True)
        assert served(picture(*values)) == ()

    def test_among_peers_of_a_headless_service_it_is_half_as_bad(self) -> None:
        value = workload(pod_spec(), kind="StatefulSet")
        for rule in ("readiness-missing", "pre-stop-delay"):
            (finding,) = found(rule, value, service(clusterIP="None"))
            assert finding.severity is Severity.INFO
            (finding,) = found(
                rule, value, service(clusterIP="None"), {**service(), "metadata": {"name": "also", "namespace": "shop"}}
            )
            assert finding.severity is Severity.WARNING


class TestPid1:
    def test_a_container_killed_at_the_end_of_its_grace_was_seen_to_ignore_sigterm(self) -> None:
        ended = {"exitCode": 137, "reason": "Error", "finishedAt": "2026-11-24T10:00:30Z"}
        status = {"containerStatuses": [{"name": "app", "state": {"terminated": ended}}]}
        leaving = pod(
            "web-1", pod_spec(), status, deletionTimestamp="2026-11-24T10:00:30Z", creationTimestamp="2026-11-24T09:00:00Z"
        )
        (finding,) = found("pid1-shell", workload(pod_spec()), service(), leaving)
        assert finding.evidence is Evidence.OBSERVED
        assert finding.message == "container 'app' of pod web-1 was killed when its grace period was over"

    def test_one_killed_for_memory_or_long_before_was_not(self) -> None:
        for change in ({"reason": "OOMKilled"}, {"finishedAt": "2026-11-24T10:00:05Z"}):
            ended = {"exitCode": 137, "reason": "Error", "finishedAt": "2026-11-24T10:00:30Z", **change}
            status = {"containerStatuses": [{"name": "app", "state": {"terminated": ended}}]}
            leaving = pod("web-1", pod_spec(), status, deletionTimestamp="2026-11-24T10:00:30Z")
            assert found("pid1-shell", workload(pod_spec()), service(), leaving) == ()

    def test_debians_sh_is_a_warning(self) -> None:
        (finding,) = found("pid1-shell", workload(pod_spec("{command: [sh, -c, app]}")), service())
        assert finding.severity is Severity.WARNING

    def test_a_hook_that_ends_the_program_makes_it_information(self) -> None:
        spec = pod_spec("{command: [sh, -c, 'nginx; true'], lifecycle: {preStop: {exec: {command: [nginx, -s, quit]}}}}")
        (finding,) = found("pid1-shell", workload(spec), service())
        assert finding.severity is Severity.INFO

    def test_with_a_shared_process_namespace_it_is_not_process_1(self) -> None:
        spec = pod_spec("{command: [dash, -c, app]}", shareProcessNamespace=True)
        (finding,) = found("pid1-shell", workload(spec), service())
        assert finding.severity is Severity.INFO


class TestStopSignal:
    @pytest.mark.parametrize(
        ("image", "lifecycle", "ends"),
        [
            ("app:1", "{stopSignal: SIGKILL}", "SIGKILL cannot be handled: every stop cuts requests"),
            ("app:1", "{stopSignal: SIGQUIT}", "SIGQUIT makes most programs dump their state: Go ends at once, Java goes on"),
            ("nginx:1", "{stopSignal: SIGTERM}", "SIGTERM cuts the requests of nginx"),
            ("nginx:1", "{stopSignal: SIGQUIT}", ""),
            ("nginx:1", "{stopSignal: SIGTERM, preStop: {exec: {command: [nginx, -s, quit]}}}", ""),
            ("nginx:1", "{}", ""),
            ("haproxy:3", "{stopSignal: SIGTERM}", "SIGTERM cuts the requests of haproxy"),
        ],
    )
    def test_signals(self, image: str, lifecycle: str, ends: str) -> None:
        spec = pod_spec(f"{{image: '{image}', lifecycle: {lifecycle}}}")
        messages = [finding.message for finding in found("stop-signal", workload(spec), service())]
        assert messages == ([f"container 'app': {ends}"] if ends else [])

    def test_what_the_node_does_instead_is_told(self) -> None:
        spec = pod_spec("{image: 'nginx:1', lifecycle: {stopSignal: SIGQUIT}}")
        running = pod("web-1", spec, {"containerStatuses": [{"name": "app", "stopSignal": "SIGTERM"}]})
        (finding,) = found("stop-signal", workload(spec), service(), running)
        assert "the node stops it by SIGTERM, not by SIGQUIT" in finding.message

    @pytest.mark.parametrize(("state", "count"), [({"running": {"startedAt": "2026-11-24T10:00:00Z"}}, 1), ({"waiting": {}}, 0)])
    def test_a_node_that_says_nothing_of_the_signal_does_not_send_it(self, state: dict[str, Any], count: int) -> None:
        spec = pod_spec("{image: 'nginx:1.29', lifecycle: {stopSignal: SIGQUIT}}")
        status = {"containerStatuses": [{"name": "app", "state": state}]}
        findings_ = found("stop-signal", workload(spec), service(), pod("web-1", spec, status))
        assert [one.message for one in findings_] == count * [
            "container 'app': its node does not say that it stops it by SIGQUIT: the gate is off, or the runtime too old"
        ]


class TestProbes:
    @pytest.mark.parametrize(
        ("liveness", "severity"),
        [
            ("{httpGet: {path: /, port: http}}", Severity.ERROR),
            ("{httpGet: {path: /, port: 8080}, failureThreshold: 6}", Severity.WARNING),
            ("{httpGet: {path: /, port: 8080}, failureThreshold: 9}", Severity.INFO),
            ("{tcpSocket: {port: 8080}, failureThreshold: 1}", Severity.WARNING),
            ("{tcpSocket: {port: 8080}}", None),
            ("{httpGet: {path: /readyz, port: 8080}}", Severity.INFO),
            ("{exec: {command: [check]}}", Severity.INFO),
        ],
    )
    def test_liveness_beside_readiness(self, liveness: str, severity: Severity | None) -> None:
        probes = f"readinessProbe: {{httpGet: {{path: /, port: 8080}}}}, livenessProbe: {liveness}"
        spec = pod_spec(f"{{ports: [{{name: http, containerPort: 8080}}], {probes}}}")
        severities = [finding.severity for finding in found("liveness-too-eager", workload(spec), service())]
        assert severities == ([severity] if severity else [])

    def test_restarts_that_liveness_caused_are_seen(self) -> None:
        spec = pod_spec("{livenessProbe: {tcpSocket: {port: 80}}}")
        running = pod("web-1", spec, {"containerStatuses": [{"name": "app", "restartCount": 4}]})
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "e", "namespace": "shop"},
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
            "reason": "Unhealthy",
            "message": "Liveness probe failed: connection refused",
        }
        (finding,) = found("liveness-too-eager", workload(spec), service(), running, event)
        assert (finding.evidence, finding.severity) == (Evidence.OBSERVED, Severity.ERROR)

    def test_a_service_that_leads_to_pods_that_are_not_ready(self) -> None:
        spec = pod_spec("{readinessProbe: {tcpSocket: {port: 80}}}")
        (finding,) = found("readiness-missing", workload(spec), service(publishNotReadyAddresses=True))
        assert str(finding.object) == "Service shop/web"
        assert not found("readiness-missing", workload(spec), service(publishNotReadyAddresses=True, clusterIP="None"))


class TestPreStop:
    @pytest.mark.parametrize(
        ("hook", "grace_s", "type_", "severity"),
        [
            ("", 30, "ClusterIP", Severity.WARNING),
            ("", 30, "LoadBalancer", Severity.ERROR),
            ("{sleep: {seconds: 5}}", 30, "ClusterIP", None),
            ("{sleep: {seconds: 5}}", 30, "LoadBalancer", Severity.WARNING),
            ("{exec: {command: [sh, -c, 'sleep 15']}}", 30, "LoadBalancer", None),
            ("{sleep: {seconds: 30}}", 30, "ClusterIP", Severity.ERROR),
            ("{sleep: {seconds: 27}}", 30, "ClusterIP", Severity.WARNING),
            ("{sleep: {seconds: 10}}", 0, "ClusterIP", Severity.ERROR),
            ("{httpGet: {path: /drain, port: 80}}", 30, "LoadBalancer", None),
        ],
    )
    def test_waits(self, hook: str, grace_s: int, type_: str, severity: Severity | None) -> None:
        container = f"{{lifecycle: {{preStop: {hook}}}}}" if hook else "{}"
        spec = pod_spec(container, terminationGracePeriodSeconds=grace_s)
        severities = [finding.severity for finding in found("pre-stop-delay", workload(spec), service(type_))]
        assert severities == ([severity] if severity else [])

    @pytest.mark.parametrize(
        ("server", "hook"), [("", {"sleep": {"seconds": 5}}), ("v1.29.4", {"exec": {"command": ["sleep", "5"]}})]
    )
    def test_the_patch_suits_the_server(self, server: str, hook: dict[str, Any]) -> None:
        (finding,) = found("pre-stop-delay", workload(pod_spec()), service(), server=server)
        assert finding.patch is not None
        (patched,) = finding.patch.body["spec"]["template"]["spec"]["containers"]
        assert patched == {"name": "app", "lifecycle": {"preStop": hook}}

    def test_the_patch_leaves_one_handler_and_a_grace_period_that_holds_the_wait(self) -> None:
        container = "{lifecycle: {preStop: {exec: {command: [sleep, '2']}}}}"
        spec = pod_spec(container, terminationGracePeriodSeconds=10)
        (finding,) = found("pre-stop-delay", workload(spec), service("LoadBalancer"))
        assert finding.patch is not None
        patched = finding.patch.body["spec"]["template"]["spec"]
        assert patched["containers"][0]["lifecycle"]["preStop"] == {"exec": None, "sleep": {"seconds": 15}}
        assert patched["terminationGracePeriodSeconds"] == 45

    @pytest.mark.parametrize(("gone", "severity"), [("web-7f-abcde", Severity.ERROR), ("other-7f-abcde", None)])
    def test_a_hook_that_failed_in_a_sibling_waits_nowhere(self, gone: str, severity: Severity | None) -> None:
        spec = pod_spec("{lifecycle: {preStop: {exec: {command: [sleep, '20']}}}}")
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "e", "namespace": "shop"},
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": gone},
            "reason": "FailedPreStopHook",
        }
        findings_ = found("pre-stop-delay", workload(spec), service(), pod("web-7f-fghij", spec, {}), event)
        assert [one.severity for one in findings_] == ([severity] if severity else [])
        assert all(one.evidence is Evidence.OBSERVED for one in findings_)

    @pytest.mark.parametrize(
        ("annotations", "wanted_s"),
        [({}, 30), ({"interval": "5", "unhealthy-threshold": "4"}, 20), ({"interval": "5"}, 30), ({"interval": "x"}, 30)],
    )
    def test_a_load_balancer_that_looks_at_nodes_takes_as_long_as_it_looks(
        self, annotations: dict[str, str], wanted_s: int
    ) -> None:
        balancer = service("LoadBalancer", externalTrafficPolicy="Local")
        prefix = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-"
        named = {f"{prefix}{name}": value for name, value in annotations.items()}
        balancer["metadata"] = {**balancer["metadata"], "annotations": named}
        waits = pod_spec("{lifecycle: {preStop: {sleep: {seconds: 16}}}}", terminationGracePeriodSeconds=60)
        (finding,) = found("pre-stop-delay", workload(waits), balancer)
        assert finding.remedy == f"wait {wanted_s} s"
        assert found("pre-stop-delay", workload(waits), service("LoadBalancer")) == ()

    def test_a_known_program_whose_file_may_tell_it_to_wait_is_information(self) -> None:
        (finding,) = found("pre-stop-delay", workload(pod_spec("{image: 'registry.k8s.io/coredns/coredns:v1.13.1'}")), service())
        assert (finding.severity, finding.remedy) == (Severity.INFO, "see that lameduck is set")

    def test_a_program_that_waits_itself_says_so(self) -> None:
        value = workload(pod_spec())
        value["spec"]["template"]["metadata"]["annotations"] = {"lint.underway.dev/app-shutdown-delay": "10s"}
        assert found("pre-stop-delay", value, service()) == ()
        (finding,) = found("pre-stop-delay", value, service(), thresholds={"pre-stop-delay.internal_s": 20})
        assert finding.severity is Severity.WARNING


class TestRollout:
    @pytest.mark.parametrize(
        ("replicas", "strategy", "message"),
        [
            (1, {}, "one replica: nobody answers while it moves"),
            (1, {"rollingUpdate": {"maxUnavailable": 1}}, "a rollout may leave none of 1 pods: maxUnavailable is 1"),
            (4, {"rollingUpdate": {"maxUnavailable": "100%"}}, "a rollout may leave none of 4 pods: maxUnavailable is 4"),
            (3, {"type": "Recreate"}, "Recreate ends all pods before it starts new ones"),
            (3, {}, ""),
        ],
    )
    def test_nobody_is_left(self, replicas: int, strategy: dict[str, Any], message: str) -> None:
        budget = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        }
        values = (workload(pod_spec(), replicas=replicas, strategy=strategy), service(), budget)
        messages = [finding.message for finding in found("rollout-capacity", *values)]
        assert messages == ([message] if message else [])

    def test_all_pods_on_one_node_were_seen(self) -> None:
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        pods = [pod(name, pod_spec(nodeName="node-1"), ready) for name in ("web-1", "web-2")]
        messages = [finding.message for finding in found("rollout-capacity", workload(pod_spec()), service(), *pods)]
        assert "all 2 ready pods are on node node-1" in messages

    @pytest.mark.parametrize(("zones", "count"), [("aab", 1), ("aaa", 0), ("ab", 0), (" a ", 0)])
    def test_all_pods_in_one_of_several_zones_were_seen(self, zones: str, count: int) -> None:
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        nodes = [
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": f"n{index}", "labels": {"topology.kubernetes.io/zone": zone.strip()}},
            }
            for index, zone in enumerate(zones)
        ]
        pods = [pod(f"web-{index}", pod_spec(nodeName=f"n{index}"), ready) for index in (0, 1)]
        messages = [finding.message for finding in found("rollout-capacity", workload(pod_spec()), service(), *nodes, *pods)]
        assert messages.count("all 2 ready pods are in zone a") == count

    @pytest.mark.parametrize(
        ("conditions", "messages"),
        [
            ([{"ready": True}, {"ready": False}], []),
            ([{}], []),  # what nobody said is ready
            ([{"ready": False}], ["Service web has no endpoint that is ready: nobody answers"]),
            ([], ["Service web has no endpoint that is ready: nobody answers"]),
            (
                [{"ready": False, "serving": True, "terminating": True}, {"ready": False, "serving": False, "terminating": True}],
                ["Service web has no endpoint that is ready: only pods that are ending answer"],
            ),
        ],
    )
    def test_endpoints_that_end_answer_while_none_is_ready(self, conditions: list[dict[str, bool]], messages: list[str]) -> None:
        labels = {"kubernetes.io/service-name": "web"}
        one = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "s", "namespace": "shop", "labels": labels},
        }
        slice_ = {**one, "endpoints": [{"conditions": each} for each in conditions]}
        told = [finding.message for finding in found("rollout-capacity", workload(pod_spec()), service(), slice_)]
        assert [message for message in told if "endpoint" in message] == messages

    def test_a_set_that_nobody_rolls_out_is_information(self) -> None:
        value = workload(pod_spec(), kind="StatefulSet", updateStrategy={"type": "OnDelete"})
        finding = next(one for one in found("rollout-capacity", value, service()) if one.path == "spec.updateStrategy.type")
        assert finding.severity is Severity.INFO

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            ({"paused": True}, "the rollout is paused: a new template changes nothing"),
            ({"progressDeadlineSeconds": 10}, "a rollout is given up after 10 s, and a pod may take 60 s to count"),
            ({"strategy": {"rollingUpdate": {"maxUnavailable": "50%"}}}, "a rollout takes 2 of 4 pods at once"),
            ({"minReadySeconds": 0}, "a rollout goes on the moment a pod is ready"),
            (
                {"replicas": 3, "strategy": {"rollingUpdate": {"maxSurge": 0}}},
                "a rollout gives up 1 of 3 pods before a new one is there",
            ),
            ({"replicas": 1, "strategy": {"rollingUpdate": {"maxSurge": 0}}}, ""),  # rollout-capacity says that nobody is left
        ],
    )
    def test_pacing(self, spec: dict[str, Any], message: str) -> None:
        value = workload(pod_spec(), **{"replicas": 4, "minReadySeconds": 60, "progressDeadlineSeconds": 600, **spec})
        assert [finding.message for finding in found("rollout-pacing", value, service())] == ([message] if message else [])

    def test_clients_from_outside_wait_for_the_default_deadline(self) -> None:
        value = workload(pod_spec(), minReadySeconds=5)
        (finding,) = found("rollout-pacing", value, service("LoadBalancer"))
        assert (finding.severity, finding.path) == (Severity.INFO, "spec.progressDeadlineSeconds")

    @pytest.mark.parametrize(("available", "count"), [(2, 1), (3, 0)])
    def test_fewer_than_a_rollout_may_leave_were_seen(self, available: int, count: int) -> None:
        value = workload(pod_spec(), replicas=4, minReadySeconds=5)
        value["metadata"] = {**value["metadata"], "generation": 3}
        value["status"] = {"observedGeneration": 3, "availableReplicas": available}
        messages = [finding.message for finding in found("rollout-pacing", value, service())]
        assert messages == count * [f"{available} of 4 pods are available, and its rollout may leave 3"]
        value["status"]["observedGeneration"] = 2  # its controller has not counted since the change
        assert found("rollout-pacing", value, service()) == ()

    @pytest.mark.parametrize(("ended", "severity"), [("10:00:40", Severity.WARNING), ("10:05:00", Severity.INFO)])
    def test_a_container_that_ended_soon_after_its_start_was_counted(self, ended: str, severity: Severity) -> None:
        over = {"startedAt": "2026-11-24T10:00:00Z", "finishedAt": f"2026-11-24T{ended}Z"}
        status = {"containerStatuses": [{"name": "app", "restartCount": 1, "lastState": {"terminated": over}}]}
        (finding,) = found("rollout-pacing", workload(pod_spec()), service(), pod("web-1", pod_spec(), status))
        assert (finding.severity, finding.path) == (severity, "spec.minReadySeconds")
        assert ("ended 40 s after its start" in finding.message) == (severity is Severity.WARNING)
        assert not found("rollout-pacing", workload(pod_spec(), minReadySeconds=90), service(), pod("web-1", pod_spec(), status))

    def test_a_rollout_that_was_given_up_was_seen(self) -> None:
        value = workload(pod_spec(), minReadySeconds=5)
        failed = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
        value["status"] = {"conditions": [failed]}
        (finding,) = found("rollout-pacing", value, service())
        assert finding.message == "its rollout was given up (ProgressDeadlineExceeded)"


class TestSidecars:
    def test_a_shipper_that_ends_first_is_a_warning_and_one_that_waits_longer_is_none(self) -> None:
        for delay_s, severities in ((0, [Severity.WARNING]), (20, [])):
            spec = pod_spec("{lifecycle: {preStop: {sleep: {seconds: 10}}}}")
            hook = {"preStop": {"sleep": {"seconds": delay_s}}}
            spec["containers"].append({"name": "logs", "image": "cr.example.com/fluent-bit:3", "lifecycle": hook})
            assert [finding.severity for finding in found("sidecar-order", workload(spec), service())] == severities

    def test_a_job_with_a_plain_proxy_never_completes(self) -> None:
        spec = pod_spec()
        spec["containers"].append({"name": "istio-proxy", "image": "istio/proxyv2:1.29"})
        job = workload(spec, kind="Job")
        job["apiVersion"] = "batch/v1"
        (finding,) = found("sidecar-order", job)
        assert finding.message == "'istio-proxy' never ends, so the Job never completes"

    def test_a_native_sidecar_with_a_hook_that_does_not_wait(self) -> None:
        hook = {"preStop": {"exec": {"command": ["/drain"]}}}
        proxy = {"name": "envoy", "image": "envoyproxy/envoy:v1.36", "restartPolicy": "Always", "lifecycle": hook}
        (finding,) = found("sidecar-order", workload(pod_spec(initContainers=[proxy])), service())
        assert finding.severity is Severity.WARNING

    ISTIO = "proxy.istio.io/config"
    LINKERD = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds"

    @pytest.mark.parametrize(
        ("proxy", "annotations", "count"),
        [
            ("istio-proxy", {}, 1),
            ("istio-proxy", {ISTIO: "terminationDrainDuration: 5s"}, 1),
            ("istio-proxy", {ISTIO: "terminationDrainDuration: 20s"}, 0),
            ("istio-proxy", {ISTIO: "proxyMetadata:\n  EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true'"}, 0),
            ("istio-proxy", {ISTIO: "terminationDrainDuration: soon"}, 1),
            ("linkerd-proxy", {LINKERD: "20"}, 0),
            ("linkerd-proxy", {LINKERD: "10"}, 1),
            ("linkerd-proxy", {ISTIO: "terminationDrainDuration: 20s"}, 1),
        ],
    )
    def test_a_mesh_is_taken_at_its_word(self, proxy: str, annotations: dict[str, str], count: int) -> None:
        spec = pod_spec("{lifecycle: {preStop: {sleep: {seconds: 10}}}}")
        spec["containers"].append({"name": proxy, "image": f"mesh.example.com/{proxy}:1"})
        value = workload(spec)
        value["spec"]["template"]["metadata"]["annotations"] = annotations
        assert len(found("sidecar-order", value, service())) == count

    @pytest.mark.parametrize(("grace_s", "count"), [(30, 1), (45, 0)])
    def test_a_native_sidecar_begins_to_drain_when_the_main_container_has_ended(self, grace_s: int, count: int) -> None:
        proxy = {"name": "istio-proxy", "image": "istio/proxyv2:1.29", "restartPolicy": "Always"}
        hook = "{lifecycle: {preStop: {sleep: {seconds: 15}}}}"
        value = workload(pod_spec(hook, initContainers=[proxy], terminationGracePeriodSeconds=grace_s))
        value["spec"]["template"]["metadata"]["annotations"] = {self.ISTIO: "terminationDrainDuration: 20s"}
        message = "the main container waits 15 s, then 'istio-proxy' 20 s, of a grace period of 30 s"
        assert [one.message for one in found("sidecar-order", value, service())] == count * [message]

    @pytest.mark.parametrize(("server", "told"), [("v1.28.3", False), ("v1.29.0", True), ("", True)])
    def test_native_sidecars_are_for_servers_that_know_them(self, server: str, told: bool) -> None:
        spec = pod_spec()
        spec["containers"].append({"name": "envoy", "image": "envoyproxy/envoy:v1.36"})
        (finding,) = found("sidecar-order", workload(spec), service(), server=server)
        assert ("native sidecar" in finding.remedy) == told


class TestSurgeExceedsQuota:
    def quota(self, hard: dict[str, str], used: dict[str, str], **spec: Any) -> dict[str, Any]:
        metadata = {"name": "small", "namespace": "shop"}
        return {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": metadata,
            "spec": spec,
            "status": {"hard": hard, "used": used},
        }

    ASKING = "{resources: {requests: {cpu: 500m}, limits: {memory: 1Gi}}}"

    @pytest.mark.parametrize(
        ("hard", "used", "count"),
        [
            ({"cpu": "1"}, {"cpu": "600m"}, 1),
            ({"requests.cpu": "1"}, {"requests.cpu": "500m"}, 0),
            ({"limits.memory": "2Gi"}, {"limits.memory": "1536Mi"}, 1),
            ({"pods": "2"}, {"pods": "2"}, 1),
            ({"count/deployments.apps": "1"}, {"count/deployments.apps": "1"}, 0),
            ({"services": "1"}, {"services": "1"}, 0),
        ],
    )
    def test_one_pod_more_has_to_fit(self, hard: dict[str, str], used: dict[str, str], count: int) -> None:
        assert len(found("surge-exceeds-quota", workload(pod_spec(self.ASKING)), self.quota(hard, used))) == count

    @pytest.mark.parametrize(
        "spec",
        [
            {"replicas": 8},
            {"strategy": {"rollingUpdate": {"maxUnavailable": 1}}},
            {"strategy": {"type": "Recreate"}},
            {"paused": True},
            {"replicas": 0},
        ],
    )
    def test_a_rollout_that_gives_up_a_pod_first_goes_on(self, spec: dict[str, Any]) -> None:
        full = self.quota({"pods": "2"}, {"pods": "2"})
        assert found("surge-exceeds-quota", workload(pod_spec(), **spec), full) == ()

    def test_quotas_with_scopes_are_left_out(self) -> None:
        full = self.quota({"pods": "2"}, {"pods": "2"}, scopes=["BestEffort"])
        assert found("surge-exceeds-quota", workload(pod_spec()), full) == ()

    def test_the_message_says_what_is_left(self) -> None:
        (finding,) = found("surge-exceeds-quota", workload(pod_spec(self.ASKING)), self.quota({"cpu": "1"}, {"cpu": "600m"}))
        assert finding.message == "a rollout begins with one pod more: ResourceQuota small has 400m cpu left, and it takes 500m"


class TestSurgeFindsNoRoom:
    def node(self, name: str, cpu: str, **spec: Any) -> dict[str, Any]:
        status = {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "10"}}
        metadata = {"name": name, "labels": {"kubernetes.io/hostname": name}}
        return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}

    @pytest.mark.parametrize(
        ("nodes", "spec", "count"),
        [
            ((("a", "2", {}),), {}, 1),
            ((("a", "2", {}), ("b", "3", {})), {}, 0),
            ((("a", "2", {}), ("b", "3", {"unschedulable": True})), {}, 1),
            ((("b", "3", {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}),), {}, 1),
            ((("b", "3", {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}),), {"tolerations": [{"operator": "Exists"}]}, 0),
            ((("a", "2", {}), ("b", "3", {})), {"nodeSelector": {"kubernetes.io/hostname": "a"}}, 1),
            ((), {}, 0),
        ],
    )
    def test_one_pod_more_has_to_fit_on_a_node(
        self, nodes: tuple[tuple[str, str, dict[str, Any]], ...], spec: dict[str, Any], count: int
    ) -> None:
        """Nodes of 2 or 3 cores, a pod of 2.5."""
        values = [self.node(name, cpu, **also) for name, cpu, also in nodes]
        template = pod_spec("{resources: {requests: {cpu: 2500m}}}", **spec)
        assert len(found("surge-finds-no-room", workload(template, replicas=1), *values)) == count

    def test_nodes_that_do_not_say_what_they_give_are_not_judged(self) -> None:
        silent = {**self.node("b", "4"), "status": {}}
        template = pod_spec("{resources: {requests: {cpu: 8}}}")
        assert len(found("surge-finds-no-room", workload(template), self.node("a", "4"))) == 1
        assert found("surge-finds-no-room", workload(template), self.node("a", "4"), silent) == ()

    def test_what_runs_takes_room(self) -> None:
        template = pod_spec("{resources: {requests: {cpu: 2500m}}}", nodeName="b")
        values = (workload(template, replicas=1), self.node("b", "4"))
        assert found("surge-finds-no-room", *values) == ()
        assert len(found("surge-finds-no-room", *values, pod("web-1", template, {"phase": "Running"}))) == 1
        assert found("surge-finds-no-room", *values, pod("web-1", template, {"phase": "Succeeded"})) == ()


class TestTargetHealthGate:
    NAMESPACE: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    LABELLED: dict[str, Any] = {
        **NAMESPACE,
        "metadata": {"name": "shop", "labels": {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}},
    }

    def balanced(self, **annotations: str) -> dict[str, Any]:
        made = service("LoadBalancer")
        prefix = "service.beta.kubernetes.io/aws-load-balancer-"
        keys = {f"{prefix}{name.replace('_', '-')}": value for name, value in annotations.items()}
        return {**made, "metadata": {**made["metadata"], "annotations": keys}}

    @pytest.mark.parametrize(
        ("annotations", "count"),
        [({"nlb_target_type": "ip"}, 1), ({"type": "nlb-ip"}, 1), ({"nlb_target_type": "instance"}, 0), ({}, 0)],
    )
    def test_targets_that_are_pods_need_a_gate(self, annotations: dict[str, str], count: int) -> None:
        made = found("target-health-gate", self.NAMESPACE, self.balanced(**annotations), workload(pod_spec()))
        assert [str(one.object) for one in made] == ["Namespace shop"] * count

    def test_pods_older_than_the_label_are_named(self) -> None:
        by_pod, old = self.balanced(nlb_target_type="ip"), pod("web-1", pod_spec(), {"phase": "Running"})
        (finding,) = found("target-health-gate", self.LABELLED, by_pod, workload(pod_spec()), old)
        assert finding.message.startswith("its pods are older than the label")
        gated = pod_spec(readinessGates=[{"conditionType": "target-health.elbv2.k8s.aws/k8s-shop-web"}])
        young = pod("web-1", gated, {"phase": "Running"})
        assert found("target-health-gate", self.LABELLED, by_pod, workload(pod_spec()), young) == ()

    def test_a_namespace_that_is_in_no_file_is_not_judged(self) -> None:
        assert found("target-health-gate", self.balanced(nlb_target_type="ip"), workload(pod_spec())) == ()
