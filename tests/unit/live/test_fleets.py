"""A hub and two members, embedded, over HTTPS: waves, a freeze that reaches every cluster, and Secrets that stay secret."""

import asyncio
import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from underway.errors import UsageError
from underway.kube import resource as r
from underway.kube.request import MERGE_PATCH, Verb
from underway.live.fleets import SECRETS, Fleets
from underway.live.freezing import order_fleet
from underway.live.http import HttpApi
from underway.live.kubeconfig import connection, connection_from
from underway.rotate.effects import Delivered, Notice
from underway.rotate.freezes import ORDER, Frozen, ordered
from underway.rotate.kinds.definitions import FLEETS, ROTATIONS, fleet_definition, rotation_definition
from underway.sim.apiserver.catalogue import CUSTOM_RESOURCE_DEFINITIONS
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.server import Call
from underway.sim.scenario import Scenario
from underway.sim.world.world import World

GATES, PROVIDERS = ["api-server", "nodes-ready", "workloads-available"], ["Command"]
NAMESPACE = "underway-system"
NOW_MS = 1_772_000_000_000
HOUR_MS = 3_600_000


class Heard:
    """ports.Notify of a test. said: what has arrived; deaf: whether nothing does."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.deaf = False

    def send(self, notice: Notice, deliver: Callable[[Delivered], None]) -> None:
        if self.deaf:
            deliver(Delivered(request=notice, error="nobody is there"))
            return
        self.said.append((notice.destination, notice.title))
        deliver(Delivered(request=notice))


class Site:
    """One embedded cluster over HTTPS."""

    def __init__(self, seed: int) -> None:
        self.world = World(Scenario(f"site-{seed}", (), ()), seed=seed)
        for definition in (rotation_definition(GATES, PROVIDERS), fleet_definition(GATES, PROVIDERS)):
            self.world.registry.create(CUSTOM_RESOURCE_DEFINITIONS, definition)
        self.served = HttpsCluster(self.world.server)

    def call(self, verb: Verb, resource: Any, **given: Any) -> Any:
        with self.served.lock:
            code, answer = self.world.server.handle(Call(verb=verb, entry=self.world.server.entry(resource), **given))
        assert code < 400, answer
        return answer

    def rotation(self) -> dict[str, Any] | None:
        with self.served.lock:
            found: dict[str, Any] | None = self.world.store.get(ROTATIONS, "", "workers")
        return found

    def stands(self, state: str, reason: str = "") -> None:
        """What its operator would write."""
        rotation = self.rotation()
        assert rotation is not None
        nodes = {"total": 3, "upToDate": 3 if state == "Finished" else 1, "inHand": 0, "outdated": 0}
        status = {"observedGeneration": rotation["metadata"]["generation"], "state": state, "reason": reason, "nodes": nodes}
        self.call("patch", ROTATIONS, name="workers", subresource="status", body={"status": status}, content_type=MERGE_PATCH)


class Hub(Site):
    """The hub, its two members, and its Fleet."""

    def __init__(self, members: dict[str, Site]) -> None:
        super().__init__(1)
        self.members = members
        self.notify = Heard()
        self.world.registry.create(r.NAMESPACES, {"metadata": {"name": NAMESPACE}})
        for name, site in members.items():
            data = {"kubeconfig": base64.b64encode(site.served.kubeconfig.read_bytes()).decode()}
            self.call("create", SECRETS, namespace=NAMESPACE, body=secret(name, data))
        clusters = [{"name": name, "kubeconfig": {"name": name}} for name in members]
        waves = [{"name": "canary", "clusters": ["a"], "soak": "1h"}, {"name": "rest", "clusters": ["b"]}]
        template = {"name": "workers", "spec": {"target": {"kubeletVersion": "v1.37.2"}}}
        spec = {"clusters": clusters, "waves": waves, "rotation": template}
        body = {"apiVersion": "underway.dev/v1", "kind": "Fleet", "metadata": {"name": "prod"}, "spec": spec}
        self.call("create", FLEETS, body=body)

    def order(self, frozen: Frozen | None) -> None:
        """Freeze the Fleet, or let it go on, as the command line does."""

        async def run() -> None:
            async with HttpApi(connection(str(self.served.kubeconfig))) as api:
                await order_fleet(api, "prod", frozen)

        asyncio.run(run())

    def edit(self, spec: dict[str, Any]) -> None:
        self.call("patch", FLEETS, name="prod", body={"spec": spec}, content_type=MERGE_PATCH)

    def status(self) -> dict[str, Any]:
        with self.served.lock:
            found: dict[str, Any] = self.world.store.get(FLEETS, "", "prod")["status"]  # type: ignore[index]
        return found

    def waves(self) -> dict[str, str]:
        return {wave["name"]: wave["state"] for wave in self.status()["waves"]}

    def reconcile(self, *, later_ms: int = 0, rounds: int = 2) -> None:
        async def run() -> None:
            async with HttpApi(connection(str(self.served.kubeconfig))) as api:
                fleets = Fleets(api, NAMESPACE, GATES, PROVIDERS, self.notify)
                for _ in range(rounds):
                    await fleets.reconcile(NOW_MS + later_ms)
                await fleets.close()

        asyncio.run(run())


def secret(name: str, data: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}, "data": data}


@pytest.fixture
def hub() -> Iterator[Hub]:
    sites = {"a": Site(2), "b": Site(3)}
    with sites["a"].served, sites["b"].served:
        made = Hub(sites)
        with made.served:
            yield made


def test_waves_go_one_after_the_other_with_a_soak_between(hub: Hub) -> None:
    canary, rest = hub.members["a"], hub.members["b"]
    hub.reconcile()
    assert canary.rotation() is not None
    assert rest.rotation() is None
    canary.stands("Finished")
    hub.reconcile()
    assert hub.waves() == {"canary": "Soaking", "rest": "Waiting"}
    hub.reconcile(later_ms=HOUR_MS)
    assert hub.waves() == {"canary": "Succeeded", "rest": "Progressing"}
    rest.stands("Frozen", "gate api-server: readyz answers 500")
    hub.reconcile(later_ms=HOUR_MS)
    assert hub.status()["state"] == "Frozen"
    assert hub.status()["reason"] == "wave rest: cluster b is Frozen: gate api-server: readyz answers 500"
    rest.stands("Finished")
    hub.reconcile(later_ms=HOUR_MS)
    assert hub.status()["state"] == "Finished"
    assert [(one["name"], one["upToDate"]) for one in hub.status()["clusters"]] == [("a", 3), ("b", 3)]


def test_a_wave_that_stops_is_told_once_whoever_leads_and_its_end_too(hub: Hub) -> None:
    hub.edit({"alerts": [{"to": "admins", "from": "ops"}]})
    hub.reconcile()
    hub.members["a"].stands("Frozen", "gate api-server: readyz answers 500")
    hub.reconcile()
    hub.reconcile(later_ms=20_000)
    assert hub.notify.said == [("ops", "[fleet prod] Frozen: wave canary of fleet prod")]
    assert hub.status()["alerted"]["told"][0]["toldMs"] == NOW_MS
    hub.members["a"].stands("Progressing")
    hub.reconcile(later_ms=30_000)
    hub.reconcile(later_ms=30_000 + HOUR_MS)
    assert hub.notify.said[1:] == [("ops", "[fleet prod] Frozen no more: wave canary of fleet prod")]
    assert hub.status()["alerted"]["told"] == []


def test_the_secret_with_the_destinations_of_alerts_is_not_read(hub: Hub) -> None:
    hub.call("create", SECRETS, namespace=NAMESPACE, body=secret("underway-alerts", {"kubeconfig": "bm9uZQ=="}))
    hub.edit({"clusterSelector": {}, "waves": [{"name": "all", "selector": {}}], "clusters": []})
    hub.reconcile()
    assert [one["name"] for one in hub.status()["clusters"]] == ["a", "b"]


def test_a_hub_that_reaches_nobody_says_so_in_the_status_and_goes_on(hub: Hub) -> None:
    hub.edit({"alerts": [{"to": "admins", "from": "ops"}]})
    hub.notify.deaf = True
    hub.reconcile()
    hub.members["a"].stands("Frozen", "drill")
    hub.reconcile()
    assert hub.status()["undelivered"] == "alert to ops did not arrive: nobody is there"
    hub.notify.deaf = False
    hub.reconcile(later_ms=30_000)
    assert len(hub.notify.said) == 1
    assert "undelivered" not in hub.status()


def test_a_frozen_fleet_freezes_the_rotations_that_it_has_begun(hub: Hub) -> None:
    hub.reconcile()
    hub.order(Frozen("drill", "admin", NOW_MS, "fleet", fleet="prod"))
    hub.reconcile()
    rotation = hub.members["a"].rotation()
    assert rotation is not None
    assert rotation["spec"]["mode"] == "Freeze"
    held = ordered("Freeze", rotation["metadata"]["annotations"])
    assert held == Frozen("drill", "admin", NOW_MS, "fleet", fleet="prod")
    assert hub.members["b"].rotation() is None
    hub.reconcile(later_ms=1)
    assert hub.members["a"].rotation() == rotation, "it is not written again"
    hub.order(None)
    hub.reconcile()
    again = hub.members["a"].rotation()
    assert again is not None
    assert again["spec"]["mode"] == "Rotate"
    assert ORDER not in again["metadata"].get("annotations", {})


def test_a_second_round_writes_nothing(hub: Hub) -> None:
    hub.reconcile()
    member, before = hub.members["a"].rotation(), hub.status()
    hub.reconcile(later_ms=1)
    assert hub.members["a"].rotation() == member
    assert hub.status() == before


def test_a_member_that_does_not_answer_is_unknown(hub: Hub) -> None:
    hub.members["a"].served.stop()
    hub.reconcile(rounds=1)
    (one, _) = hub.status()["clusters"]
    assert one["state"] == "Unknown"
    assert "wave canary: cluster a cannot be seen" in hub.status()["reason"]


def test_a_missing_secret_and_one_that_holds_nonsense_are_named_without_their_content(hub: Hub) -> None:
    hub.call("delete", SECRETS, namespace=NAMESPACE, name="a")
    hub.reconcile(rounds=1)
    assert "Secret underway-system/a does not exist" in hub.status()["reason"]
    nonsense = base64.b64encode(b"password: hunter2: [").decode()
    hub.call("create", SECRETS, namespace=NAMESPACE, body=secret("a", {"kubeconfig": nonsense}))
    hub.reconcile(rounds=1)
    assert "Secret underway-system/a: not a kubeconfig" in hub.status()["reason"]
    assert "hunter2" not in str(hub.status())


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("exec: {command: sh}", "uses an exec plugin; nothing is run for a stored kubeconfig"),
        ("tokenFile: /var/run/secrets/token", "names a file with tokenFile; put its content there with token"),
        ("client-key: /etc/shadow", "names a file with client-key; put its content there with client-key-data"),
    ],
)
def test_a_stored_kubeconfig_runs_nothing_and_reads_no_file(user: str, message: str) -> None:
    text = (
        "{current-context: c, clusters: [{name: k, cluster: {server: 'https://x'}}], "
        f"users: [{{name: u, user: {{{user}}}}}], contexts: [{{name: c, context: {{cluster: k, user: u}}}}]}}"
    )
    with pytest.raises(UsageError) as caught:
        connection_from(text.encode(), "Secret s/a")
    assert message in str(caught.value)
