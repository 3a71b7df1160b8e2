"""Requests to Services: who answers them, how fast, and which are dropped.

Each request arrives by itself (Poisson), at one of a few proxies whose view of the endpoints lags behind the
EndpointSlice, picks a ready endpoint of that view, and fails if nobody listens there any more. Nothing is averaged away:
a pod that stops listening before the proxies have heard of it loses the requests sent to it meanwhile. Latency is a
lognormal service time, stretched as the load on the ready replicas rises, and by a cold start.
"""

from functools import partial
from math import exp
from random import Random

import msgspec

from underway.kube import resource as r
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.kubelet import Kubelets
from underway.sim.world.parameters import parameter

PROXIES = 3  # one client node in each of three zones
PROXY_LAG_MS = (100, 1_500)  # kube-proxy: informer, then min-sync-period of one second
SPREAD = 0.35  # sigma of the lognormal service time: p99 about 2.3 times the median
COLD_MS = 10_000
COLD_FACTOR = 1.6
UTILISATION = 0.55  # of the replicas' capacity at full strength: what a well-sized service runs at
RETRY_TIMEOUT_MS = 1_000.0


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One request. latency_ms: of an answered one; cause: "" or why it failed."""

    at_ms: int
    service: str
    latency_ms: float
    cause: str = ""


class _Service:
    """One Service's clients: their views and its load."""

    def __init__(self, name: str, rps: float, work_ms: float) -> None:
        self.name = name
        self.rps = rps
        self.work_ms = work_ms
        self.views: list[list[Object]] = [[] for _ in range(PROXIES)]
        self.heard = [0] * PROXIES
        self.full = 1

    def hear(self, proxy: int, revision: int, endpoints: list[Object]) -> None:
        """One proxy learns of a change; a watch never goes back, so an older one that comes later is no news."""
        if revision > self.heard[proxy]:
            self.heard[proxy], self.views[proxy] = revision, endpoints


class Traffic:
    """All clients of a world. slowdown: a factor on every latency, which a fault may raise."""

    def __init__(self, queue: Queue, registry: Registry, seed: int, kubelets: Kubelets) -> None:
        self._queue = queue
        self._store = registry.store
        self._rng = Random(f"{seed}/traffic")
        self._kubelets = kubelets
        self._services: dict[tuple[str, str], _Service] = {}
        self.samples: list[Sample] = []
        self.slowdown = 1.0
        self.running = False
        self._store.subscribe(r.ENDPOINT_SLICES, self._slice_changed)

    def start(self) -> None:
        """Begin to send; Services without sim.underway.dev/rps get nothing."""
        self.running = True
        for service in self._store.ordered(r.SERVICES):
            rps = parameter(service, "rps")
            key = (service["metadata"]["namespace"], service["metadata"]["name"])
            if rps > 0:
                clients = self._services.setdefault(key, _Service(f"{key[0]}/{key[1]}", rps, parameter(service, "work-ms")))
                self._seed_views(key, clients)
                self._next(clients)

    def stop(self) -> None:
        """Send no more."""
        self.running = False

    def _seed_views(self, key: tuple[str, str], clients: _Service) -> None:
        found = self._store.get(r.ENDPOINT_SLICES, key[0], f"{key[1]}-slice")
        endpoints = _routable(found) if found else []
        clients.views = [endpoints] * PROXIES
        clients.full = max(1, len(endpoints))

    def _slice_changed(self, change: Change) -> None:
        metadata = change.object["metadata"]
        clients = self._services.get((metadata["namespace"], metadata["labels"]["kubernetes.io/service-name"]))
        if clients is None:
            return
        endpoints = _routable(change.object)
        for proxy in range(PROXIES):
            self._queue.after(self._rng.randint(*PROXY_LAG_MS), partial(clients.hear, proxy, change.revision, endpoints))

    def _next(self, clients: _Service) -> None:
        if self.running:
            self._queue.after(round(self._rng.expovariate(clients.rps) * 1_000), lambda: self._request(clients))

    def _request(self, clients: _Service) -> None:
        now_ms = self._queue.now_ms()
        view = clients.views[self._rng.randrange(PROXIES)]
        if not view:
            self.samples.append(Sample(now_ms, clients.name, 0.0, "no ready endpoint"))
        else:
            endpoint = view[self._rng.randrange(len(view))]
            target = endpoint["targetRef"]
            if self._kubelets.accepts(target["uid"], now_ms):
                self.samples.append(Sample(now_ms, clients.name, self._latency_ms(clients, len(view), target["uid"], now_ms)))
            else:
                cause = f"connection refused by pod {target['namespace']}/{target['name']} on node {endpoint['nodeName']}"
                self.samples.append(Sample(now_ms, clients.name, 0.0, cause))
        self._next(clients)

    def _latency_ms(self, clients: _Service, ready: int, uid: str, now_ms: int) -> float:
        load = min(0.97, UTILISATION * clients.full / ready)
        # M/M/1: the time in the system grows as 1 / (1 - load); 1 at the usual load.
        queueing = (1 - UTILISATION) / (1 - load)
        cold = COLD_FACTOR if self._kubelets.age_ms(uid, now_ms) < COLD_MS else 1.0
        return clients.work_ms * exp(self._rng.gauss(0.0, SPREAD)) * queueing * cold * self.slowdown


def _routable(endpoint_slice: Object) -> list[Object]:
    """The endpoints that a proxy sends to: the ready ones, else those that still serve while terminating (KEP-1669)."""
    endpoints = endpoint_slice.get("endpoints") or []
    ready = [e for e in endpoints if e["conditions"]["ready"]]
    return ready or [e for e in endpoints if e["conditions"]["serving"] and e["conditions"]["terminating"]]
