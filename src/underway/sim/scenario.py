"""What is in an embedded cluster, as data: nodes, workloads, budgets, Services, and how machines behave.

`demo_scenario` is the one that newcomers see; `random_scenario` draws one from a seed for the swarm. Nothing runs here.
"""

from random import Random
from typing import Any, Literal

import msgspec

from underway.kube import resource as r
from underway.kube.resource import Resource
from underway.sim.world.machines import Timing
from underway.sim.world.parameters import PREFIX

Manifest = dict[str, Any]
ZONES = ("zone-a", "zone-b", "zone-c")


class NodeSpec(msgspec.Struct, frozen=True):
    """One node that is there from the beginning."""

    name: str
    zone: str
    labels: dict[str, str] = {}


class Scenario(msgspec.Struct, frozen=True):
    """One cluster. version: of its kubelets; target: what they shall become; control_plane: of the API server, "" for the
    target, because no kubelet may be newer than it.
    """

    name: str
    nodes: tuple[NodeSpec, ...]
    manifests: tuple[tuple[Resource, Manifest], ...]
    version: str = "v1.36.4"
    target: str = "v1.37.2"
    control_plane: str = ""
    namespaces: tuple[str, ...] = ("shop", "data", "platform")
    node_size: dict[str, str] = msgspec.field(default_factory=lambda: {"cpu": "8", "memory": "32Gi", "pods": "110"})
    timing: Timing = Timing()
    rotation: dict[str, Any] = {}


def parameters(**values: float | str) -> dict[str, str]:
    """Annotations that say how a simulated application behaves; start_s becomes sim.underway.dev/start-s."""
    return {PREFIX + name.replace("_", "-"): str(value) for name, value in values.items()}


