"""Provider ClusterAPI, before an API server with Cluster API's kinds and a hand that plays its controllers."""

import asyncio
from typing import Any

import pytest

from direct_api import DirectApi, LateApi
from machines_contract import KEY, ZONE, ObjectContract, answered, ask, ask_together, listed
from underway.machines.cluster_api import (
    CLUSTERS,
    DELETE_FIRST,
    DEPLOYMENT_LABEL,
    DEPLOYMENTS,
    DRAIN_RULES,
    LARGEST,
    MACHINES,
    RULES_S,
    ClusterApi,
    machine_of,
)
from underway.machines.machine_deployment import ASKED
from underway.machines.objects import AT_ONCE, ATTEMPTS
from underway.machines.objects import KEY as KEY_ANNOTATION
from underway.model.drain_rule import DrainRule, PodSelector
from underway.model.meta import LabelSelector
from underway.rotate.effects import ListMachines, Provision, Quota, ReadQuotas, Terminate

NAMESPACE = "clusters"
VERBS = ("get", "list", "create", "patch", "delete")
REFUSALS = {
    "capacity": (500, {"message": "etcdserver: request timed out", "reason": "InternalError"}),
    "throttling": (429, {"message": "too many requests", "reason": "TooManyRequests"}),
    "overload": (429, {"message": "too many requests", "reason": "TooManyRequests"}),
    "forbidden": (403, {"message": "machinedeployments is forbidden", "reason": "Forbidden"}),
}


