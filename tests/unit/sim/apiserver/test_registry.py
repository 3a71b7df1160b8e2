"""What creating, updating, deleting and evicting mean."""

from typing import Any

import pytest

from underway.kube.resource import POD_DISRUPTION_BUDGETS
from underway.sim.apiserver.catalogue import CONFIG_MAPS
from unit.sim.apiserver.caller import DEFAULT, Caller, config, pod

CONFIGS, PODS = f"{DEFAULT}/configmaps", f"{DEFAULT}/pods"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def deployment(**spec: Any) -> dict[str, Any]:
    """A Deployment."""
    template = {"metadata": {"labels": {"app": "a"}}, "spec": pod("x")["spec"]}
    return {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": template, **spec}}


class TestConcurrency:
    """Optimistic concurrency, generations, dry runs."""

    def test_a_stale_revision_is_a_conflict(self, api: Caller) -> None:
        made = api.call("POST", CONFIGS, config("a"))[1]
        api.patch(f"{CONFIGS}/a", {"data": {"x": "1"}})
        code, status = api.call("PUT", f"{CONFIGS}/a", {**made, "data": {"x": "2"}})
        assert (code, status["reason"]) == (409, "Conflict")
        assert "the object has been modified; please apply your changes to the latest version and try again" in status["message"]

    def test_a_write_that_changes_nothing_keeps_the_revision(self, api: Caller) -> None:
        made = api.call("POST", CONFIGS, config("a", x="1"))[1]
        assert api.patch(f"{CONFIGS}/a", {"data": {"x": "1"}})[1] == made

    def test_the_spec_alone_makes_a_generation(self, api: Caller) -> None:
        api.call("POST", DEPLOYMENTS, deployment())
        assert api.patch(f"{DEPLOYMENTS}/d", {"metadata": {"labels": {"x": "y"}}})[1]["metadata"]["generation"] == 1
        assert api.patch(f"{DEPLOYMENTS}/d/status", {"status": {"replicas": 1}})[1]["metadata"]["generation"] == 1
        assert api.patch(f"{DEPLOYMENTS}/d", {"spec": {"replicas": 2}})[1]["metadata"]["generation"] == 2

    def test_spec_and_status_do_not_mix(self, api: Caller) -> None:
        api.call("POST", DEPLOYMENTS, deployment())
        both = {"spec": {"replicas": 7}, "status": {"replicas": 7}}
        by_status = api.patch(f"{DEPLOYMENTS}/d/status", both)[1]
        assert (by_status["spec"]["replicas"], by_status["status"]["replicas"]) == (1, 7)
        by_spec = api.patch(f"{DEPLOYMENTS}/d", {"spec": {"replicas": 3}, "status": {"replicas": 9}})[1]
        assert (by_spec["spec"]["replicas"], by_spec["status"]["replicas"]) == (3, 7)

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_a_dry_run_stores_nothing(self, api: Caller, method: str) -> None:
        if method != "POST":
            api.call("POST", CONFIGS, config("a", x="1"))
        before = api.registry.store.revision
        url = CONFIGS if method == "POST" else f"{CONFIGS}/a"
        type_ = "application/merge-patch+json" if method == "PATCH" else "application/json"
        value = None if method == "DELETE" else config("a", x="2")
        assert api.call(method, f"{url}?dryRun=All", value, content_type=type_)[0] in (200, 201)
        assert api.registry.store.revision == before

    def test_a_lease_may_be_written_before_it_exists(self, api: Caller) -> None:
        url = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l"
        assert api.call("PUT", url, {"metadata": {"name": "l"}, "spec": {"holderIdentity": "me"}})[0] == 201
        assert api.call("PUT", f"{CONFIGS}/a", config("a"))[0] == 404


class TestDeletion:
    """Grace, finalizers, preconditions."""

    def test_a_bound_pod_gets_its_grace_and_a_second_deletion_shortens_it(self, api: Caller) -> None:
        api.call("POST", PODS, pod("p", node="n"))

        def left(grace: str) -> Any:
            return api.call("DELETE", f"{PODS}/p{grace}")[1]["metadata"]["deletionGracePeriodSeconds"]

        assert [left(""), left("?gracePeriodSeconds=7"), left("?gracePeriodSeconds=9")] == [30, 7, 7]
        assert left("?gracePeriodSeconds=0") == 0
        assert api.call("GET", f"{PODS}/p")[0] == 404

    def test_a_pod_that_runs_nowhere_goes_at_once(self, api: Caller) -> None:
        api.call("POST", PODS, pod("p"))
        code, gone = api.call("DELETE", f"{PODS}/p")
        assert (code, gone["metadata"]["deletionGracePeriodSeconds"]) == (200, 0)
        assert api.call("GET", f"{PODS}/p")[0] == 404

    def test_finalizers_are_waited_for(self, api: Caller) -> None:
        api.call("POST", CONFIGS, {"metadata": {"name": "f", "finalizers": ["example.com/x"]}})
        assert api.call("DELETE", f"{CONFIGS}/f")[1]["metadata"]["deletionTimestamp"]
        code, status = api.patch(f"{CONFIGS}/f", {"metadata": {"finalizers": ["example.com/x", "example.com/y"]}})
        assert (code, status["reason"]) == (422, "Invalid")
        assert api.patch(f"{CONFIGS}/f", {"metadata": {"finalizers": None}})[0] == 200
        assert api.call("GET", f"{CONFIGS}/f")[0] == 404

    @pytest.mark.parametrize(("field", "shown"), [("uid", "UID"), ("resourceVersion", "ResourceVersion")])
    def test_a_failed_precondition_names_the_record(self, api: Caller, field: str, shown: str) -> None:
        api.call("POST", PODS, pod("p"))
        code, status = api.call("DELETE", f"{PODS}/p", {"preconditions": {field: "1"}})
        assert (code, status["reason"], status["details"]["kind"]) == (409, "Conflict", "Pod")
        assert f"the {shown} in the precondition (1) does not match the {shown} in record" in status["message"]


class TestEviction:
    """The eviction subresource, as rotation reads it. Source: pkg/registry/core/pod/storage/eviction.go."""

    @pytest.fixture
    def pods(self, api: Caller) -> Caller:
        for name in ("p", "q"):
            api.call("POST", PODS, pod(name, node="n", app="a"))
            ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
            api.patch(f"{PODS}/{name}/status", {"status": ready})
        return api

    @staticmethod
    def budget(api: Caller, name: str = "b", allowed: int = 0, **state: Any) -> None:
        api.call(
            "POST",
            BUDGETS,
            {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": "a"}}, **state.pop("spec", {})}},
        )
        counts = {"observedGeneration": 1, "disruptionsAllowed": allowed, "currentHealthy": 2, "desiredHealthy": 2 - allowed}
        api.patch(f"{BUDGETS}/{name}/status", {"status": {**counts, "expectedPods": 2, **state}})

    @staticmethod
    def evict(api: Caller, name: str, **options: Any) -> tuple[int, Any]:
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, "deleteOptions": options}
        return api.call("POST", f"{PODS}/{name}/eviction", body)

    def test_a_budget_is_spent_by_one_at_a_time(self, pods: Caller) -> None:
        self.budget(pods, allowed=1)
        assert self.evict(pods, "p")[0] == 201
        code, status = self.evict(pods, "q")
        assert (code, status["reason"]) == (429, "TooManyRequests")
        assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
        assert status["details"]["causes"] == [
            {"reason": "DisruptionBudget", "message": "The disruption budget b does not allow evicting pods currently"}
        ]
        pods.patch(f"{BUDGETS}/b/status", {"status": {"currentHealthy": 1}})
        cause = self.evict(pods, "q")[1]["details"]["causes"][0]
        assert cause == {
            "reason": "DisruptionBudget",
            "message": "The disruption budget b needs 1 healthy pods and has 1 currently",
        }
        stored = pods.registry.store.get(POD_DISRUPTION_BUDGETS, "default", "b")
        assert stored is not None
        assert list(stored["status"]["disruptedPods"]) == ["p"]

    def test_a_budget_not_yet_looked_at_asks_for_patience(self, pods: Caller) -> None:
        self.budget(pods, allowed=1, observedGeneration=0)
        code, status = self.evict(pods, "p")
        assert (code, status["details"]["retryAfterSeconds"]) == (429, 10)

    def test_two_budgets_never_allow_anything(self, pods: Caller) -> None:
        self.budget(pods, "b", allowed=1)
        self.budget(pods, "c", allowed=1)
        code, status = self.evict(pods, "p")
        assert (code, "reason" in status) == (500, False)
        assert "more than one PodDisruptionBudget" in status["message"]

    def test_a_dry_run_spends_nothing(self, pods: Caller) -> None:
        self.budget(pods, allowed=1)
        before = pods.registry.store.revision
        assert self.evict(pods, "p", dryRun=["All"])[0] == 201
        assert pods.registry.store.revision == before

    def test_another_pod_of_the_same_name_is_spared(self, pods: Caller) -> None:
        code, status = self.evict(pods, "p", preconditions={"uid": "old"})
        assert (code, status["reason"]) == (409, "Conflict")

    @pytest.mark.parametrize(
        ("policy", "healthy", "code"), [("IfHealthyBudget", 1, 429), ("IfHealthyBudget", 2, 201), ("AlwaysAllow", 1, 201)]
    )
    def test_a_pod_that_is_not_ready_goes_by_policy(self, pods: Caller, policy: str, healthy: int, code: int) -> None:
        pods.patch(f"{PODS}/p/status", {"status": {"conditions": [{"type": "Ready", "status": "False"}]}})
        self.budget(pods, currentHealthy=healthy, spec={"unhealthyPodEvictionPolicy": policy})
        assert self.evict(pods, "p")[0] == code

    @pytest.mark.parametrize("phase", ["Pending", "Succeeded", "Failed"])
    def test_pods_that_do_not_run_are_in_no_budget(self, pods: Caller, phase: str) -> None:
        self.budget(pods)
        pods.patch(f"{PODS}/p/status", {"status": {"phase": phase}})
        assert self.evict(pods, "p")[0] == 201


class TestLists:
    """Pages, selectors, history."""

    def test_pages_add_up_to_the_list(self, api: Caller) -> None:
        for name in "abcde":
            api.call("POST", CONFIGS, config(name))
        names, token = [], ""
        while True:
            page = api.call("GET", f"{CONFIGS}?limit=2&continue={token}")[1]
            names += [item["metadata"]["name"] for item in page["items"]]
            token = page["metadata"].get("continue", "")
            if not token:
                break
        assert names == list("abcde")

    def test_a_compacted_history_is_expired(self, api: Caller) -> None:
        api.call("POST", CONFIGS, config("a"))
        api.call("POST", CONFIGS, config("b"))
        token = api.call("GET", f"{CONFIGS}?limit=1")[1]["metadata"]["continue"]
        api.registry.store.compact(CONFIG_MAPS)
        api.call("POST", CONFIGS, config("c"))
        api.registry.store.compact(CONFIG_MAPS)
        code, status = api.call("GET", f"{CONFIGS}?limit=1&continue={token}")
        assert (code, status["reason"]) == (410, "Expired")

    def test_what_ceases_to_match_is_deleted_for_the_watcher_as_it_was(self, api: Caller) -> None:
        api.call("POST", CONFIGS, {"metadata": {"name": "a", "labels": {"tier": "gold"}}})
        events, _ = api.watch(f"{CONFIGS}?watch=true&labelSelector=tier=gold")
        changed = api.patch(f"{CONFIGS}/a", {"metadata": {"labels": {"tier": "tin"}}})[1]
        assert [event["type"] for event in events] == ["ADDED", "DELETED"]
        last = events[-1]["object"]["metadata"]
        assert (last["labels"], last["resourceVersion"]) == ({"tier": "gold"}, changed["metadata"]["resourceVersion"])


def test_services_get_addresses_of_their_own(api: Caller) -> None:
    made = [
        api.call("POST", f"{DEFAULT}/services", {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}})[1]
        for name in ("a", "b")
    ]
    assert made[0]["spec"]["clusterIP"] != made[1]["spec"]["clusterIP"]
    assert made[0]["spec"]["clusterIPs"] == [made[0]["spec"]["clusterIP"]]
