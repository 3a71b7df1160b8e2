"""The fleets of a hub cluster: clusters are read, the decision is `rotate.fleet`'s, Rotations are applied, status is written.

Owns connections to member clusters, each made from a Secret and forgotten when the Secret changes. What a Secret holds is
never kept beyond its connection, and never part of a message.
"""

import asyncio
import base64
import binascii
import itertools
from collections.abc import Callable
from typing import Any

import msgspec

from underway.errors import UnderwayError, UsageError
from underway.kube import request as q
from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.resource import Resource
from underway.live.crier import Crier
from underway.live.http import HttpApi
from underway.live.kubeconfig import connection_from
from underway.model.meta import AnyObject
from underway.ports import Clock, Notify
from underway.rotate.acts import FIELD_MANAGER
from underway.rotate.brakes import Mode
from underway.rotate.fleet import Member, Order, Standing, decide
from underway.rotate.freezes import ORDER, by_a_fleet, order_annotation
from underway.rotate.kinds.definitions import FLEETS, ROTATIONS
from underway.rotate.kinds.fleet import Cluster, FleetSpec, FleetStatus, SecretRef, fleet_from
from underway.rotate.kinds.installation import ALERTS
from underway.rotate.kinds.status import RotationStatus

SECRETS = Resource("", "v1", "secrets", "Secret")
POLL_S = 2.0  # a freeze has to reach every cluster within 5 s: this, a request there, and its operator's own second
MEMBER_S = 5.0  # one request to a member: it may be on another continent, but must not hold up the others
NOT_FOUND = 404
CONFLICT = 409
OWNER = "underway.dev/fleet"


