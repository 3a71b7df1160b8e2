"""Provider ClusterAPI: Machines of MachineDeployments, on the management cluster. docs/providers/cluster-api.md.

The MachineDeployment's strategy is OnDelete, so that its controller makes new Machines from the new template and leaves it to
us when an old one goes. A successor is one replica more; the old Machine is marked for deletion, the replica taken back, and the
Machine deleted. MachineDrainRules and hooks are told to the driver, which drains by them. What has been asked for stands in one
annotation of the MachineDeployment, written together with its replicas: a compare-and-swap, so that nothing is counted twice.
Boots that are asked for together are one write of it, and ends another, however many they are.
Sources: Cluster API book, "MachineDeployment", "Machine deletion process", "Configure a MachineHealthCheck".
"""

import time
from collections.abc import Callable, Coroutine, Sequence

import msgspec

from underway.kube.resource import Resource
from underway.machines.machine_deployment import Tally, strategy_of, tally_of
from underway.machines.objects import KEY, Change, Json, ObjectProvider, all_of, condition, side_by_side
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
OURS = "rotation.underway.dev"  # its value, which Cluster API does not read: the cluster autoscaler sets this mark as well
LARGEST = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size"
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


class Step(msgspec.Struct):
    """What a request comes to, and why it could not be done. changed: the tally of its MachineDeployment after it; ends: the
    Machine that goes.
    """

    deployment: Json | None = None
    changed: Callable[[Tally], Tally] | None = None
    ends: Json | None = None
    refusal: Refusal | None = None


