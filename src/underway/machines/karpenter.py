"""Provider Karpenter: NodeClaims. docs/providers/karpenter.md.

A successor is a NodeClaim of the same NodePool as the one that it replaces, from the pool's template as it is now, with the
old one's requests and in its zone. The old NodeClaim is deleted, and Karpenter ends its instance. While a node is in hand, and
while a successor is still empty, karpenter.sh/do-not-disrupt keeps Karpenter's own disruption away from it. Source: Karpenter v1,
"NodeClaims", "Disruption".
"""

import re
import time
from collections.abc import Sequence

import msgspec

from underway.kube.resource import NODES, Resource
from underway.machines.objects import KEY, REPLACES, Change, Json, ObjectProvider, all_of, condition, side_by_side
from underway.machines.refusal import Refusal
from underway.model.node import ZONE_LABEL
from underway.model.quantity import milli
from underway.ports import Api
from underway.rotate.effects import Machine, MachineState, Provision, Quota, Terminate

NODE_CLAIMS = Resource("karpenter.sh", "v1", "nodeclaims", "NodeClaim", namespaced=False)
NODE_POOLS = Resource("karpenter.sh", "v1", "nodepools", "NodePool", namespaced=False)
POOL_LABEL = "karpenter.sh/nodepool"
DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"
# With these a NodeClaim counts as made from the pool as it is, and not as drifted at once.
HASHES = ("karpenter.sh/nodepool-hash", "karpenter.sh/nodepool-hash-version")
NAME_LENGTH_MAX = 63
AGAIN_S = 60.0  # Karpenter itself does not try an offering again for 3 minutes after it had no capacity
STEPS = ("Launched", "Registered")  # conditions on the way to a Node
COPIED = ("nodeClassRef", "taints", "startupTaints", "expireAfter", "terminationGracePeriod")


class Awaited(msgspec.Struct, frozen=True):
    """A machine that was asked for. seen: whether its NodeClaim was there; reason: the last that it gave; again_s: not before."""

    seen: bool = False
    reason: str = ""
    again_s: float = 0.0