class Fleets:
    """All fleets of one hub. api: of the hub; namespace: of the Secrets; gates, providers: the names a template may use."""

    def __init__(self, api: HttpApi, namespace: str, gates: list[str], providers: list[str], notify: Notify) -> None:
        self._api, self._namespace = api, namespace
        self._gates, self._providers = gates, providers
        self.crier = Crier(notify)
        self._ids = itertools.count(1 << 41)
        self._members: dict[str, tuple[str, HttpApi]] = {}
        self.statuses: dict[str, FleetStatus] = {}

    async def run(self, stop: asyncio.Event, leading: Callable[[], bool], clock: Clock) -> None:
        """Reconcile every fleet while we lead, until `stop`."""
        try:
            while not stop.is_set():
                if leading():
                    await self.reconcile(clock())
                try:
                    await asyncio.wait_for(stop.wait(), POLL_S)
                except TimeoutError:
                    continue
        finally:
            await self.close()

    async def close(self) -> None:
        """End the connections to all members."""
        for _, api in self._members.values():
            await api.close()
        self._members.clear()

    async def reconcile(self, now_ms: int) -> None:
        """One round over all fleets; one that cannot be read says so in its own status."""
        listed = await self._api.call(Request(id=next(self._ids), verb="list", resource=FLEETS))
        for value in listed.body.items if listed.ok else ():
            if not value.metadata.deletion_timestamp:
                await self._fleet(value, now_ms)

    async def _fleet(self, value: AnyObject, now_ms: int) -> None:
        name, generation = value.metadata.name, value.metadata.generation
        try:
            before = msgspec.convert(value.status, FleetStatus)
        except msgspec.ValidationError:
            before = FleetStatus()
        try:
            fleet = fleet_from(value.spec, f"Fleet {name}", self._gates, self._providers)
            clusters, selected = await self._clusters(fleet)
        except UnderwayError as error:
            await self._show(value, before, FleetStatus(generation, "Failed", str(error), alerted=before.alerted))
            return
        rotation = fleet.rotation.name or name
        members = await asyncio.gather(
            *(self._member(one, secret, fleet, rotation) for one, secret in (clusters | selected).values())
        )
        decision = decide(fleet, members, before, generation, now_ms, value.metadata.annotations)
        spec = msgspec.json.decode(msgspec.json.encode(fleet.rotation.spec))
        orders = [order for order in decision.orders if order.cluster in self._members]
        await asyncio.gather(*(self._apply(order, rotation, {**spec, "mode": order.mode}, name) for order in orders))
        status, due = self.crier.round(name, fleet.alerts, before, decision.status, now_ms)
        if await self._show(value, before, status):
            self.crier.send(name, due, now_ms)

    async def _clusters(self, fleet: FleetSpec) -> tuple[dict[str, tuple[Cluster, Any]], dict[str, tuple[Cluster, Any]]]:
        """The clusters that are named, and those that the selector adds, each with its Secret. Raises UsageError."""
        # The Secret with the destinations of alerts lies there too, and is none of ours to read (docs/adr/0010).
        query = (("fieldSelector", f"metadata.name!={ALERTS}"),)
        listed = await self._api.call(
            Request(id=next(self._ids), verb="list", resource=SECRETS, namespace=self._namespace, query=query)
        )
        if not listed.ok:
            raise UsageError(f"Secrets of namespace {self._namespace} cannot be listed: {listed.message}")
        secrets = {secret["metadata"]["name"]: secret for secret in listed.body.items}
        named = {one.name: (one, secrets.get(one.kubeconfig.name)) for one in fleet.clusters}
        chosen = {}
        if fleet.cluster_selector is not None:
            from underway.model.selector import matches

            for name, secret in secrets.items():
                labels = secret["metadata"].get("labels") or {}
                if matches(fleet.cluster_selector, labels) and name not in named:
                    chosen[name] = (Cluster(name, SecretRef(name), labels), secret)
        return named, chosen

    async def _member(self, cluster: Cluster, secret: Any, fleet: FleetSpec, rotation: str) -> Member:
        """One cluster as it is now; what keeps it from being seen is a reason, not an exception."""
        try:
            api = await self._connected(cluster, secret)
        except UnderwayError as error:
            return Member(cluster.name, cluster.labels, "Unknown", "Unknown", str(error))
        get = Request(id=next(self._ids), verb="get", resource=ROTATIONS, name=rotation, timeout_s=MEMBER_S)
        reply = await api.call(get)
        if reply.code == NOT_FOUND and "not find the requested resource" in reply.message:
            return Member(
                cluster.name, cluster.labels, "Unknown", "Unknown", "it serves no Rotations; apply `underway manifests`"
            )
        if reply.code == NOT_FOUND:
            return Member(cluster.name, cluster.labels)
        if not reply.ok:
            return Member(cluster.name, cluster.labels, "Unknown", "Unknown", reply.message)
        return standing_of(cluster, reply.body, fleet)

    async def _connected(self, cluster: Cluster, secret: Any) -> HttpApi:
        """The connection to a member, made anew when its Secret has changed. Raises UsageError."""
        source = f"Secret {self._namespace}/{cluster.kubeconfig.name}"
        if secret is None:
            raise UsageError(f"{source} does not exist; create it with the kubeconfig under key {cluster.kubeconfig.key!r}")
        version = f"{secret['metadata'].get('uid')}/{secret['metadata'].get('resourceVersion')}/{cluster.kubeconfig.key}"
        known = self._members.get(cluster.name)
        if known is not None and known[0] == version:
            return known[1]
        if known is not None:
            await known[1].close()
            del self._members[cluster.name]
        encoded = (secret.get("data") or {}).get(cluster.kubeconfig.key)
        if not encoded:
            raise UsageError(f"{source} has no key {cluster.kubeconfig.key!r}")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise UsageError(f"{source}: key {cluster.kubeconfig.key!r} is not base64") from None
        api = HttpApi(connection_from(data, source))
        self._members[cluster.name] = (version, api)
        return api

    async def _apply(self, order: Order, rotation: str, spec: dict[str, Any], owner: str) -> Reply | None:
        """Have the Rotation there as it is wanted; nothing is sent if it is so already."""
        _, api = self._members[order.cluster]
        said = order_annotation(by_a_fleet(order.frozen, owner) if order.frozen else None)
        get = Request(id=next(self._ids), verb="get", resource=ROTATIONS, name=rotation, timeout_s=MEMBER_S)
        reply = await api.call(get)
        if reply.code == NOT_FOUND:
            metadata = {"name": rotation, "labels": {OWNER: owner}}
            body = {"apiVersion": ROTATIONS.api_version, "kind": ROTATIONS.kind, "metadata": metadata, "spec": spec}
            made = Request(
                id=next(self._ids), verb="create", resource=ROTATIONS, body=body, query=FIELD_MANAGER, timeout_s=MEMBER_S
            )
            return await api.call(made)
        if not reply.ok or (wanted(reply.body.spec, spec) and reply.body.metadata.annotations.get(ORDER) == said[ORDER]):
            return None
        # A merge patch would keep fields that the template no longer has: the specification is replaced as a whole.
        gone = {key: None for key in reply.body.spec if key not in spec}
        metadata = {"uid": reply.body.metadata.uid, "labels": {OWNER: owner}, "annotations": said}
        body = {"metadata": metadata, "spec": {**gone, **spec}}
        patch = Request(
            id=next(self._ids),
            verb="patch",
            resource=ROTATIONS,
            name=rotation,
            body=body,
            content_type=q.MERGE_PATCH,
            query=FIELD_MANAGER,
            timeout_s=MEMBER_S,
        )
        return await api.call(patch)

    async def _show(self, value: AnyObject, before: FleetStatus, after: FleetStatus) -> bool:
        """Whether the status stands as it is to be."""
        self.statuses[value.metadata.name] = after
        if after == before:
            return True
        fields: dict[str, Any] = dict.fromkeys(field.encode_name for field in msgspec.structs.fields(FleetStatus))
        plain = msgspec.json.decode(msgspec.json.encode(after))
        request = Request(
            id=next(self._ids),
            verb="patch",
            resource=FLEETS,
            name=value.metadata.name,
            subresource="status",
            body={"metadata": {"uid": value.metadata.uid}, "status": {**fields, **plain}},
            content_type=q.MERGE_PATCH,
            query=FIELD_MANAGER,
        )
        reply = await self._api.call(request)
        return reply.ok