class ClusterApi(ObjectProvider):
    """The Machines that one management cluster has. api: of that cluster."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._rules: list[Json] = []
        self._clusters: dict[tuple[str, str], Json] = {}
        self._read_s = -RULES_S
        self._looked: tuple[list[Json], list[Json]] = ([], [])

    async def change(self, requests: Sequence[Change]) -> "list[Refusal | None]":
        """Change each MachineDeployment for all who ask for it; see ObjectProvider."""
        try:
            deployments, machines = await self._recent(*(_sought(request) for request in requests))
        except Refusal as refusal:
            return [refusal] * len(requests)
        steps = [self._step(request, deployments, machines) for request in requests]
        for deployment in (*deployments, None):
            taken = [step for step in steps if step.deployment is deployment and step.refusal is None]
            ends = [step for step in taken if step.ends is not None]
            if deployment is not None and ends:
                await self._unmark(deployment, machines, ends)
            await self._take([step for step in taken if step.refusal is None])
        return [step.refusal for step in steps]

    def _step(self, request: Change, deployments: "list[Json]", machines: "list[Json]") -> Step:
        """What a request comes to now."""
        try:
            if isinstance(request, Provision):
                return self._boot(request, deployments, machines)
            return self._end(request, deployments, machines)
        except Refusal as refusal:
            return Step(refusal=refusal)

    async def _take(self, steps: "list[Step]") -> None:
        """Take the steps of one MachineDeployment, or of Machines that have none: mark, take replicas back, delete; then boots.

        No Machine is marked whose replica is not taken back in the very next write (see _unmark): whichever goes was meant.
        """
        ends = [step for step in steps if step.ends is not None]
        boots = [step for step in steps if step.ends is None and step.changed is not None]
        await _each(self._mark, ends)
        await self._write([step for step in ends if step.refusal is None])
        await _each(self._delete, [step for step in ends if step.refusal is None])
        await self._write(boots)

    async def _unmark(self, deployment: Json, machines: "list[Json]", ends: "list[Step]") -> None:
        """Take the marks off that a write was to follow which never came: whoever set them has died, or was refused."""
        meant = {*tally_of(deployment).ended.values(), *(step.ends["metadata"]["uid"] for step in ends if step.ends is not None)}
        left = [
            machine
            for machine in machines
            if _belongs(machine, deployment)
            and _annotations(machine).get(DELETE_FIRST) == OURS
            and machine["metadata"]["uid"] not in meant
            and not machine["metadata"].get("deletionTimestamp")
        ]
        patch = {"metadata": {"annotations": {DELETE_FIRST: None}}}
        refusals = await side_by_side(self.merge(MACHINES, machine, patch) for machine in left)
        for step in ends:
            step.refusal = next(filter(None, refusals), None)

    async def _mark(self, step: Step) -> None:
        if step.changed is not None and step.ends is not None and DELETE_FIRST not in _annotations(step.ends):
            await self.merge(MACHINES, step.ends, {"metadata": {"annotations": {DELETE_FIRST: OURS}}})

    async def _delete(self, step: Step) -> None:
        if step.ends is not None:
            await self.delete(MACHINES, step.ends)

    async def _write(self, steps: "list[Step]") -> None:
        """Change a MachineDeployment for several at once; each by itself where it may not be so for all."""
        deployment = steps[0].deployment if steps else None
        if deployment is None:
            return
        now = before = tally_of(deployment)
        for step in steps:
            now = step.changed(now) if step.changed is not None else now
        if now == before:
            return
        try:
            await self.merge(DEPLOYMENTS, deployment, now.patch)
        except Refusal as refusal:
            if refusal.retryable or len(steps) == 1:
                for step in steps:
                    step.refusal = refusal
                return
            for step in steps:
                await self._write([step])

    def _boot(self, request: Provision, deployments: "list[Json]", machines: "list[Json]") -> Step:
        """One replica more in the MachineDeployment, noted under the request's key. Raises Refusal."""
        key = request.key
        asked = any(key in tally_of(deployment).asked for deployment in deployments)
        if asked or any(_annotations(machine).get(KEY) == key for machine in machines):
            return Step()
        deployment = self._deployment_for(request, deployments, machines)
        name = _shown(deployment)
        strategy = strategy_of(deployment)
        if strategy != "OnDelete":
            why = (
                f"MachineDeployment {name} rolls by itself ({strategy}): set its strategy to OnDelete, so that one of us rotates"
            )
            raise Refusal(why, retryable=False)
        before = sorted(machine["metadata"]["uid"] for machine in machines if _belongs(machine, deployment))
        return Step(deployment, lambda tally: tally.with_boot(key, before))

    async def _recent(self, *sought: Callable[[Json], bool]) -> "tuple[list[Json], list[Json]]":
        """MachineDeployments and Machines of one moment, at most RECENT_S ago; now, if a Machine is not there. Raises Refusal.

        Every decision on them ends in a write of the MachineDeployment as it was then: who was overtaken looks again.
        """
        found = self.recent(MACHINES, *sought)
        return self._looked if found is self._looked[1] else await self._look()

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
        marked = next((one for one in deployments if request.replaces in tally_of(one).ended), None)
        if marked is None:
            raise Refusal(f"no Machine stands for node {request.replaces}: is this the management cluster?", retryable=False)
        return marked

    def _end(self, request: Terminate, deployments: "list[Json]", machines: "list[Json]") -> Step:
        """One replica fewer, and the Machine that goes with it; a successor that has none yet is not wanted any more."""
        machine = next(filter(_sought(request), machines), None)
        if machine is None:
            deployment = next((one for one in deployments if request.key and request.key in tally_of(one).asked), None)
            return Step(deployment, lambda tally: tally.without_boot(request.key)) if deployment else Step()
        if machine["metadata"].get("deletionTimestamp"):
            return Step()
        deployment = next((one for one in deployments if _belongs(machine, one)), None)
        if deployment is None:
            return Step(ends=machine)
        name, uid = request.node or request.key, machine["metadata"]["uid"]
        return Step(deployment, lambda tally: tally.with_end(name, uid, request.key), machine)

    async def machines(self) -> "list[Machine]":
        """All machines; new ones are given to the keys that wait for one, the oldest first."""
        deployments, machines = await self._look()
        for deployment in deployments:
            members = [machine for machine in machines if _belongs(machine, deployment)]
            tally = tally_of(deployment)
            wanted = {**tally.asked, **passed_on(members)}
            given = given_to(wanted, members)
            await all_of(
                self.merge(MACHINES, machine, {"metadata": {"annotations": {KEY: key}}})
                for key, machine in given.items()
                if _annotations(machine).get(KEY) != key
            )
            waiting = tally.with_asked({key: before for key, before in wanted.items() if key not in given})
            if waiting != tally:
                await self.merge(DEPLOYMENTS, deployment, waiting.patch)
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


async def _each(do: Callable[[Step], Coroutine[None, None, None]], steps: list[Step]) -> None:
    """Do something for several steps side by side; who is refused knows it then."""
    for step, refusal in zip(steps, await side_by_side(map(do, steps)), strict=True):
        step.refusal = refusal


def _sought(request: Change) -> Callable[[Json], bool]:
    """Which Machine has to be looked at for a request."""
    if isinstance(request, Provision):
        return lambda machine: is_of(machine, request.replaces, request.replaces_provider_id)

    def is_meant(machine: Json) -> bool:
        if request.key and _annotations(machine).get(KEY) == request.key:
            return True
        return bool(request.node) and is_of(machine, request.node, request.provider_id)

    return is_meant


def given_to(wanted: dict[str, list[str]], machines: list[Json]) -> dict[str, Json]:
    """The Machine of each key that has one, or gets the oldest that came after the key was asked for and is nobody's yet."""
    given = {
        key: machine for machine in machines if (key := _annotations(machine).get(KEY)) in wanted and not is_remediated(machine)
    }
    free = sorted(
        filter(_is_free, machines), key=lambda one: (one["metadata"].get("creationTimestamp", ""), one["metadata"]["name"])
    )
    for key, before in wanted.items():
        oldest = next((one for one in free if one["metadata"]["uid"] not in before), None)
        if key not in given and oldest is not None:
            given[key] = oldest
            free.remove(oldest)
    return given


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