class Karpenter(ObjectProvider):
    """The NodeClaims of one cluster. Memory: what was asked for and is no Node yet: Karpenter deletes what it cannot launch."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._awaited: dict[str, Awaited] = {}

    async def change(self, requests: Sequence[Change]) -> list[Refusal | None]:
        """Create and delete NodeClaims side by side: none has to do with another."""
        return await side_by_side(
            self.provision(request) if isinstance(request, Provision) else self.terminate(request) for request in requests
        )

    async def provision(self, request: Provision) -> None:
        """A NodeClaim named by the request's key. Raises Refusal."""
        name = claim_name(request.key)
        self._awaited.setdefault(request.key, Awaited())
        if await self.get(NODE_CLAIMS, "", name) is not None:
            return

        def is_old(claim: Json) -> bool:
            return is_of(claim, request.replaces, request.replaces_provider_id)

        # A claim that has drifted stays so, while one that had not a moment ago may have by now.
        claims = await self.known(NODE_CLAIMS, lambda claim: is_old(claim) and has_drifted(claim))
        old = next(filter(is_old, claims), {})
        pool_name = old.get("metadata", {}).get("labels", {}).get(POOL_LABEL) or request.labels.get(POOL_LABEL, "")
        if not pool_name:
            raise Refusal(f"node {request.replaces} has no label {POOL_LABEL}: is it one of Karpenter's?", retryable=False)
        pool = await self.get(NODE_POOLS, "", pool_name)
        if pool is None:
            raise Refusal(f"NodePool {pool_name} of node {request.replaces} does not exist any more", retryable=False)
        if has_drifted(old) and replaces_drifted(pool):
            why = f"NodePool {pool_name} lets Karpenter replace drifted nodes itself"
            remedy = 'add the budget {nodes: "0", reasons: [Drifted]} to spec.disruption, so that one of us rotates'
            raise Refusal(f"{why}: {remedy}", retryable=True)
        self.taken(await self.ask("create", NODE_CLAIMS, body=claim_for(request, pool, old)))
        awaited = self._awaited[request.key]
        self._awaited[request.key] = msgspec.structs.replace(awaited, again_s=time.monotonic() + AGAIN_S)

    async def terminate(self, request: Terminate) -> None:
        """Delete the NodeClaim. Raises Refusal."""
        self._awaited.pop(request.key, None)

        def is_meant(claim: Json) -> bool:
            ours = bool(request.key) and claim["metadata"].get("labels", {}).get(KEY) == request.key
            return ours or bool(request.node and is_of(claim, request.node, request.provider_id))

        claim = next(filter(is_meant, await self.known(NODE_CLAIMS, is_meant)), None)
        if claim is not None and not claim["metadata"].get("deletionTimestamp"):
            await self.delete(NODE_CLAIMS, claim)

    async def machines(self) -> list[Machine]:
        """All machines; a successor whose predecessor is gone needs no protection any more."""
        claims = await self.list(NODE_CLAIMS)
        held = {"", *(claim.get("status", {}).get("nodeName", "") for claim in claims)}
        await all_of(self._release(claim) for claim in claims if replaced_by(claim) not in held)
        return [*map(machine_of, claims), *self._given_up(claims)]

    def _given_up(self, claims: list[Json]) -> list[Machine]:
        """The machines whose NodeClaim Karpenter has deleted for want of capacity: each may be asked for again, after a while."""
        there = {claim["metadata"]["name"]: machine_of(claim) for claim in claims}
        missing = []
        for key, awaited in list(self._awaited.items()):
            machine = there.get(claim_name(key))
            if machine is not None:
                self._awaited[key] = msgspec.structs.replace(awaited, seen=True, reason=machine.reason or awaited.reason)
                if machine.state != "Pending":
                    del self._awaited[key]
                continue
            if not awaited.seen:
                continue
            reason = f"Karpenter gave it up: {awaited.reason or 'no reason'}"
            missing.append(Machine(key=key, state="Pending", reason=reason, again=time.monotonic() >= awaited.again_s))
        return missing

    async def quotas(self) -> list[Quota]:
        """The limits of each NodePool that has some; a machine takes as much as the largest that its pool has."""
        claims, found = await self.list(NODE_CLAIMS), []
        for pool in await self.list(NODE_POOLS):
            name = pool["metadata"]["name"]
            sizes = [claim.get("status", {}).get("capacity", {}) for claim in claims if _pool_of(claim) == name]
            used = pool.get("status", {}).get("resources", {})
            for resource, limit in sorted(pool["spec"].get("limits", {}).items()):
                needs = 1.0 if resource == "nodes" else max((amount(size.get(resource, 0)) for size in sizes), default=0.0)
                found.append(Quota(f"NodePool {name}: {resource}", amount(used.get(resource, 0)), amount(limit), needs))
        return found

    async def _release(self, claim: Json) -> None:
        name = claim.get("status", {}).get("nodeName", "")
        reply = await self.ask("get", NODES, "", name) if name else None
        if reply is not None and reply.ok and reply.body.metadata.annotations.get(DO_NOT_DISRUPT) == "true":
            node = {"metadata": {"name": name, "resourceVersion": reply.body.metadata.resource_version}}
            await self.merge(NODES, node, {"metadata": {"annotations": {DO_NOT_DISRUPT: None}}})
        await self.merge(NODE_CLAIMS, claim, {"metadata": {"annotations": {DO_NOT_DISRUPT: None, REPLACES: None}}})


def replaced_by(claim: Json) -> str:
    """The node in whose place a NodeClaim of ours came, "" once that is settled."""
    found: str = claim["metadata"].get("annotations", {}).get(REPLACES, "")
    return found


def has_drifted(claim: Json) -> bool:
    """Whether Karpenter says that a NodeClaim is not as it would make it now."""
    return bool(condition(claim, "Drifted").get("status") == "True")


def replaces_drifted(pool: Json) -> bool:
    """Whether Karpenter may replace drifted nodes of a pool by itself: no budget that always holds forbids it."""
    budgets = pool["spec"].get("disruption", {}).get("budgets", ())
    return not any(
        budget.get("nodes") in ("0", "0%") and "schedule" not in budget and "Drifted" in budget.get("reasons", ["Drifted"])
        for budget in budgets
    )


