"""Provider Karpenter, before an API server with Karpenter's kinds and a hand that plays Karpenter."""

import asyncio
from typing import Any

import pytest

from direct_api import DirectApi, LateApi
from machines_contract import KEY, ZONE, ObjectContract, answered, ask, listed
from underway.kube.resource import NODES
from underway.machines.karpenter import DO_NOT_DISRUPT, NODE_CLAIMS, NODE_POOLS, Karpenter, claim_name
from underway.machines.objects import AT_ONCE
from underway.machines.objects import KEY as KEY_LABEL
from underway.rotate.effects import ListMachines, MachineReply, Provision, Quota, ReadQuotas, Terminate

VERBS = ("get", "list", "create", "patch", "delete")
REFUSALS = {
    "capacity": (503, {"message": "no capacity", "reason": "ServiceUnavailable"}),
    "throttling": (429, {"message": "too many requests", "reason": "TooManyRequests"}),
    "overload": (429, {"message": "too many requests", "reason": "TooManyRequests"}),
    "forbidden": (403, {"message": "nodeclaims is forbidden", "reason": "Forbidden"}),
}
POOL = {
    "apiVersion": "karpenter.sh/v1",
    "kind": "NodePool",
    "metadata": {"name": "general", "annotations": {"karpenter.sh/nodepool-hash": "42", "note": "ours"}},
    "spec": {
        "disruption": {"budgets": [{"nodes": "0", "reasons": ["Drifted"]}, {"nodes": "10%"}]},
        "template": {
            "metadata": {"labels": {"team": "shop"}},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "new"},
                "requirements": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}],
                "taints": [{"key": "shop", "effect": "NoSchedule"}],
            },
        },
    },
}


