"""The kubelets of all nodes: pods start, become Ready, stop and go.

    bound --(volumes mounted, start-s)--> Running --(ready-s)--> Ready --(run-s, Jobs only)--> Succeeded
    deleting --(preStop)--> SIGTERM --(stop-s or what is left of the grace)--> exited --> object removed

Owns when a process accepts connections: from Ready until SIGTERM, on a machine that runs. Sources: "Pod Lifecycle",
"Termination of Pods". How long an end takes is for `termination` to say.
"""

from collections.abc import Callable

from underway.kube import resource as r
from underway.sim.apiserver.registry import Registry
from underway.sim.queue import Queue
from underway.sim.store import Change, Object
from underway.sim.world.controller import Controller, condition, is_ready
from underway.sim.world.events import Events
from underway.sim.world.index import PodIndex
from underway.sim.world.parameters import drawn_ms, parameter
from underway.sim.world.termination import MINIMUM_MS, ending
from underway.sim.world.volumes import Volumes

GONE_MS = (50, 300)  # from the last container's exit to the pod's removal: one sync of the kubelet's status manager
RESYNC_MS = 10_000  # the status manager compares what it has with what the API server shows, pkg/kubelet/status (syncPeriod)
RETRY_MS = 500  # how soon a pod that waits for its volumes is looked at again


class Runtime:
    """One pod's processes. Times in epoch milliseconds, None while they have not come."""

    def __init__(self) -> None:
        self.started = False
        self.accepts_from_ms: int | None = None
        self.accepts_until_ms: int | None = None
        self.kill_at_ms: int | None = None
        self.ready = False


