"""Provider ClusterAPI: Machines of MachineDeployments, on the management cluster. docs/providers/cluster-api.md.

The MachineDeployment's strategy is OnDelete, so that its controller makes new Machines from the new template and leaves it to
us when an old one goes. A successor is one replica more; the old Machine is marked for deletion, the replica taken back, and the
Machine deleted. MachineDrainRules and hooks are told to the driver, which drains by them. What has been asked for stands in one
annotation of the MachineDeployment, written together with its replicas: a compare-and-swap, so that nothing is counted twice.
Sources: Cluster API book, "MachineDeployment", "Machine deletion process", "Configure a MachineHealthCheck".
"""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from underway.kube.resource import Resource
from underway.machines.objects import KEY, Json, ObjectProvider, condition
from underway.machines.refusal import Refusal
from underway.model.drain_rule import DrainRule, PodSelector
from underway.model.meta import LabelSelector
from underway.model.selector import matches
from underway.ports import Api
from underway.rotate.effects import Machine, MachineState, Provision, Quota, Terminate

GROUP, VERSION = "cluster.x-k8s.io", "v1beta2"
MACHINES = Resource(GROUP, VERSION, "machines", "Machine")
DEPLOYMENTS = Resource(GROUP, VERSION, "machinedeployments", "MachineDeployment")
CLUSTERS = Resource(GROUP, VERSION, "clusters", "Cluster")
DRAIN_RULES = Resource(GROUP, VERSION, "machinedrainrules", "MachineDrainRule")
CLUSTER_LABEL = "cluster.x-k8s.io/cluster-name"
# Whoever sets it wants to act before a drain, once the Machine is being deleted; we would drain before that.
PRE_DRAIN = "pre-drain.delete.hook.machine.cluster.x-k8s.io"
RULES_S = 15.0  # how long what was read of rules serves listings, which come every second
DEPLOYMENT_LABEL = "cluster.x-k8s.io/deployment-name"
UP_TO_DATE = "UpToDate"  # the condition by which a Machine's owner says whether it is as the template wants it
DELETE_FIRST = "cluster.x-k8s.io/delete-machine"
LARGEST = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size"
ASKED = "rotation.underway.dev/asked"
ENDED = "rotation.underway.dev/ended"
ENDED_MAX = 100  # far more than are in hand at once; an annotation holds 256 KiB
PHASES: dict[str, MachineState] = {
    "Pending": "Pending",
    "Provisioning": "Pending",
    "Provisioned": "Pending",
    "Running": "Running",
    "Updating": "Running",
    "Deleting": "Terminating",
    "Deleted": "Gone",
    "Failed": "Failed",
}