class Overtaking(dict[tuple[str, str], tuple[int, dict[str, Any]]]):
    """Refuses so many writes of Machines, as if their controllers had always been faster."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def get(self, asked: tuple[str, str], default: Any = None) -> Any:
        if asked != ("patch", "machines") or not self.left:
            return default
        self.left -= 1
        return 409, {"message": "the object has been modified", "reason": "Conflict"}


class Management:
    """One MachineDeployment with one Machine."""

    node, provider_id = "node-1", "openstack:///1"

    def __init__(
        self, strategy: str = "OnDelete", *, rules: bool = True, replicas: int = 1, api: DirectApi | None = None
    ) -> None:
        self.api: Any = api or DirectApi()
        self.api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        for resource in (MACHINES, DEPLOYMENTS, CLUSTERS, *((DRAIN_RULES,) if rules else ())):
            self.api.define(resource)
        spec = {"replicas": replicas, "rollout": {"strategy": {"type": strategy}}}
        self._create(DEPLOYMENTS, {"name": "workers"}, spec)
        self._made = 0
        self._replicate()
        self.boot()
        self.provider: Any = ClusterApi(self.api)

    def _create(self, resource: Any, metadata: dict[str, Any], spec: dict[str, Any]) -> None:
        value = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}
        self.api.create(resource.path(NAMESPACE), value)

    def meddle(self) -> None:
        """Its controllers act, and now and then write the MachineDeployment's status."""
        self._replicate()
        if self.api.rng.random() < 0.1:
            self.api.change(DEPLOYMENTS, NAMESPACE, "workers", status={"observed": self.api.rng.random()})

    def drain_rule(self, name: str, spec: dict[str, Any], namespace: str = NAMESPACE) -> None:
        value = {"apiVersion": DRAIN_RULES.api_version, "kind": DRAIN_RULES.kind, "metadata": {"name": name}, "spec": spec}
        self.api.create(DRAIN_RULES.path(namespace), value)
        self.provider._read_s = -RULES_S

    def deployment(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.registry.get(DEPLOYMENTS, NAMESPACE, "workers")
        return found

    def machines(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.registry.store.values(MACHINES)
        return found

    def _replicate(self) -> None:
        """As the controllers: as many Machines as replicas; of too many, those that are marked go first."""
        while sum("deletionTimestamp" not in one["metadata"] for one in self.machines()) < self.deployment()["spec"]["replicas"]:
            self._made += 1
            self._create(MACHINES, {"name": f"workers-{self._made}", "labels": {DEPLOYMENT_LABEL: "workers"}}, {})
        marked = [one for one in self.machines() if DELETE_FIRST in one["metadata"].get("annotations", {})]
        for one in marked[: len(self.machines()) - self.deployment()["spec"]["replicas"]]:
            self.api.registry.delete(MACHINES, NAMESPACE, one["metadata"]["name"])

    def boot(self) -> None:
        self._replicate()
        for machine in self.machines():
            if machine.get("status"):
                continue
            number = machine["metadata"]["name"].rpartition("-")[2]
            status = {"phase": "Running", "nodeRef": {"name": f"node-{number}"}}
            spec = {"providerID": f"openstack:///{number}"}
            self.api.change(MACHINES, NAMESPACE, machine["metadata"]["name"], spec=spec, status=status)

    def slow(self) -> None:
        self._replicate()

    def finish(self) -> None:
        self._replicate()

    def hold(self, name: str) -> None:
        """Its controller's finalizer: it is there until its instance is gone."""
        found = self.api.registry.get(MACHINES, NAMESPACE, name)
        metadata = {**found["metadata"], "finalizers": ["machine.cluster.x-k8s.io"]}
        self.api.change(MACHINES, NAMESPACE, name, metadata=metadata)

    def remediate(self, name: str) -> None:
        """As a MachineHealthCheck and the MachineSet: the Machine ends, and another one is made at once."""
        found = self.api.registry.get(MACHINES, NAMESPACE, name)
        metadata = {**found["metadata"], "finalizers": ["machine.cluster.x-k8s.io"]}
        conditions = [{"type": type_, "status": "False"} for type_ in ("HealthCheckSucceeded", "OwnerRemediated")]
        self.api.change(
            MACHINES, NAMESPACE, name, metadata=metadata, status={**found.get("status", {}), "conditions": conditions}
        )
        self.api.registry.delete(MACHINES, NAMESPACE, name)

    def heir(self) -> None:
        """Ten minutes later."""
        self.api.now_ms += 600_000
        self._replicate()

    def lose(self) -> None:
        self.api.registry.delete(MACHINES, NAMESPACE, "workers-1")

    def lose_successor(self) -> None:
        for machine in self.machines():
            if KEY_ANNOTATION in machine["metadata"].get("annotations", {}):
                self.api.registry.delete(MACHINES, NAMESPACE, machine["metadata"]["name"])

    def drift(self) -> None:
        old = {"type": "UpToDate", "status": "False", "reason": "NotUpToDate", "message": "Version v1.36.4, v1.37.2 required"}
        status = {**self.api.registry.get(MACHINES, NAMESPACE, "workers-1")["status"], "conditions": [old]}
        self.api.change(MACHINES, NAMESPACE, "workers-1", status=status)

    def trouble(self, name: str) -> None:
        everything = [(verb, kind.plural) for verb in VERBS for kind in (DEPLOYMENTS, MACHINES)]
        asked = everything if name == "overload" else [("patch", "machinedeployments")]
        self.api.refusals = dict.fromkeys(asked, REFUSALS[name]) if name else {}

    def count(self) -> int:
        self._replicate()
        return len(self.machines())


@pytest.fixture
def stage() -> Management:
    return Management()


def request(replaces: str = "node-1", key: str = KEY) -> Provision:
    return Provision(id=1, key=key, replaces=replaces, replaces_provider_id="", zone=ZONE)


class TestClusterApi(ObjectContract):
    def test_what_was_asked_for_stands_on_the_deployment_until_its_machine_is_there(self, stage: Management) -> None:
        ask(stage, request())
        assert KEY in stage.deployment()["metadata"]["annotations"][ASKED]
        assert stage.deployment()["spec"]["replicas"] == 2
        stage.boot()
        listed(stage)
        assert ASKED not in stage.deployment()["metadata"].get("annotations", {})

    def test_a_machine_that_its_controllers_write_meanwhile_is_looked_at_again(self, stage: Management) -> None:
        ask(stage, request())
        stage.boot()
        stage.api.refusals = Overtaking(2)
        (_, claimed) = ask(stage, ListMachines(id=1)).machines
        assert claimed.key == KEY
        assert stage.deployment()["spec"]["replicas"] == 2

    def test_one_that_is_never_left_alone_is_told(self, stage: Management) -> None:
        ask(stage, request())
        stage.boot()
        stage.api.refusals = Overtaking(100)
        reply = ask(stage, ListMachines(id=1))
        assert reply.error == "patch machines workers-2: the object has been modified"
        assert reply.retryable
        assert stage.api.refusals.left == 100 - ATTEMPTS

    @pytest.mark.parametrize("at_once", [True, False])
    def test_a_successor_that_a_health_check_replaces_passes_its_key_on(self, stage: Management, at_once: bool) -> None:
        ask(stage, request())
        stage.boot()
        listed(stage)
        stage.remediate("workers-2")
        if not at_once:
            assert self.of_key(stage) == []
            assert KEY in stage.deployment()["metadata"]["annotations"][ASKED]
        stage.heir()
        assert [machine.state for machine in self.of_key(stage)] == ["Pending"]
        assert ask(stage, request()).error == "", "whoever comes next asks again"
        stage.boot()
        assert [machine.node for machine in self.of_key(stage)] == ["node-3"]
        assert stage.deployment()["spec"]["replicas"] == 2
        assert ASKED not in stage.deployment()["metadata"].get("annotations", {})

    def test_a_successor_that_somebody_deletes_keeps_its_key_to_the_end(self, stage: Management) -> None:
        ask(stage, request())
        stage.boot()
        listed(stage)
        stage.hold("workers-2")
        stage.api.registry.delete(MACHINES, NAMESPACE, "workers-2")
        assert [machine.state for machine in self.of_key(stage)] == ["Terminating"]

    def test_nodes_that_go_together_are_looked_up_once(self, stage: Management) -> None:
        stage.boot()
        listed(stage)
        stage.api.asked.clear()
        ask(stage, request())
        ask(stage, request(key="workers-0123abcd-00000b"))
        assert stage.deployment()["spec"]["replicas"] == 3
        assert stage.api.asked == [("patch", "machinedeployments")] * 2

    def test_a_machine_that_ends_is_nobodys_successor(self, stage: Management) -> None:
        ask(stage, request())
        stage.boot()
        listed(stage)
        stage.hold("workers-1")
        ask(stage, Terminate(id=2, node="node-1", provider_id="openstack:///1"))
        assert ask(stage, request("node-2", "workers-0123abcd-00000b")).error == ""
        assert [machine.node for machine in listed(stage) if machine.key] == ["node-2"], (
            "the one that was asked for is not there yet"
        )
        stage.finish()
        stage.boot()
        assert sorted(machine.node for machine in listed(stage) if machine.key) == ["node-2", "node-3"]

    def test_what_has_changed_since_refuses_the_write_and_is_looked_up_again(self, stage: Management) -> None:
        listed(stage)
        stage.api.change(DEPLOYMENTS, NAMESPACE, "workers", spec={**stage.deployment()["spec"], "replicas": 5})
        assert ask(stage, request()).error == ""
        assert stage.deployment()["spec"]["replicas"] == 6

    def test_a_machine_that_came_a_moment_ago_is_looked_for(self, stage: Management) -> None:
        listed(stage)
        ask(stage, request())
        stage.boot()
        assert ask(stage, Terminate(id=2, node="node-2", provider_id="openstack:///2")).error == ""
        assert [one["metadata"]["name"] for one in stage.machines()] == ["workers-1"]

    def test_a_replica_is_taken_back_once(self, stage: Management) -> None:
        ask(stage, request())
        stage.boot()
        listed(stage)
        for _ in range(2):
            ask(stage, Terminate(id=2, node=stage.node, provider_id=stage.provider_id))
        assert stage.deployment()["spec"]["replicas"] == 1
        assert [one["metadata"]["name"] for one in stage.machines()] == ["workers-2"]

    def test_a_successor_may_come_after_its_predecessor_is_gone(self, stage: Management) -> None:
        ask(stage, Terminate(id=2, node=stage.node, provider_id=stage.provider_id))
        stage.finish()
        assert ask(stage, request()).error == ""
        stage.boot()
        assert [machine.key for machine in listed(stage)] == [KEY]

    def test_a_deployment_that_rolls_by_itself_is_refused(self) -> None:
        stage = Management("RollingUpdate")
        reply = ask(stage, request())
        assert reply.error.startswith(
            "MachineDeployment clusters/workers rolls by itself (RollingUpdate): set its strategy to OnDelete"
        )
        assert not reply.retryable
        assert stage.count() == 1

    def test_a_control_plane_machine_is_not_ours(self, stage: Management) -> None:
        stage._create(MACHINES, {"name": "control-1"}, {})
        stage.api.change(MACHINES, NAMESPACE, "control-1", status={"phase": "Running", "nodeRef": {"name": "control-1"}})
        reply = ask(stage, request("control-1"))
        assert "Machine clusters/control-1 of node control-1 belongs to no MachineDeployment" in reply.error
        assert not reply.retryable

    def test_two_clusters_may_have_nodes_of_one_name(self, stage: Management) -> None:
        stage._create(MACHINES, {"name": "other-1", "labels": {DEPLOYMENT_LABEL: "other"}}, {"providerID": "openstack:///other"})
        stage.api.change(MACHINES, NAMESPACE, "other-1", status={"phase": "Running", "nodeRef": {"name": "node-1"}})
        ask(stage, Terminate(id=2, node="node-1", provider_id="openstack:///other"))
        assert [one["metadata"]["name"] for one in stage.machines()] == ["workers-1"]

    def test_the_autoscalers_largest_size_is_a_quota(self, stage: Management) -> None:
        assert ask(stage, ReadQuotas(id=1)).quotas == ()
        metadata = {**stage.deployment()["metadata"], "annotations": {LARGEST: "3"}}
        stage.api.change(DEPLOYMENTS, NAMESPACE, "workers", metadata=metadata)
        assert ask(stage, ReadQuotas(id=1)).quotas == (Quota("MachineDeployment clusters/workers: replicas", 1, 3),)

    def test_a_machines_drain_rules_are_told_by_name(self, stage: Management) -> None:
        stage.drain_rule(
            "b", {"drain": {"behavior": "Drain", "order": 5}, "pods": [{"selector": {"matchLabels": {"app": "db"}}}]}
        )
        stage.drain_rule("a", {"drain": {"behavior": "Skip"}, "machines": [{"selector": {"matchLabels": {"gpu": "true"}}}]})
        stage.drain_rule(
            "c", {"drain": {"behavior": "WaitCompleted"}, "machines": [{"clusterSelector": {"matchLabels": {"env": "prod"}}}]}
        )
        stage._create(CLUSTERS, {"name": "c1", "labels": {"env": "prod"}}, {})
        stage.api.change(MACHINES, NAMESPACE, "workers-1", spec={"providerID": "openstack:///1", "clusterName": "c1"})
        (machine,) = listed(stage)
        assert machine.drain_rules == (
            DrainRule("b", "Drain", 5, (PodSelector(LabelSelector(match_labels={"app": "db"})),)),
            DrainRule("c", "WaitCompleted"),
        )

    def test_rules_of_another_namespace_do_not_apply(self, stage: Management) -> None:
        stage.api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "others"}})
        stage.drain_rule("all", {"drain": {"behavior": "Skip"}}, "others")
        assert listed(stage)[0].drain_rules == ()

    def test_a_management_cluster_that_knows_no_drain_rules_has_none(self) -> None:
        assert listed(Management(rules=False))[0].drain_rules == ()

    def test_rules_that_may_not_be_read_are_an_error_and_never_none(self, stage: Management) -> None:
        stage.api.refusals = {("list", "machinedrainrules"): REFUSALS["forbidden"]}
        reply = ask(stage, ListMachines(id=1))
        assert "list machinedrainrules" in reply.error
        assert not reply.retryable

    def test_a_hook_before_the_drain_holds_the_machine(self, stage: Management) -> None:
        hook = "pre-drain.delete.hook.machine.cluster.x-k8s.io/backup"
        metadata = {**stage.api.registry.get(MACHINES, NAMESPACE, "workers-1")["metadata"], "annotations": {hook: "backups"}}
        stage.api.change(MACHINES, NAMESPACE, "workers-1", metadata=metadata)
        (machine,) = listed(stage)
        assert machine.hold == (
            f"Machine clusters/workers-1 has the hook {hook} (backups), which wants to act between its deletion and its drain: "
            "Underway drains first; take the hook off, or delete the Machine yourself"
        )

    def test_a_list_of_reasons_is_one_line(self) -> None:
        stale = {
            "type": "UpToDate",
            "status": "False",
            "message": "* Version v1.36.3, v1.36.4 required\n* Failure domain a, b required",
        }
        value = {"metadata": {"name": "m"}, "spec": {}, "status": {"conditions": [stale]}}
        assert machine_of(value).drifted == "Version v1.36.3, v1.36.4 required; Failure domain a, b required"

    def test_what_holds_a_deletion_is_told(self, stage: Management) -> None:
        machine = {
            "metadata": {"name": "m", "deletionTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {},
            "status": {"conditions": [{"type": "Deleting", "status": "True", "message": "waiting for hook x"}]},
        }
        assert (machine_of(machine).state, machine_of(machine).reason) == ("Terminating", "waiting for hook x")


def boots_of(count: int) -> list[Provision]:
    return [
        Provision(id=number, key=f"w-{number:02}", replaces=f"node-{number}", replaces_provider_id=f"openstack:///{number}")
        for number in range(1, count + 1)
    ]


def ends_of(count: int) -> list[Terminate]:
    return [Terminate(id=number, node=f"node-{number}", provider_id=f"openstack:///{number}") for number in range(1, count + 1)]


async def insisted(stage: Management, requests: Any) -> None:
    """As the driver: whoever was refused for now asks again."""
    while requests:
        replies = await answered(stage, requests)
        assert all(reply.retryable for reply in replies if reply.error)
        requests = [reply.request for reply in replies if reply.error]


class TestTogether:
    def test_twenty_boots_are_one_write(self) -> None:
        stage = Management(replicas=20)
        assert {reply.error for reply in ask_together(stage, boots_of(20))} == {""}
        assert stage.api.asked.count(("patch", "machinedeployments")) == 1
        assert stage.deployment()["spec"]["replicas"] == 40

    def test_twenty_ends_are_one_write_after_every_mark_and_before_every_deletion(self) -> None:
        stage = Management(replicas=20)
        assert {reply.error for reply in ask_together(stage, ends_of(20))} == {""}
        marks, take_back, ends = [("patch", "machines")] * 20, ("patch", "machinedeployments"), [("delete", "machines")] * 20
        assert stage.api.asked[-41:] == [*marks, take_back, *ends]
        assert stage.machines() == []

    def test_requests_of_different_machines_go_side_by_side_and_no_more_than_a_few(self) -> None:
        stage = Management(replicas=20, api=LateApi(1))
        ask_together(stage, ends_of(20))
        assert stage.api.most == AT_ONCE

    @pytest.mark.parametrize("seed", range(12))
    def test_nothing_is_made_twice_in_whatever_order_requests_arrive(self, seed: int) -> None:
        stage = Management(replicas=6, api=LateApi(seed))
        stage.api.between = stage.meddle

        async def rotate() -> None:
            await insisted(stage, [*boots_of(6), ListMachines(id=50)])
            stage.boot()
            await insisted(stage, [*ends_of(3), ListMachines(id=51), *boots_of(6)])
            await insisted(stage, [*ends_of(6), *boots_of(6), ListMachines(id=52)])
            stage.boot()

        asyncio.run(rotate())
        stage.provider = ClusterApi(stage.api)
        machines = ask_together(stage, [ListMachines(id=53)])[0].machines
        assert sorted(machine.key for machine in machines) == [f"w-{number:02}" for number in range(1, 7)]
        assert stage.deployment()["spec"]["replicas"] == 6
        assert stage._made == 12, "six old ones and a successor of each"

    def test_a_mark_that_no_write_followed_does_not_send_the_wrong_machine(self) -> None:
        stage = Management(replicas=3, api=LateApi(1))
        stage.api.between = stage._replicate
        stage.api.refusals = {("patch", "machinedeployments"): REFUSALS["capacity"]}
        assert all(reply.error for reply in ask_together(stage, ends_of(2)))
        stage.api.refusals = {}
        for end, left in zip(reversed(ends_of(2)), (["workers-1", "workers-3"], ["workers-3"]), strict=True):
            stage.provider = ClusterApi(stage.api)
            assert ask_together(stage, [end])[0].error == ""
            assert [one["metadata"]["name"] for one in stage.machines()] == left
        assert stage._made == 3

    def test_one_that_was_overtaken_does_not_hold_up_the_others(self) -> None:
        stage = Management(replicas=3)
        stage.api.refusals = Overtaking(1)
        assert [reply.error for reply in ask_together(stage, ends_of(3))] == ["", "", ""]
        assert stage.api.asked.count(("patch", "machinedeployments")) == 2
        assert stage.machines() == []
        assert stage.deployment()["spec"]["replicas"] == 0

    def test_what_may_not_be_made_for_all_is_made_for_those_for_whom_it_may(self) -> None:
        stage = Management(replicas=3)
        stage.api.refusals = Full(stage, 4)
        replies = ask_together(stage, boots_of(3))
        assert [reply.error for reply in replies] == ["", *["patch machinedeployments workers: at most 4 replicas"] * 2]
        assert stage.deployment()["spec"]["replicas"] == 4
        assert {reply.error for reply in ask_together(stage, ends_of(3))} == {""}


class Full(dict[tuple[str, str], tuple[int, dict[str, Any]]]):
    """A policy of the cluster's: no more than so many replicas."""

    def __init__(self, stage: Management, most: int) -> None:
        super().__init__()
        self.stage, self.most = stage, most

    def get(self, asked: tuple[str, str], default: Any = None) -> Any:
        wanted = (self.stage.api.body or {}).get("spec", {}).get("replicas", 0)
        if asked != ("patch", "machinedeployments") or wanted <= self.most:
            return default
        return 403, {"message": f"at most {self.most} replicas", "reason": "Forbidden"}