class Kubelets(Controller):
    """All kubelets of a world. A node that is not in `alive` runs nothing and says nothing."""

    name = "kubelet"

    def __init__(self, queue: Queue, registry: Registry, seed: int, pods: PodIndex, volumes: Volumes, events: Events) -> None:
        super().__init__(queue, registry, seed)
        self.pods = pods
        self.volumes = volumes
        self.events = events
        self.alive: set[str] = set()
        self.sick: Callable[[Object], bool] = lambda _pod: False  # whose readiness probe never succeeds
        self.on_stop: Callable[[str], object] = lambda _node: None
        self._runtimes: dict[str, Runtime] = {}
        self._addresses = 0
        self.store.subscribe(r.PODS, self._pod_changed)

    def accepts(self, uid: str, now_ms: int) -> bool:
        """Whether the pod's process accepts a connection."""
        runtime = self._runtimes.get(uid)
        if runtime is None or runtime.accepts_from_ms is None or now_ms < runtime.accepts_from_ms:
            return False
        return runtime.accepts_until_ms is None or now_ms < runtime.accepts_until_ms

    def age_ms(self, uid: str, now_ms: int) -> int:
        """For how long the pod has accepted connections."""
        runtime = self._runtimes.get(uid)
        return now_ms - runtime.accepts_from_ms if runtime and runtime.accepts_from_ms is not None else 0

    def start(self, node: str) -> None:
        """A machine has booted, for the first time or again: its kubelet begins to work, and nothing runs yet."""
        self.alive.add(node)
        for pod in self.pods.on_node(node):
            self._runtimes.pop(pod["metadata"]["uid"], None)
            self._changed(pod)

    def stop(self, node: str) -> None:
        """A machine is gone: whatever ran on it has ended, and nobody will say so."""
        self.alive.discard(node)
        for pod in self.pods.on_node(node):
            runtime = self._runtimes.get(pod["metadata"]["uid"])
            if runtime is not None and runtime.accepts_until_ms is None:
                runtime.accepts_until_ms = self.queue.now_ms()
        self.on_stop(node)

    def set_ready(self, pod: Object, *, ready: bool) -> None:
        """The readiness probe of a running pod begins to fail, or to succeed again."""
        runtime = self._runtimes.get(pod["metadata"]["uid"])
        if runtime is not None:
            runtime.ready = ready
            if ready and runtime.accepts_from_ms is None:
                runtime.accepts_from_ms = self.queue.now_ms()
        self._conditions(pod, ready=ready)

    def _pod_changed(self, change: Change) -> None:
        if change.type == "DELETED":
            runtime = self._runtimes.pop(change.object["metadata"]["uid"], None)
            if runtime is not None:
                runtime.kill_at_ms = None
        else:
            self._changed(change.object)

    def _changed(self, pod: Object) -> None:
        node = pod["spec"].get("nodeName", "")
        if node not in self.alive or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return
        uid = pod["metadata"]["uid"]
        runtime = self._runtimes.get(uid)
        if pod["metadata"].get("deletionTimestamp"):
            self._terminate(pod, runtime or self._runtimes.setdefault(uid, Runtime()))
        elif runtime is None:
            self._runtimes[uid] = Runtime()
            self.queue.after(self.rng.randint(10, 200), lambda: self._begin(pod))
        elif runtime.ready and not is_ready(pod):
            self.queue.after(self.rng.randint(0, RESYNC_MS), lambda: self._vouch(pod))

    def _current(self, pod: Object) -> Object | None:
        """The pod as it is now, if it is still the same one, on a living machine."""
        metadata = pod["metadata"]
        current = self.store.get(r.PODS, metadata["namespace"], metadata["name"])
        if current is None or current["metadata"]["uid"] != metadata["uid"]:
            return None
        return current if current["spec"]["nodeName"] in self.alive else None

    def _begin(self, pod: Object) -> None:
        current = self._current(pod)
        if current is None or current["metadata"].get("deletionTimestamp"):
            return
        if not self.volumes.mounted(current):
            self.queue.after(RETRY_MS, lambda: self._begin(pod))
            return
        self.queue.after(drawn_ms(parameter(pod, "start-s"), self.rng), lambda: self._run(pod))

    def _run(self, pod: Object) -> None:
        current = self._current(pod)
        if current is None or current["metadata"].get("deletionTimestamp"):
            return
        runtime = self._runtimes[pod["metadata"]["uid"]]
        runtime.started = True
        self._addresses += 1
        ip = f"10.{self._addresses >> 16 & 255}.{self._addresses >> 8 & 255}.{self._addresses & 255}"
        now = self.registry.now()
        containers = [
            {
                "name": container["name"],
                "ready": False,
                "started": True,
                "restartCount": 0,
                "image": container.get("image", ""),
                "imageID": "",
                "state": {"running": {"startedAt": now}},
            }
            for container in current["spec"]["containers"]
        ]
        state = {"phase": "Running", "startTime": now, "podIP": ip, "podIPs": [{"ip": ip}], "containerStatuses": containers}
        self._write(current, lambda value: {**value, "status": {**value.get("status", {}), **state}})
        self._conditions(current, ready=False)
        if current["spec"].get("restartPolicy") in ("Never", "OnFailure"):
            self.queue.after(drawn_ms(parameter(pod, "run-s"), self.rng), lambda: self._succeed(pod, runtime))
        self.queue.after(drawn_ms(parameter(pod, "ready-s"), self.rng), lambda: self._become_ready(pod))

    def _become_ready(self, pod: Object) -> None:
        current = self._current(pod)
        runtime = self._runtimes.get(pod["metadata"]["uid"])
        if current is None or runtime is None or current["status"].get("phase") != "Running" or self.sick(current):
            return
        runtime.accepts_from_ms = self.queue.now_ms()
        if not current["metadata"].get("deletionTimestamp"):
            runtime.ready = True
            self._conditions(current, ready=True)

    def _vouch(self, pod: Object) -> None:
        """Say again that the pod is Ready: the node lifecycle controller had said otherwise while the node was not."""
        current, runtime = self._current(pod), self._runtimes.get(pod["metadata"]["uid"])
        if current is None or runtime is None or current["metadata"].get("deletionTimestamp"):
            return
        if runtime.ready and not is_ready(current):
            self._conditions(current, ready=True)

    def _succeed(self, pod: Object, runtime: Runtime) -> None:
        """All containers exited with 0: a finished pod is never Ready. Source: pkg/kubelet/status/generate.go."""
        current = self._current(pod)
        killed = self._runtimes.get(pod["metadata"]["uid"]) is not runtime  # its machine has died since
        if current is None or killed or current["metadata"].get("deletionTimestamp"):
            return
        runtime.ready = False
        self._stop_accepting(runtime)
        now = self.registry.now()

        def change(value: Object) -> Object:
            state = value["status"]
            over = [condition(kind, False, now, "PodCompleted") for kind in ("Ready", "ContainersReady")]
            kept = [c for c in state.get("conditions", ()) if c["type"] not in ("Ready", "ContainersReady")]
            end = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": now}}
            ended = [{**c, "ready": False, "started": False, "state": end} for c in state.get("containerStatuses", ())]
            return {**value, "status": {**state, "phase": "Succeeded", "conditions": [*kept, *over], "containerStatuses": ended}}

        self._write(current, change)

    def _write(self, pod: Object, change: Callable[[Object], Object]) -> None:
        metadata = pod["metadata"]
        self.registry.mutate(r.PODS, metadata["namespace"], metadata["name"], change, "status")

    def _conditions(self, pod: Object, *, ready: bool) -> None:
        now = self.registry.now()

        def change(value: Object) -> Object:
            state = value.get("status", {})
            kept = [c for c in state.get("conditions", ()) if c["type"] in ("PodScheduled", "DisruptionTarget")]
            steady = [condition("PodReadyToStartContainers", True, now), condition("Initialized", True, now)]
            moving = [condition("Ready", ready, now), condition("ContainersReady", ready, now)]
            containers = [{**container, "ready": ready} for container in state.get("containerStatuses", ())]
            return {**value, "status": {**state, "conditions": [*kept, *steady, *moving], "containerStatuses": containers}}

        self._write(pod, change)

    def _terminate(self, pod: Object, runtime: Runtime) -> None:
        """Begin or hasten the end of a pod whose deletion has begun."""
        grace_ms = int(pod["metadata"].get("deletionGracePeriodSeconds") or 0) * 1_000
        now_ms = self.queue.now_ms()
        if not runtime.started:
            self.queue.after(self.rng.randint(*GONE_MS), lambda: self._remove(pod))
            return
        first = runtime.kill_at_ms is None
        kill_at_ms = now_ms + max(grace_ms, MINIMUM_MS)
        if not first and kill_at_ms >= (runtime.kill_at_ms or 0):
            return
        runtime.kill_at_ms = kill_at_ms
        end = ending(pod, grace_ms, self.rng)
        if first:
            self.events.tell(pod, "Killing", f"Stopping container {pod['spec']['containers'][0]['name']}")
        self.queue.after(end.term_ms, lambda: self._stop_accepting(runtime))
        self.queue.after(end.exit_ms + self.rng.randint(*GONE_MS), lambda: self._remove(pod))

    def _stop_accepting(self, runtime: Runtime) -> None:
        runtime.accepts_until_ms = min(runtime.accepts_until_ms or self.queue.now_ms(), self.queue.now_ms())

    def _remove(self, pod: Object) -> None:
        current = self._current(pod)
        if current is not None:
            runtime = self._runtimes.get(pod["metadata"]["uid"])
            if runtime is not None:
                self._stop_accepting(runtime)
            metadata = current["metadata"]
            self.registry.delete(r.PODS, metadata["namespace"], metadata["name"], grace_s=0, uid=metadata["uid"])