class ClusterApi(ObjectProvider):
    """The Machines that one management cluster has. api: of that cluster."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._rules: list[Json] = []
        self._clusters: dict[tuple[str, str], Json] = {}
        self._read_s = -RULES_S
        self._looked: tuple[list[Json], list[Json]] = ([], [])

    async def provision(self, request: Provision) -> None:
        """One replica more in the MachineDeployment, noted under the request's key. Raises Refusal."""
        deployments, machines = await self._recent(lambda one: is_of(one, request.replaces, request.replaces_provider_id))
        if any(request.key in asked_of(deployment) for deployment in deployments):
            return
        if any(_annotations(machine).get(KEY) == request.key for machine in machines):
            return
        deployment = self._deployment_for(request, deployments, machines)
        name = _shown(deployment)
        strategy = strategy_of(deployment)
        if strategy != "OnDelete":
            why = (
                f"MachineDeployment {name} rolls by itself ({strategy}): set its strategy to OnDelete, so that one of us rotates"
            )
            raise Refusal(why, retryable=False)
        before = sorted(machine["metadata"]["uid"] for machine in machines if _belongs(machine, deployment))
        asked = {**asked_of(deployment), request.key: before}
        await self._change(deployment, 1, asked)

    async def _recent(self, holds: Callable[[Json], bool]) -> "tuple[list[Json], list[Json]]":
        """MachineDeployments and Machines of one moment, at most RECENT_S ago; now, if no Machine is such. Raises Refusal.

        Every decision on them ends in a write of the MachineDeployment as it was then: who was overtaken looks again.
        """
        is_recent = self.recent(MACHINES, holds) is self._looked[1]
        return self._looked if is_recent else await self._look()

    async def _look(self) -> "tuple[list[Json], list[Json]]":
        """In this order: a key that is not asked for any more is on a Machine by then. Raises Refusal."""
        self._looked = (await self.list(DEPLOYMENTS), await self.list(MACHINES))
        return self._looked

    def _deployment_for(self, request: Provision, deployments: "list[Json]", machines: "list[Json]") -> Json:
        old = next((machine for machine in machines if is_of(machine, request.replaces, request.replaces_provider_id)), None)
        if old is not None:
            found = next((deployment for deployment in deployments if _belongs(old, deployment)), None)
            if found is None:
                why = f"Machine {_shown(old)} of node {request.replaces} belongs to no MachineDeployment"
                raise Refusal(f"{why}; control-plane Machines are their control plane's to replace", retryable=False)
            return found
        if len(deployments) == 1:
            return deployments[0]
        # Its Machine is gone, and with it all but what we noted when it went.
        marked = next((one for one in deployments if request.replaces in ended_of(one)), None)
        if marked is None:
            raise Refusal(f"no Machine stands for node {request.replaces}: is this the management cluster?", retryable=False)
        return marked

    async def _change(self, deployment: Json, replicas: int, asked: Json, ended: Json | None = None) -> Json:
        """More or fewer replicas, and why, in one write."""
        annotations = {ASKED: _packed(asked)} if ended is None else {ASKED: _packed(asked), ENDED: _packed(ended)}
        wanted = deployment["spec"].get("replicas", 1) + replicas
        return await self.merge(DEPLOYMENTS, deployment, {"metadata": {"annotations": annotations}, "spec": {"replicas": wanted}})

    async def terminate(self, request: Terminate) -> None:
        """Mark the Machine to go first, take one replica back, delete it. Raises Refusal."""
        deployments, machines = await self._recent(lambda one: self._is_meant(one, request))
        machine = next((one for one in machines if self._is_meant(one, request)), None)
        if machine is None:
            await self._withdraw(request.key, deployments)
            return
        if machine["metadata"].get("deletionTimestamp"):
            return
        deployment = next((one for one in deployments if _belongs(machine, one)), None)
        if deployment is not None:
            await self.merge(MACHINES, machine, {"metadata": {"annotations": {DELETE_FIRST: "true"}}})
            await self._take_back(deployment, machine, request)
        await self.delete(MACHINES, machine)

    @staticmethod
    def _is_meant(machine: Json, request: Terminate) -> bool:
        if request.key and machine["metadata"].get("annotations", {}).get(KEY) == request.key:
            return True
        return bool(request.node) and is_of(machine, request.node, request.provider_id)

    async def _take_back(self, deployment: Json, machine: Json, request: Terminate) -> None:
        """One replica fewer, once for each Machine that ends."""
        ended = ended_of(deployment)
        name = request.node or request.key
        if ended.get(name) != machine["metadata"]["uid"]:
            asked = {key: before for key, before in asked_of(deployment).items() if key != request.key}
            newest = {**ended, name: machine["metadata"]["uid"]}
            await self._change(deployment, -1, asked, dict(list(newest.items())[-ENDED_MAX:]))

    async def _withdraw(self, key: str, deployments: "list[Json]") -> None:
        """A successor that has no Machine yet is not wanted any more."""
        for deployment in deployments:
            asked = asked_of(deployment)
            if key and key in asked:
                await self._change(deployment, -1, {known: before for known, before in asked.items() if known != key})

    async def machines(self) -> "list[Machine]":
        """All machines; new ones are given to the keys that wait for one, the oldest first."""
        deployments, machines = await self._look()
        for deployment in deployments:
            members = [machine for machine in machines if _belongs(machine, deployment)]
            asked = asked_of(deployment)
            wanted = {**asked, **passed_on(members)}
            waiting = {key: before for key, before in wanted.items() if not await self._claimed(key, before, members)}
            if waiting != asked:
                await self._change(deployment, 0, waiting)
        await self._read_rules()
        return [machine_of(machine, self._rules_of(machine)) for machine in machines]

    async def _read_rules(self) -> None:
        """Read the MachineDrainRules, and the Clusters if a rule chooses by them."""
        if time.monotonic() < self._read_s + RULES_S:
            return
        self._rules = sorted(await self.list_installed(DRAIN_RULES), key=lambda rule: str(rule["metadata"]["name"]))
        choosing = [one for rule in self._rules for one in rule["spec"].get("machines", ()) if "clusterSelector" in one]
        found = await self.list(CLUSTERS) if choosing else []
        self._clusters = {(one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in found}
        self._read_s = time.monotonic()

    def _rules_of(self, machine: Json) -> tuple[DrainRule, ...]:
        """The rules that apply to a Machine, by name: the first that matches a pod counts."""
        namespace = machine["metadata"].get("namespace", "")
        name = machine["spec"].get("clusterName") or machine["metadata"].get("labels", {}).get(CLUSTER_LABEL, "")
        cluster = self._clusters.get((namespace, name), {})
        return tuple(
            rule_of(rule)
            for rule in self._rules
            if rule["metadata"].get("namespace", "") == namespace and applies(rule, machine, cluster)
        )

    async def quotas(self) -> "list[Quota]":
        """The autoscaler's largest size of each MachineDeployment that has one."""
        return [
            Quota(f"MachineDeployment {_shown(deployment)}: replicas", deployment["spec"].get("replicas", 1), int(largest))
            for deployment in await self.list(DEPLOYMENTS)
            if (largest := _annotations(deployment).get(LARGEST, "")).isdigit()
        ]

    async def _claimed(self, key: str, before: "list[str]", machines: "list[Json]") -> bool:
        """Whether the key has a Machine, or gets the oldest that came after it was asked for. Changes `machines`."""
        if any(_annotations(machine).get(KEY) == key and not is_remediated(machine) for machine in machines):
            return True
        free = [one for one in machines if one["metadata"]["uid"] not in before and _is_free(one)]
        if not free:
            return False
        oldest = min(free, key=lambda one: (one["metadata"].get("creationTimestamp", ""), one["metadata"]["name"]))
        claimed = await self.merge(MACHINES, oldest, {"metadata": {"annotations": {KEY: key}}})
        oldest["metadata"] = claimed["metadata"]
        return True


def _is_free(machine: Json) -> bool:
    return not _annotations(machine).get(KEY) and not machine["metadata"].get("deletionTimestamp")


def is_remediated(machine: Json) -> bool:
    """Whether a Machine ends because a MachineHealthCheck found it unhealthy: its MachineSet makes another one in its place."""
    unhealthy = condition(machine, "HealthCheckSucceeded").get("status") == "False"
    return bool(machine["metadata"].get("deletionTimestamp")) and unhealthy and bool(condition(machine, "OwnerRemediated"))


def passed_on(machines: "list[Json]") -> dict[str, list[str]]:
    """The keys of Machines that are being remediated: each is for the Machine that comes instead, as if asked for anew."""
    found = {}
    for machine in machines:
        key, made = _annotations(machine).get(KEY), machine["metadata"].get("creationTimestamp", "")
        if key and is_remediated(machine):
            before = [one["metadata"] for one in machines if one["metadata"].get("creationTimestamp", "") <= made]
            found[key] = sorted(metadata["uid"] for metadata in before)
    return found


def _annotations(value: Json) -> Json:
    found: Json = value["metadata"].get("annotations") or {}
    return found


def _packed(value: Json) -> str | None:
    return msgspec.json.encode(value).decode() if value else None


def asked_of(deployment: Json) -> dict[str, list[str]]:
    """The keys that a MachineDeployment was asked for, each with the uids of the Machines that it had then."""
    return msgspec.json.decode(_annotations(deployment).get(ASKED) or "{}", type=dict[str, list[str]])


def ended_of(deployment: Json) -> dict[str, str]:
    """The nodes (or keys) whose replica was taken back, each with its Machine's uid."""
    return msgspec.json.decode(_annotations(deployment).get(ENDED) or "{}", type=dict[str, str])


def strategy_of(deployment: Json) -> str:
    """How a MachineDeployment rolls; it has moved between the versions of the API."""
    spec: Any = deployment["spec"]
    return str((spec.get("rollout", {}).get("strategy") or spec.get("strategy") or {}).get("type") or "RollingUpdate")


def is_of(machine: Json, node: str, provider_id: str) -> bool:
    """Whether a Machine stands for a node of its cluster."""
    same_name = machine.get("status", {}).get("nodeRef", {}).get("name") == node
    known = machine["spec"].get("providerID", "")
    # Node names of two clusters may be equal; provider ids are not.
    return bool(known == provider_id if known and provider_id else same_name)


def _belongs(machine: Json, deployment: Json) -> bool:
    named, owner = machine["metadata"], deployment["metadata"]
    same_place = named.get("namespace") == owner.get("namespace")
    return bool(same_place and named.get("labels", {}).get(DEPLOYMENT_LABEL) == owner["name"])


def _shown(value: Json) -> str:
    return f"{value['metadata'].get('namespace', '')}/{value['metadata']['name']}"


def applies(rule: Json, machine: Json, cluster: Json) -> bool:
    """Whether a MachineDrainRule speaks of a Machine; one that names no machines speaks of all. cluster: {} if not known."""
    selectors = rule["spec"].get("machines", ())
    return not selectors or any(
        _chosen(one.get("selector"), machine) and _chosen(one.get("clusterSelector"), cluster) for one in selectors
    )


def _chosen(selector: Json | None, value: Json) -> bool:
    if selector is None:
        return True
    return matches(msgspec.convert(selector, LabelSelector), value.get("metadata", {}).get("labels") or {})


def rule_of(value: Json) -> DrainRule:
    """What a MachineDrainRule says."""
    drain = value["spec"]["drain"]
    pods = msgspec.convert(value["spec"].get("pods", ()), tuple[PodSelector, ...])
    return DrainRule(value["metadata"]["name"], drain["behavior"], drain.get("order") or 0, pods)


def hold_of(value: Json) -> str:
    """Why a Machine's node may not be drained by us now, "" if it may."""
    hooks = sorted(key for key in _annotations(value) if key.startswith(PRE_DRAIN))
    if not hooks:
        return ""
    return (
        f"Machine {_shown(value)} has the hook {hooks[0]} ({_annotations(value)[hooks[0]] or 'no owner'}), which wants to act "
        "between its deletion and its drain: Underway drains first; take the hook off, or delete the Machine yourself"
    )


def _plain(message: str) -> str:
    """A condition's message, which is a list where it says several things, in one line."""
    return "; ".join(line.strip().removeprefix("* ").rstrip(":") for line in message.splitlines() if line.strip())


def machine_of(value: Json, rules: tuple[DrainRule, ...] = ()) -> Machine:
    """A Machine of Cluster API as a machine. rules: the MachineDrainRules that apply to it."""
    status, metadata = value.get("status", {}), value["metadata"]
    state = PHASES.get(status.get("phase", ""), "Pending")
    if metadata.get("deletionTimestamp") and state != "Gone":
        state = "Terminating"
    ready, current = condition(value, "Ready"), condition(value, UP_TO_DATE)
    reason = _plain(ready.get("message", "")) if state in ("Pending", "Failed") and ready.get("status") != "True" else ""
    if state == "Terminating":
        reason = _plain(condition(value, "Deleting").get("message", ""))
    return Machine(
        key="" if is_remediated(value) else _annotations(value).get(KEY, ""),
        node=status.get("nodeRef", {}).get("name", ""),
        provider_id=value["spec"].get("providerID", ""),
        state=state,
        reason=reason or status.get("failureMessage", ""),
        drifted=(_plain(current.get("message", "")) or current.get("reason", "")) if current.get("status") == "False" else "",
        hold=hold_of(value),
        drain_rules=rules,
    )