class App(msgspec.Struct, frozen=True, kw_only=True):
    """One application, from which its manifests are made. budget: the spec of its PodDisruptionBudget without selector.

    pre_stop_s: of its hook. hook: the hook is a sleep, the same as a command, or a program, which takes about that long, or,
    at 0, as long as the dice say.
    """

    name: str
    namespace: str
    replicas: int = 1
    cpu: str = "500m"
    memory: str = "1Gi"
    start_s: float = 4
    ready_s: float = 4
    stop_s: float | str = 1
    pre_stop_s: int | str = 5
    hook: Literal["sleep", "command", "program"] = "sleep"
    grace_s: int = 30
    budget: Manifest | None = None
    rps: float = 0
    work_ms: float = 20
    spread: str = ""
    tolerations: tuple[Manifest, ...] = ()

    def template(self) -> Manifest:
        """The pod template."""
        behaviour = parameters(start_s=self.start_s, ready_s=self.ready_s, stop_s=self.stop_s)
        container: Manifest = {
            "name": "app",
            "image": f"registry.example/{self.name}:1.0",
            "resources": {"requests": {"cpu": self.cpu, "memory": self.memory}},
        }
        if self.hook == "command":
            container["lifecycle"] = {"preStop": {"exec": {"command": ["sh", "-c", f"sleep {self.pre_stop_s}"]}}}
        elif self.hook == "program":
            container["lifecycle"] = {"preStop": {"exec": {"command": ["/app/drain"]}}}
            behaviour |= parameters(pre_stop_s=self.pre_stop_s) if self.pre_stop_s else {}
        elif self.pre_stop_s:
            container["lifecycle"] = {"preStop": {"sleep": {"seconds": self.pre_stop_s}}}
        spec: Manifest = {"terminationGracePeriodSeconds": self.grace_s, "containers": [container]}
        if self.spread:
            term = {"topologyKey": self.spread, "labelSelector": {"matchLabels": {"app": self.name}}}
            spec["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        if self.tolerations:
            spec["tolerations"] = list(self.tolerations)
        return {"metadata": {"labels": {"app": self.name}, "annotations": behaviour}, "spec": spec}

    def selector(self) -> Manifest:
        """Its label selector."""
        return {"matchLabels": {"app": self.name}}

    def metadata(self, **extra: Any) -> Manifest:
        """Metadata in its namespace."""
        return {"name": self.name, "namespace": self.namespace, "labels": {"app": self.name}, **extra}

    def around(self) -> list[tuple[Resource, Manifest]]:
        """Its budget and its Service."""
        made: list[tuple[Resource, Manifest]] = []
        if self.budget is not None:
            spec = {**self.budget, "selector": self.selector()}
            made.append((r.POD_DISRUPTION_BUDGETS, {"metadata": self.metadata(), "spec": spec}))
        if self.rps:
            spec = {"selector": {"app": self.name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
            annotations = parameters(rps=self.rps, work_ms=self.work_ms)
            made.append((r.SERVICES, {"metadata": self.metadata(annotations=annotations), "spec": spec}))
        return made

    def deployment(self) -> list[tuple[Resource, Manifest]]:
        """As a Deployment."""
        spec = {"replicas": self.replicas, "selector": self.selector(), "template": self.template()}
        return [(r.DEPLOYMENTS, {"metadata": self.metadata(), "spec": spec}), *self.around()]

    def stateful_set(self) -> list[tuple[Resource, Manifest]]:
        """As a StatefulSet with one volume a replica."""
        claim = {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}},
        }
        spec = {
            "serviceName": self.name,
            "replicas": self.replicas,
            "selector": self.selector(),
            "template": self.template(),
            "volumeClaimTemplates": [claim],
        }
        return [(r.STATEFUL_SETS, {"metadata": self.metadata(), "spec": spec}), *self.around()]

    def daemon_set(self) -> list[tuple[Resource, Manifest]]:
        """As a DaemonSet."""
        spec = {"selector": self.selector(), "template": self.template()}
        return [(r.DAEMON_SETS, {"metadata": self.metadata(), "spec": spec})]

    def job(self, run_s: float, save_s: float | None = None) -> list[tuple[Resource, Manifest]]:
        """As a Job of so many completions. save_s: how long a checkpoint takes, None if it knows of none."""
        template = self.template()
        saves = {} if save_s is None else parameters(save_s=save_s)
        annotations = {**template["metadata"]["annotations"], **parameters(run_s=run_s), **saves}
        template["metadata"]["annotations"] = annotations
        template["spec"]["restartPolicy"] = "Never"
        spec = {"completions": self.replicas, "parallelism": self.replicas, "template": template}
        return [(r.JOBS, {"metadata": self.metadata(), "spec": spec})]


DAEMONS = (
    App(name="node-agent", namespace="kube-system", cpu="100m", memory="128Mi", start_s=2, ready_s=1, pre_stop_s=0),
    App(
        name="kube-proxy",
        namespace="kube-system",
        cpu="100m",
        memory="128Mi",
        start_s=1,
        ready_s=1,
        pre_stop_s=0,
        tolerations=({"operator": "Exists"},),  # as kubeadm deploys it: it is there before its node is Ready
    ),
)

DEMO_APPS = (
    App(name="storefront", namespace="shop", replicas=36, budget={"maxUnavailable": "10%"}, rps=8, work_ms=35, pre_stop_s=10),
    App(name="cart", namespace="shop", replicas=24, budget={"minAvailable": "80%"}, rps=5, work_ms=18, ready_s=6),
    App(
        name="checkout",
        namespace="shop",
        replicas=18,
        budget={"maxUnavailable": 2},
        rps=4,
        work_ms=60,
        ready_s=8,
        pre_stop_s=15,
        hook="command",
    ),
    App(name="search", namespace="shop", replicas=20, budget={"maxUnavailable": "15%"}, rps=5, work_ms=45, start_s=8, ready_s=6),
    App(name="recommend", namespace="shop", replicas=16, budget={"maxUnavailable": 3}, rps=3, work_ms=80, ready_s=10),
    App(name="payments", namespace="shop", replicas=9, budget={"minAvailable": 7}, rps=2, work_ms=90, ready_s=8, pre_stop_s=15),
    App(name="accounts", namespace="shop", replicas=12, budget={"maxUnavailable": 2}, rps=2, work_ms=25),
    App(
        name="ingress",
        namespace="platform",
        replicas=6,
        budget={"maxUnavailable": 1},
        rps=10,
        work_ms=6,
        pre_stop_s=15,
        spread="kubernetes.io/hostname",
    ),
    App(name="metrics", namespace="platform", replicas=10, budget={"maxUnavailable": "20%"}, cpu="400m"),
    App(name="mailer", namespace="platform", replicas=14, cpu="200m", stop_s=4),
    App(
        name="reports",
        namespace="platform",
        replicas=24,
        budget={"maxUnavailable": "25%"},
        cpu="300m",
        stop_s=8,
        pre_stop_s=0,
        hook="program",
    ),
    App(name="cron-gateway", namespace="platform", cpu="200m"),
)


def demo_scenario() -> Scenario:
    """24 nodes in 3 zones, v1.36 to v1.37, about 250 pods of mixed workloads."""
    nodes = tuple(NodeSpec(f"node-{zone}-{index:02d}", zone, {"pool": "workers"}) for index in range(1, 9) for zone in ZONES)
    manifests: list[tuple[Resource, Manifest]] = []
    for daemon in DAEMONS:
        manifests += daemon.daemon_set()
    for app in DEMO_APPS:
        manifests += app.deployment()
    database = App(
        name="orders-db",
        namespace="data",
        replicas=3,
        cpu="1",
        memory="4Gi",
        start_s=6,
        ready_s=12,
        stop_s=5,
        grace_s=60,
        budget={"maxUnavailable": 1},
        rps=3,
        work_ms=12,
        spread="topology.kubernetes.io/zone",
    )
    manifests += database.stateful_set()
    manifests += App(name="nightly-export", namespace="data", replicas=4, cpu="300m").job(run_s=90)
    return Scenario("demo", nodes, tuple(manifests), rotation={"pace": {"maxSurge": 1, "perZone": True}})


BUDGETS: tuple[Manifest | None, ...] = (
    None,
    {"maxUnavailable": 1},
    {"maxUnavailable": "25%"},
    {"minAvailable": "50%"},
    {"maxUnavailable": 2},
    {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
)
PACES: tuple[Manifest, ...] = (
    {"maxSurge": 1},
    {"maxSurge": 2},
    {"maxSurge": "25%"},
    {"maxSurge": 1, "perZone": True},
    {"maxSurge": 0, "maxUnavailable": 1},
    {"maxSurge": 1, "maxUnavailable": 1},
)


def random_scenario(seed: int) -> Scenario:
    """A small cluster drawn from a seed: 4 to 9 nodes, 15 to 50 pods, budgets and paces of all shapes that can end well."""
    rng = Random(f"{seed}/scenario")
    zones = ZONES[: rng.randint(1, 3)]
    nodes = tuple(NodeSpec(f"old-{i:02d}", zones[i % len(zones)], {"pool": "workers"}) for i in range(rng.randint(4, 9)))
    manifests: list[tuple[Resource, Manifest]] = DAEMONS[0].daemon_set()
    for index in range(rng.randint(2, 5)):
        replicas = rng.randint(2, 9)
        hook = _drawn_hook(seed, index)
        app = App(
            name=f"app-{index}",
            namespace="shop",
            replicas=replicas,
            cpu=rng.choice(("200m", "400m", "600m")),
            start_s=rng.uniform(1, 8),
            ready_s=rng.uniform(1, 8),
            stop_s=rng.choice((0.5, 2, 6)),
            pre_stop_s=rng.choice((0, 5, 10)),
            budget=rng.choice(BUDGETS),
        )
        app = msgspec.structs.replace(app, hook="program", pre_stop_s=hook) if hook is not None else app
        manifests += app.deployment()
    if rng.random() < 0.4:
        stateful = App(name="db", namespace="data", replicas=rng.randint(1, 3), budget={"maxUnavailable": 1}, ready_s=4)
        manifests += stateful.stateful_set()
    timing = Timing(boot_s=rng.uniform(20, 60), terminate_s=rng.uniform(3, 15), jitter=0.2)
    pace = {**rng.choice(PACES), **_drawn_windows(seed), "soak": Random(f"{seed}/soak").choice(("0s", "0s", "10s", "45s"))}
    canary = rng.choice((0, 0, 1))
    chosen = {"canary": canary, **_drawn_order(seed, canary)}
    training, waits = _drawn_training(seed)
    manifests += training
    alone, surge = _drawn_single(seed)
    manifests += alone
    rotation = {"pace": pace, "nodes": chosen, "drain": {"deregistration": "3s", **waits, **surge}}
    return Scenario(f"random-{seed}", nodes, tuple(manifests), timing=timing, rotation=rotation)


def _drawn_hook(seed: int, index: int) -> int | str | None:
    """How long an application's hook takes if it is a program, in one of four: unknown, stated, longer than the grace."""
    rng = Random(f"{seed}/hooks/{index}")
    return rng.choice((0, 0, 3, 12, 40, "never")) if rng.random() < 0.25 else None


def _drawn_order(seed: int, canary: int) -> Manifest:
    """Order keys and a soak for canaries, in some runs. Dice of its own: what a seed drew before stays what it was."""
    rng = Random(f"{seed}/order")
    keys = rng.sample(("zone", "age", "disruptions", "name", "pool"), rng.choice((0, 0, 1, 2)))
    pools = [{"name": zone, "selector": {"matchLabels": {"topology.kubernetes.io/zone": zone}}} for zone in ZONES]
    rng.shuffle(pools)
    return {
        "order": [{"by": key} for key in keys],
        "pools": pools if "pool" in keys else [],
        "canarySoak": rng.choice(("0s", "30s", "2m")) if canary else "0s",
    }


def _drawn_single(seed: int) -> tuple[list[tuple[Resource, Manifest]], Manifest]:
    """Applications of one pod that get a second one first, in one run of five: without that, their budgets forbid their nodes."""
    rng = Random(f"{seed}/single")
    if rng.random() >= 0.2:
        return [], {}
    made: list[tuple[Resource, Manifest]] = []
    for index in range(rng.choice((1, 1, 3))):
        start_s, ready_s = rng.uniform(1, 8), rng.uniform(1, 8)
        app = App(
            name=f"alone-{index}", namespace="shop", cpu="200m", budget={"minAvailable": 1}, start_s=start_s, ready_s=ready_s
        )
        made += app.deployment()
    return made, {"singleReplica": "Surge"}


def _drawn_windows(seed: int) -> Manifest:
    """Maintenance windows, in one run of five: short ones, so that each run meets several ends of them."""
    rng = Random(f"{seed}/windows")
    if rng.random() >= 0.2:
        return {}
    schedule = f"{rng.randint(0, 4)}-59/{rng.choice((15, 20, 30))} * * * *"
    zone = rng.choice(("UTC", "Asia/Kolkata", "America/New_York"))
    return {"windows": [{"schedule": schedule, "duration": rng.choice(("4m", "7m", "10m")), "timeZone": zone}]}


def _drawn_training(seed: int) -> tuple[list[tuple[Resource, Manifest]], Manifest]:
    """A Job that is waited for, in one run of six; some run longer than their limit, some are asked for a checkpoint.

    Also what the drain says of it.
    """
    rng = Random(f"{seed}/jobs")
    if rng.random() >= 1 / 6:
        return [], {}
    app = App(name="training", namespace="shop", replicas=rng.randint(1, 3), cpu="200m")
    run_s, limit = rng.uniform(60, 600), rng.choice(("1m", "5m", "1h"))
    until, save_s = rng.choice((("Finished", None), ("Checkpointed", rng.uniform(5, 90)), ("Checkpointed", None)))
    wait = {"selector": {"matchLabels": {"app": "training"}}, "until": until, "limit": limit}
    return app.job(run_s, save_s), {"wait": [wait]}