class Cluster:
    """One pool with one node."""

    node, provider_id = "node-1", "aws:///us-east-1a/i-1"

    def __init__(self, api: DirectApi | None = None) -> None:
        self.api: Any = api or DirectApi()
        for resource in (NODE_CLAIMS, NODE_POOLS):
            self.api.define(resource)
        self.api.create(NODE_POOLS.path(), POOL)
        labels = {"karpenter.sh/nodepool": "general"}
        claim = {"metadata": {"name": "general-abcde", "labels": labels}, "spec": {"resources": {"requests": {"cpu": "3"}}}}
        self.api.create(NODE_CLAIMS.path(), {"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", **claim})
        self._booted = 0
        self._became("general-abcde", self.node, self.provider_id)
        self.provider: Any = Karpenter(self.api)

    def _became(self, claim: str, node: str, provider_id: str) -> None:
        self.api.node(node, annotations={DO_NOT_DISRUPT: "true"})
        self.api.change(NODE_CLAIMS, "", claim, status={"nodeName": node, "providerID": provider_id})

    def claims(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.registry.store.values(NODE_CLAIMS)
        return found

    def of_key(self) -> dict[str, Any]:
        return next(claim for claim in self.claims() if claim["metadata"]["name"] == claim_name(KEY))

    def boot(self) -> None:
        for claim in self.claims():
            if not claim.get("status"):
                self._booted += 1
                name = f"new-{self._booted}"
                self._became(claim["metadata"]["name"], name, f"aws:///us-east-1a/i-{name}")

    def slow(self) -> None:
        """It boots when `boot` says so."""

    def finish(self) -> None:
        """A NodeClaim without Karpenter's finalizer goes at once."""

    def lose(self) -> None:
        self.api.registry.delete(NODE_CLAIMS, "", "general-abcde")

    def lose_successor(self) -> None:
        for claim in self.claims():
            if KEY_LABEL in claim["metadata"].get("labels", {}):
                self.api.registry.delete(NODE_CLAIMS, "", claim["metadata"]["name"])

    def drift(self) -> None:
        drifted = {"type": "Drifted", "status": "True", "reason": "NodePoolDrifted", "message": "NodePoolDrifted"}
        status = {**self.api.registry.get(NODE_CLAIMS, "", "general-abcde")["status"], "conditions": [drifted]}
        self.api.change(NODE_CLAIMS, "", "general-abcde", status=status)

    def trouble(self, name: str) -> None:
        everything = [(verb, kind.plural) for verb in VERBS for kind in (NODE_CLAIMS, NODE_POOLS)]
        asked = everything if name == "overload" else [("create", "nodeclaims")]
        self.api.refusals = dict.fromkeys(asked, REFUSALS[name]) if name else {}

    def count(self) -> int:
        return len(self.claims())


@pytest.fixture
def stage() -> Cluster:
    return Cluster()


def request(replaces: str = "node-1", key: str = KEY) -> Provision:
    return Provision(id=1, key=key, replaces=replaces, replaces_provider_id="", zone=ZONE)


class TestKarpenter(ObjectContract):
    def test_a_successor_is_made_from_the_pool_as_it_is_now(self, stage: Cluster) -> None:
        ask(stage, request())
        claim = stage.of_key()
        assert claim["spec"] == {
            "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "new"},
            "taints": [{"key": "shop", "effect": "NoSchedule"}],
            "requirements": [
                {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
                {"key": "karpenter.sh/nodepool", "operator": "In", "values": ["general"]},
                {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [ZONE]},
            ],
            "resources": {"requests": {"cpu": "3"}},
        }
        assert claim["metadata"]["labels"]["team"] == "shop"
        assert claim["metadata"]["annotations"]["karpenter.sh/nodepool-hash"] == "42"
        assert "note" not in claim["metadata"]["annotations"]

    def test_an_empty_successor_is_kept_from_consolidation_until_its_predecessor_is_gone(self, stage: Cluster) -> None:
        ask(stage, request())
        stage.boot()
        listed(stage)
        assert stage.of_key()["metadata"]["annotations"][DO_NOT_DISRUPT] == "true"
        ask(stage, Terminate(id=2, node=stage.node, provider_id=stage.provider_id))
        listed(stage)
        assert DO_NOT_DISRUPT not in stage.of_key()["metadata"]["annotations"]
        node = stage.api.registry.get(NODES, "", stage.of_key()["status"]["nodeName"])
        assert DO_NOT_DISRUPT not in node["metadata"].get("annotations", {})

    def test_what_karpenter_waits_for_is_told(self, stage: Cluster) -> None:
        ask(stage, request())
        waits = {"type": "Launched", "status": "False", "reason": "InsufficientCapacity", "message": "no m5.large in us-east-1a"}
        stage.api.change(NODE_CLAIMS, "", claim_name(KEY), status={"conditions": [waits]})
        (machine,) = [machine for machine in listed(stage) if machine.key]
        assert (machine.state, machine.reason) == ("Pending", "InsufficientCapacity: no m5.large in us-east-1a")

    def test_a_node_of_nobody_is_named(self, stage: Cluster) -> None:
        reply = ask(stage, request("stranger"))
        assert reply.error == "node stranger has no label karpenter.sh/nodepool: is it one of Karpenter's?"
        assert not reply.retryable

    def test_nodes_that_go_together_are_looked_up_once(self, stage: Cluster) -> None:
        spec: Any = POOL["spec"]
        stage.api.change(NODE_POOLS, "", "general", spec={**spec, "disruption": {"budgets": [{"nodes": "0"}]}})
        stage.drift()
        listed(stage)
        stage.api.asked.clear()
        for key in (KEY, "workers-0123abcd-00000b"):
            assert ask(stage, request(key=key)).error == ""
        assert ("list", "nodeclaims") not in stage.api.asked
        assert stage.count() == 3

    @pytest.mark.parametrize("seed", range(6))
    def test_requests_of_different_nodes_go_side_by_side_and_are_looked_up_together(self, seed: int) -> None:
        stage = Cluster(LateApi(seed))
        boots = [request(key=f"w-{number:02}") for number in range(20)]
        ends = [Terminate(id=40, node=stage.node), *(Terminate(id=one.id, key=one.key) for one in boots[:12])]

        async def rotate() -> tuple[MachineReply, ...]:
            for _ in range(2):
                assert {reply.error for reply in await answered(stage, boots)} == {""}
                assert stage.count() == 21
            assert stage.api.asked.count(("create", "nodeclaims")) == 20
            stage.boot()
            stage.api.asked.clear()
            return tuple(await answered(stage, [*ends, ListMachines(id=50)]))

        listing = asyncio.run(rotate())[-1]
        assert stage.api.most == AT_ONCE
        assert [machine.key for machine in listing.machines] == [one.key for one in boots[12:]], "it tells of all before it"
        assert stage.api.asked.count(("list", "nodeclaims")) <= 3
        assert not any(DO_NOT_DISRUPT in claim["metadata"].get("annotations", {}) for claim in stage.claims())

    def test_a_cluster_without_karpenter_is_told(self, stage: Cluster) -> None:
        stage.api = DirectApi()
        stage.provider = Karpenter(stage.api)
        reply = ask(stage, request())
        assert "get nodeclaims" in reply.error
        assert not reply.retryable

    def test_the_limits_of_a_pool_are_its_quotas(self, stage: Cluster) -> None:
        limits = {"cpu": "100", "memory": "1Ti", "nodes": "10"}
        spec: Any = POOL["spec"]
        stage.api.change(NODE_POOLS, "", "general", spec={**spec, "limits": limits}, status={"resources": {"cpu": "97"}})
        status = {**stage.api.registry.get(NODE_CLAIMS, "", "general-abcde")["status"], "capacity": {"cpu": "4"}}
        stage.api.change(NODE_CLAIMS, "", "general-abcde", status=status)
        quotas = {quota.name: quota for quota in ask(stage, ReadQuotas(id=1)).quotas}
        assert quotas["NodePool general: cpu"] == Quota("NodePool general: cpu", 97, 100, 4)
        assert quotas["NodePool general: nodes"] == Quota("NodePool general: nodes", 0, 10, 1)
        assert quotas["NodePool general: memory"].limit == 1024**4

    @pytest.mark.parametrize(
        ("budgets", "fights"),
        [
            ([{"nodes": "10%"}], True),
            ([], True),
            ([{"nodes": "0", "reasons": ["Empty"]}], True),
            ([{"nodes": "0", "schedule": "@daily", "duration": "8h"}], True),
            ([{"nodes": "0", "reasons": ["Drifted"]}, {"nodes": "10%"}], False),
            ([{"nodes": "0%"}], False),
        ],
    )
    def test_a_pool_that_karpenter_rotates_itself_is_refused(self, stage: Cluster, budgets: Any, fights: bool) -> None:
        spec: Any = POOL["spec"]
        stage.api.change(NODE_POOLS, "", "general", spec={**spec, "disruption": {"budgets": budgets}})
        assert ask(stage, request()).error == "", "what has not drifted Karpenter does not replace"
        ask(stage, Terminate(id=2, key=KEY))
        stage.drift()
        reply = ask(stage, request())
        assert bool(reply.error) is fights
        if fights:
            assert reply.error.startswith("NodePool general lets Karpenter replace drifted nodes itself: add the budget")
            assert reply.retryable

    def test_a_claim_that_karpenter_gives_up_is_asked_for_again_with_its_reason(
        self, stage: Cluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = [1_000.0]
        monkeypatch.setattr("underway.machines.karpenter.time.monotonic", lambda: clock[0])
        ask(stage, request())
        waits = {"type": "Launched", "status": "False", "reason": "InsufficientCapacity", "message": "no m5.large"}
        stage.api.change(NODE_CLAIMS, "", claim_name(KEY), status={"conditions": [waits]})
        listed(stage)
        for _ in range(2):
            stage.lose_successor()
            (machine,) = [machine for machine in ask(stage, ListMachines(id=3)).machines if machine.key]
            assert (machine.state, machine.reason) == ("Pending", "Karpenter gave it up: InsufficientCapacity: no m5.large")
            clock[0] += 1
            assert not machine.again, "at once Karpenter would give it up as fast"
        clock[0] += 60
        (machine,) = [machine for machine in ask(stage, ListMachines(id=4)).machines if machine.key]
        assert machine.again
        assert stage.count() == 1, "it is the driver's to ask again: while frozen it does not"
        ask(stage, request())
        assert stage.of_key()["metadata"]["labels"][KEY_LABEL] == KEY

    def test_a_claim_that_asks_not_to_be_disrupted_is_told_and_a_successor_is_not(self, stage: Cluster) -> None:
        metadata = {
            **stage.api.registry.get(NODE_CLAIMS, "", "general-abcde")["metadata"],
            "annotations": {DO_NOT_DISRUPT: "true"},
        }
        stage.api.change(NODE_CLAIMS, "", "general-abcde", metadata=metadata)
        ask(stage, request())
        stage.boot()
        assert {machine.key: machine.protected for machine in listed(stage)} == {"": "NodeClaim general-abcde", KEY: ""}
