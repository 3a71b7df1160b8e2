"""The operator on a real kube-apiserver with kwok: two replicas, the leader killed again and again, and one freeze.

Nodes are Machines of Cluster API and NodeClaims of Karpenter under their real definitions; e2e/controlplane/hands.py plays
the controllers behind them. Budgets and nodes are watched from outside; no request is measured: behind kwok there is no traffic.

OPERATORS_NODES=200 OPERATORS_KILLS=20 for other sizes than 40 and 4. OPERATORS_PROVIDERS=Karpenter for one of the two.
OPERATORS_SCORED=100 has the scheduler look at all nodes for each pod (percentageOfNodesToScore): its own rule is half of them
where there are more than a hundred.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from bench.overhead import Seen, overhead_s
from bench.table import show
from bench.watching import Machines, Nodes, Pods, Replicas

ROOT = Path(__file__).resolve().parents[1]
sys.path.extend(str(ROOT / folder) for folder in ("e2e/controlplane", "tests"))
APPS = {"web": (6, 10), "api": (4, 10), "db": (2, 20)}  # replicas for each five nodes, and how many replicas one may be down of
DEREGISTRATION_S = 1.0
LIMIT_S = 3_600
LOOK_S = 0.2
TAKEN_S = 120
QUIET_S = 10.0  # after a freeze nothing may come for so long
TOLD_EVERY = 10  # nodes, between two lines of progress
SPREAD = 0.15  # all kills are done when this share of the nodes is still to go
SEED = 1137


class Switch:
    """What gate http asks: 200 while all is well, 503 from the moment that it is not."""

    def __init__(self) -> None:
        self.well, self.asked = True, 0
        switch = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                switch.asked += 1
                self.send_response(200 if switch.well else 503)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Voyage:
    """One rotation of all nodes, with what is done to it and what was seen."""

    def __init__(self, operators: Any, hand: Any, seen: Seen, switch: Switch, kills: int) -> None:
        self._operators, self._hand, self._seen, self._nodes, self._switch = operators, hand, seen, seen.nodes, switch
        self._kills, self._dice = kills, random.Random(SEED)
        self._count = len(seen.nodes.there)
        self._told = 0
        self.cpu_s = 0.0
        self.disturbances: list[tuple[float, float]] = []
        self.kills = 0
        self.freezes: list[str] = []
        self.last_act_s = 0.0
        self.took_s = 0.0

    def go(self) -> None:
        """Until it has finished. Raises AssertionError if it does not."""
        begun_s, frozen = time.monotonic(), False
        self._await(self._leaders, "a replica to lead")
        while time.monotonic() < begun_s + LIMIT_S:
            state = self._operators.state("bench")
            if state == "Finished":
                self.took_s = time.monotonic() - begun_s
                break
            self._tell(time.monotonic() - begun_s)
            if state == "Frozen":
                self._thaw()
            if not frozen and len(self._nodes.gone) >= self._count // 2 and self._nodes.evicting:
                frozen = True
                self._freeze()
            elif self.kills < self._kills * min(1.0, SPREAD + len(self._nodes.gone) / self._count) and self._leaders():
                threading.Event().wait(self._dice.uniform(0, 4))
                self._kill()
            threading.Event().wait(LOOK_S)
        else:
            raise AssertionError(f"not finished after {LIMIT_S} s: {self._operators.logs()[-3_000:]}")
        for replica in self._operators.running:
            self._ended(replica)

    def _tell(self, past_s: float) -> None:
        if len(self._nodes.gone) >= self._told + TOLD_EVERY:
            self._told = len(self._nodes.gone)
            print(f"{past_s:.0f} s: {self._told} of {self._count} nodes, {self.kills} kills", file=sys.stderr, flush=True)

    def _await(self, holds: Callable[[], object], what: str) -> None:
        from waiting import wait_until

        wait_until(holds, what, TAKEN_S)

    def _leaders(self) -> list[Any]:
        return [replica for replica in self._operators.running if replica.leads]

    def _ended(self, replica: Any) -> None:
        """SIGKILL, and what it had cost."""
        replica.process.send_signal(signal.SIGKILL)
        _, status, usage = os.wait4(replica.process.pid, 0)
        replica.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s += usage.ru_utime + usage.ru_stime

    def _kill(self) -> None:
        """The leader goes, a new replica comes, and somebody leads again."""
        since_s = time.time()
        for replica in self._leaders():
            self._ended(replica)
            self.kills += 1
            self._operators.start()
        self._await(self._leaders, "another replica to lead")
        self.disturbances.append((since_s, time.time()))

    def _freeze(self) -> None:
        """A gate is in breach; once all is quiet, the last act is looked up, and the rotation goes on."""
        self._switch.well, breach_s = False, time.time()
        self._await(lambda: self._operators.state("bench") == "Frozen", "the rotation to freeze")
        self._await(lambda: self._nodes.quiet, "every node in hand to be opened or ended")
        threading.Event().wait(QUIET_S)
        self.last_act_s = max([at_s for at_s in self._acts() if at_s >= breach_s], default=breach_s) - breach_s
        self._switch.well, asked = True, self._switch.asked
        # A gate that is still in breach would freeze it again.
        self._await(lambda: self._switch.asked >= asked + 3, "the gate to be asked again")
        self._thaw(expected=True)
        self.disturbances.append((breach_s, time.time()))

    def _acts(self) -> list[float]:
        """When a pod was evicted, a node cordoned, a machine asked for or ended; epoch seconds."""
        from e2e.operators import audited

        kinds = {("eviction", "create"), ("nodeclaims", "create"), ("nodeclaims", "delete"), ("machines", "delete")}
        acts = [*self._nodes.cordoned_s, *self._hand.made.values()]
        for event in audited(self._operators.cluster):
            about = event["objectRef"]
            if (about.get("subresource") or about["resource"], event["verb"]) in kinds:
                acts.append(datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp())
        return acts

    def _thaw(self, *, expected: bool = False) -> None:
        """Resume what is frozen; why it was, unless we did it."""
        frozen = self._operators.rotation("bench")["status"].get("frozen", {})
        if not expected:
            self.freezes.append(frozen.get("reason", ""))
        environment = {**os.environ, "KUBECONFIG": str(self._operators.cluster.admin)}
        command = [sys.executable, "-m", "underway", "resume", "bench", "--yes"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        self._await(lambda: self._operators.state("bench") != "Frozen", "the rotation to go on")

    def overhead_s(self) -> dict[str, float]:
        """What the operator adds to a node, by phase."""
        return overhead_s(self._seen, self._count, DEREGISTRATION_S, self.disturbances)


def installed(cluster: Any, provider: str, count: int) -> Any:
    """Install the definitions, the operators' rights and the machines; the hand that is to play these."""
    import hands
    from e2e.operators import manifests

    hands.install(cluster)
    cluster.apply(manifests("--provider", provider))
    cluster.kubectl("wait", "--for=condition=Established", "crd/rotations.underway.dev", "--timeout=30s")
    made = {"ClusterAPI": (hands.machine_deployment, hands.ClusterApiHand), "Karpenter": (hands.node_pool, hands.KarpenterHand)}
    objects, kind = made[provider]
    cluster.apply(objects(count))
    return kind(cluster)