def amount(quantity: str | float) -> float:
    """A quantity as a number of its unit."""
    return milli(quantity) / 1_000


def _pool_of(claim: Json) -> str:
    found: str = claim["metadata"].get("labels", {}).get(POOL_LABEL, "")
    return found


def claim_name(key: str) -> str:
    """The NodeClaim of a key: always the same, so that asking twice makes one."""
    return re.sub(r"[^a-z0-9.-]", "-", key.lower())[-NAME_LENGTH_MAX:].lstrip("-.")


def is_of(claim: Json, node: str, provider_id: str) -> bool:
    """Whether a NodeClaim stands for a node."""
    status = claim.get("status", {})
    same_machine = bool(provider_id) and status.get("providerID") == provider_id
    return same_machine or (bool(status.get("nodeName")) and status["nodeName"] == node)


def claim_for(request: Provision, pool: Json, old: Json) -> Json:
    """The NodeClaim of a successor. old: the NodeClaim that it replaces, {} if that is gone."""
    template = pool["spec"]["template"]
    spec = {key: template["spec"][key] for key in COPIED if key in template["spec"]}
    requirements = [found for found in template["spec"].get("requirements", ()) if found["key"] not in (ZONE_LABEL, POOL_LABEL)]
    requirements.append({"key": POOL_LABEL, "operator": "In", "values": [pool["metadata"]["name"]]})
    if request.zone:
        requirements.append({"key": ZONE_LABEL, "operator": "In", "values": [request.zone]})
    spec["requirements"] = requirements
    resources = old.get("spec", {}).get("resources")
    if resources:
        spec["resources"] = resources
    made = template.get("metadata", {})
    hashes = {key: value for key, value in pool["metadata"].get("annotations", {}).items() if key in HASHES}
    owner = {
        "apiVersion": NODE_POOLS.api_version,
        "kind": NODE_POOLS.kind,
        "name": pool["metadata"]["name"],
        "uid": pool["metadata"]["uid"],
        "blockOwnerDeletion": True,
    }
    metadata = {
        "name": claim_name(request.key),
        "labels": {**made.get("labels", {}), POOL_LABEL: pool["metadata"]["name"], KEY: request.key},
        "annotations": {**made.get("annotations", {}), **hashes, DO_NOT_DISRUPT: "true", REPLACES: request.replaces},
        "ownerReferences": [owner],
    }
    return {"apiVersion": NODE_CLAIMS.api_version, "kind": NODE_CLAIMS.kind, "metadata": metadata, "spec": spec}


def machine_of(claim: Json) -> Machine:
    """A NodeClaim as a machine."""
    status, metadata = claim.get("status", {}), claim["metadata"]
    state: MachineState = "Running" if status.get("nodeName") else "Pending"
    if metadata.get("deletionTimestamp"):
        state = "Terminating"
    drift = condition(claim, "Drifted")
    waits = next((found for type_ in STEPS if (found := condition(claim, type_)).get("status") == "False"), {})
    reason = _said(waits) if state == "Pending" else ""
    return Machine(
        key=metadata.get("labels", {}).get(KEY, ""),
        node=status.get("nodeName", ""),
        provider_id=status.get("providerID", ""),
        state=state,
        reason=reason,
        protected=f"NodeClaim {metadata['name']}" if asks_for_peace(claim) else "",
        drifted=(_said(drift) or "Drifted") if has_drifted(claim) else "",
    )


def asks_for_peace(claim: Json) -> bool:
    """Whether somebody has asked for a NodeClaim not to be disrupted; what protects a successor of ours is not that."""
    annotations = claim["metadata"].get("annotations", {})
    return annotations.get(DO_NOT_DISRUPT) == "true" and REPLACES not in annotations


def _said(found: Json) -> str:
    """A condition in words."""
    reason, message = found.get("reason", ""), found.get("message", "")
    return reason if message == reason else f"{reason}: {message}".strip(": ")