def wanted(present: dict[str, Any], spec: dict[str, Any]) -> bool:
    """Whether a Rotation's specification says all that is wanted; what the server filled in beside it does not count."""
    return all(_within(present.get(key), value) for key, value in spec.items())


def _within(present: Any, value: Any) -> bool:
    if isinstance(value, dict):
        return isinstance(present, dict) and all(_within(present.get(key), child) for key, child in value.items())
    if isinstance(value, list):
        return isinstance(present, list) and len(present) == len(value) and all(map(_within, present, value))
    return bool(present == value)


def standing_of(cluster: Cluster, rotation: AnyObject, fleet: FleetSpec) -> Member:
    """How a member's Rotation stands, as this Fleet wants it."""
    try:
        status = msgspec.convert(rotation.status, RotationStatus)
    except msgspec.ValidationError:
        status = RotationStatus()
    spec = msgspec.json.decode(msgspec.json.encode(fleet.rotation.spec))
    mode: Mode = rotation.spec.get("mode", "Rotate")
    current = wanted(rotation.spec, {**spec, "mode": mode}) and status.observed_generation == rotation.metadata.generation
    standing: Standing = "Going"
    if mode == "Freeze":
        standing = "Held"
    elif status.state in ("Frozen", "Failed") and current:
        standing = "Stopped"
    elif status.state == "Finished" and current:
        standing = "Finished"
    nodes = status.nodes
    return Member(
        cluster.name,
        cluster.labels,
        standing,
        status.state or "Starting",
        status.reason,
        nodes.total if nodes else 0,
        nodes.up_to_date if nodes else 0,
    )