def manned(cluster: Any, hand: Any, count: int) -> None:
    """Wait for the old nodes, have pods run on them, then change the template of the machines."""
    from e2e.operators import app
    from waiting import wait_until

    def ready() -> bool:
        items = cluster.get("/api/v1/nodes")["items"]
        return len(items) == count and not any(node["spec"].get("taints") for node in items)

    wait_until(ready, "the old nodes", LIMIT_S)
    for name, (replicas, down) in sizes(count).items():
        cluster.apply(app(name, replicas, maxUnavailable=down))
    for name in APPS:
        cluster.kubectl("rollout", "status", f"deploy/{name}", "-n", "default", "--timeout=110s")
    hand.drift()


def sizes(count: int) -> dict[str, tuple[int, int]]:
    """Replicas of each app, and how many of them may be down."""
    return {name: (max(4, count * share // 5), max(1, count * share // 5 // part)) for name, (share, part) in APPS.items()}


def specification(provider: str, url: str) -> dict[str, Any]:
    """The Rotation: the gates that are asked where none are named, and one that the bench has in its hand."""
    gate = {"gate": "http", "url": url, "for": "0s", "interval": "1s", "onBreach": "Freeze"}
    return {
        "target": {"drifted": True},
        "machines": {"provider": provider},
        "pace": {"maxSurge": "10%"},
        "drain": {"deregistration": f"{DEREGISTRATION_S:.0f}s"},
        "health": [{"gate": "nodes-ready"}, {"gate": "workloads-available"}, {"gate": "api-server", "onBreach": "Freeze"}, gate],
    }


@contextmanager
def seen(cluster: Any, hand: Any, least: dict[str, int]) -> Iterator[Seen]:
    """Watch what a rotation changes."""
    with Pods(cluster, least) as pods, Nodes(cluster) as nodes, Machines(cluster, hand.machines_path) as machines:
        if not hand.deployments_path:
            yield Seen(pods, nodes, machines)
            return
        with Replicas(cluster, hand.deployments_path) as replicas:
            yield Seen(pods, nodes, machines, replicas)


def rotated(provider: str, count: int, kills: int) -> tuple[object, ...]:
    """One row of the table."""
    from controlplane import ControlPlane
    from e2e.operators import Operators, evictions
    from waiting import wait_until

    least = {name: replicas - down for name, (replicas, down) in sizes(count).items()}
    moved = sum(replicas for replicas, _ in sizes(count).values())
    scored = int(os.environ.get("OPERATORS_SCORED", "0"))
    with (
        ControlPlane(scored=scored) as cluster,
        tempfile.TemporaryDirectory() as folder,
        installed(cluster, provider, count) as hand,
    ):
        manned(cluster, hand, count)
        with seen(cluster, hand, least) as watchers, Switch() as switch:
            pods, nodes, machines, replicas = watchers

            def begun() -> bool:
                there = (len(pods.there), len(nodes.there), len(machines.there))
                return there == (moved, count, count) and (replicas is None or bool(replicas.there))

            wait_until(begun, "the watches to begin", TAKEN_S)
            operators = Operators(cluster, Path(folder))
            operators.start_two()
            operators.create("bench", specification(provider, switch.url))
            voyage = Voyage(operators, hand, watchers, switch, kills)
            try:
                voyage.go()
            finally:
                operators.end()
        lease = cluster.get("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/underway.operator")
        evicted = len(evictions(cluster))
    for reason in voyage.freezes:
        print(f"{provider}: frozen besides: {reason}", file=sys.stderr)
    added_s = voyage.overhead_s()
    print(
        f"{provider}: added to a node in each phase: {', '.join(f'{k} {v:.2f} s' for k, v in added_s.items())}", file=sys.stderr
    )
    return (
        provider, count, voyage.kills, lease["spec"]["leaseTransitions"], f"{voyage.took_s:.0f} s",
        f"{evicted / moved:.3f} of {moved}", len(hand.made) - 2 * count, f"{pods.broken} in {pods.states} states",
        f"{voyage.last_act_s:.1f} s", len(voyage.freezes), f"{sum(added_s.values()):.2f} s", nodes.cordons, f"{voyage.cpu_s:.0f}",
    )  # fmt: skip


def run() -> None:
    """Print the table."""
    import build

    try:
        build.binaries()
    except build.Unavailable as error:
        print(f"operators: {error}", file=sys.stderr)
        return
    count, kills = int(os.environ.get("OPERATORS_NODES", "40")), int(os.environ.get("OPERATORS_KILLS", "4"))
    providers = os.environ.get("OPERATORS_PROVIDERS", "ClusterAPI,Karpenter").split(",")
    head = (
        "provider", "nodes", "SIGKILLs", "leader changes", "took", "evictions a moved pod", "machines made twice",
        "budgets broken", "breach to last act", "other freezes", "overhead a node", "cordons left", "operators' CPU s",
    )  # fmt: skip
    rows = [rotated(provider, count, kills) for provider in providers]
    goals = ("goal", "", "", "", "", "1.02", "0", "0", "5 s", "", "2 s", "0", "")
    show("two replicas of the operator on a real kube-apiserver with kwok, leaders killed", head, [*rows, goals])


if __name__ == "__main__":
    run()
