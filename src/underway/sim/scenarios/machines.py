"""Machines and nodes that do not do what they should: they die, boot wrongly, keep volumes, or are wanted by somebody else."""

from collections import Counter
from functools import partial

import msgspec

from underway.kube import resource as r
from underway.sim.checkers.evidence import ready
from underway.sim.scenarios.holds import finished, heard
from underway.sim.scenarios.play import Named, Run, Script, nothing
from underway.sim.store import Object

SCALE_DOWN_DISABLED = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
MENDED_S = 1_200
# Of a MachineHealthCheck: spec.checks.nodeStartupTimeoutSeconds, and how long a node may be unready.
STARTUP_S, UNHEALTHY_S = 300, 120
SLOW_BOOT_S = 200


def _machine_dies(name: str, at_s: float) -> Script:
    def script(run: Run) -> None:
        run.at(at_s, partial(run.world.machines.die, name))

    return script


def _dies_amid_its_drain(run: Run) -> None:
    """The machine of the first node that drains dies under it."""
    dead: list[str] = []

    def look() -> None:
        for node in run.in_phase("Draining")[:1]:
            if not dead:
                dead.append(node["metadata"]["name"])
                run.world.machines.die(dead[0])

    run.every(1, 300, look)


def _goes_silent(run: Run) -> None:
    """A node that nobody has in hand is no longer heard of; it is repaired a quarter of an hour later."""
    node = "old-3"
    run.at(15, partial(run.world.machines.die, node))
    run.at(900, partial(run.world.machines.repair, node))


def _judge_touched(run: Run, at_most: int) -> None:
    if len(run.touched()) > at_most:
        run.wrong.append(f"nodes were closed all the same: {', '.join(sorted(run.touched()))}")


def _mended(run: Run) -> None:
    """Once somebody has corrected the image, they delete what booted wrongly and resume; until then no node was closed."""

    def resume() -> None:
        _judge_touched(run, at_most=0)
        for node in run.world.store.values(r.NODES):
            if not node["metadata"]["name"].startswith("old-"):
                run.world.machines.remove(node["metadata"]["name"])
        run.rehearsal.resume()

    run.at(MENDED_S, resume)


def _never_ready(run: Run) -> None:
    run.world.machines.trouble.silent_boots = 1
    _mended(run)


def _wrong_version(run: Run) -> None:
    trouble = run.world.machines.trouble
    trouble.wrong_version = run.world.scenario.version
    run.at(MENDED_S - 1, partial(setattr, trouble, "wrong_version", ""))
    _mended(run)


def _workloads_fail_on_it(run: Run) -> None:
    """The new image boots and is Ready, but what runs on it never passes its probes."""
    run.sicken(lambda pod: not pod["spec"]["nodeName"].startswith("old-") and pod["metadata"]["namespace"] == "shop")

    def correct() -> None:
        _judge_touched(run, at_most=1)
        run.heal("shop")

    run.at(MENDED_S, correct)


def _detach_late(run: Run) -> None:
    run.world.volumes.detach_ms = (240_000, 300_000)


def _scale_down(run: Run) -> None:
    """A cluster autoscaler that ends what is empty or cordoned after ten seconds, unless it is told not to."""
    since_s: dict[str, int] = {}

    def wanted(node: Object) -> bool:
        given = node["metadata"].get("annotations") or {}
        return bool(node["spec"].get("unschedulable")) and given.get(SCALE_DOWN_DISABLED) != "true"

    def look() -> None:
        for node in run.world.store.values(r.NODES):
            name = node["metadata"]["name"]
            since_s[name] = since_s.get(name, 0) + 1 if wanted(node) else 0
            if since_s[name] == 10:
                run.wrong.append(f"the autoscaler ended node {name}, which is in hand")
                run.world.machines.die(name)

    run.every(1, 900, look)


def _ends_what_is_empty(run: Run) -> None:
    """A cluster autoscaler that ends nodes on which nothing but daemons runs after ten seconds, unless it is told not to."""
    since_s: dict[str, int] = {}

    def look() -> None:
        pods = [pod for pod in run.world.store.values(r.PODS) if not _is_daemon(pod)]
        used = {pod["spec"].get("nodeName", "") for pod in pods}
        for node in run.world.store.values(r.NODES):
            name, given = node["metadata"]["name"], node["metadata"].get("annotations") or {}
            empty = name not in used and given.get(SCALE_DOWN_DISABLED) != "true"
            since_s[name] = since_s.get(name, 0) + 1 if empty else 0
            if since_s[name] == 10:
                run.wrong.append(f"the autoscaler ended node {name}, to which pods were to go")
                run.world.machines.die(name)

    run.every(1, 900, look)


def _is_daemon(pod: Object) -> bool:
    return any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences") or ())


def _health_check_replaces(run: Run) -> None:
    """A MachineHealthCheck beside us: the first successor never becomes Ready, and a node that is still to go falls silent.

    Each of the two machines is replaced by its owner, not by us, and what is made in its place boots slowly.
    """
    machines, unready_s = run.world.machines, Counter[str]()
    machines.timing = msgspec.structs.replace(machines.timing, boot_s=SLOW_BOOT_S)
    machines.trouble.silent_boots = 1

    def falls_silent() -> None:
        machines.die(next(node["metadata"]["name"] for node in reversed(run.in_phase(""))))

    def check() -> None:
        for node in run.world.store.values(r.NODES):
            name = node["metadata"]["name"]
            unready_s[name] = 0 if ready(node) else unready_s[name] + 10
            if unready_s[name] == (UNHEALTHY_S if name.startswith("old-") else STARTUP_S):
                machines.replace(name, run.world.scenario.target)

    run.at(15, falls_silent)
    run.every(10, 3_600, check)


def _made_and_drained_once(run: Run) -> str:
    """One machine for each node that was ours to replace, one for each that the health check replaced; no node drained twice."""
    drained = Counter(fact.subject for fact in run.rehearsal.trace.facts if fact.kind == "phase" and fact.text == "Draining")
    twice = [name for name, times in drained.items() if times > 1]
    nodes, made = len(run.world.store.values(r.NODES)), run.world.machines.made
    if twice:
        return f"drained twice: {', '.join(twice)}"
    if (nodes, made) != (4, 5):
        return f"{made} machines were made for 3 nodes of ours and 2 of the health check's; {nodes} nodes are left of 4"
    return finished(run)


def _zone_by_zone(run: Run) -> str:
    cordoned = [fact.subject for fact in run.rehearsal.trace.facts if fact.kind == "phase" and fact.text == "Cordoned"]
    zones = [run.rehearsal.checkers[0].claim.nodes[name] for name in cordoned]
    return "" if zones == sorted(zones) else f"zones were begun in the order {', '.join(zones)}"


SCENARIOS = (
    Named(
        "dead-node",
        "cluster-api drain of unreachable nodes, eks-rolling-update",
        "a node that is still to go dies: Ready is Unknown for ever, its pods hang in Terminating",
        _machine_dies("old-2", 20),
        finished,
        {"health": []},
    ),
    Named(
        "machine-dies-amid-its-drain",
        "cluster-api: drain of unreachable nodes",
        "the machine of a node dies while it drains: nobody is there to end its pods gracefully",
        _dies_amid_its_drain,
        finished,
    ),
    Named(
        "silent-node",
        "eks-rolling-update k8s_nodes_ready",
        "a node's Ready is Unknown, which others count as healthy: nothing is begun until it speaks again",
        _goes_silent,
        heard("old-3 is not Ready (Unknown"),
        {"health": [{"gate": "nodes-ready", "onBreach": "Wait"}]},
    ),
    Named(
        "canary-never-ready",
        "kops#2914, system-upgrade-controller#163",
        "the new image registers and never becomes Ready: the canary stops it, no old node was closed",
        _never_ready,
        heard("did not become Ready"),
        {"nodes": {"canary": 1}, "machines": {"bootTimeout": "5m"}},
    ),
    Named(
        "canary-breaks-workloads",
        "kismatic#933, kured#76",
        "the new image is Ready but what runs on it fails its probes: one node is lost to it, no more",
        _workloads_fail_on_it,
        heard("canary: pod shop/web"),
        {"nodes": {"canary": 1, "canarySoak": "4m"}},
    ),
    Named(
        "wrong-version-boots",
        "upgrade-manager#324, kubernetes version skew policy",
        "new machines boot the old version: no node is closed for one, and nobody replaces them in a circle",
        _wrong_version,
        heard("is itself out of date"),
    ),
    Named(
        "health-check-replaces",
        "cluster-api: MachineHealthCheck, remediation of a MachineSet's Machines",
        "a MachineHealthCheck replaces a successor that never becomes Ready and a node that is still to go, both slowly",
        _health_check_replaces,
        _made_and_drained_once,
        {"machines": {"bootTimeout": "15m"}},
    ),
    Named(
        "volumes-detach-late",
        "karpenter#1294, vsphere-csi-driver#359",
        "volumes need five minutes to detach: their machine stays until they have",
        _detach_late,
        heard("is being detached"),
    ),
    Named(
        "autoscaler-scales-down",
        "aws-asg-roller#19, autoscaler#8494",
        "a cluster autoscaler ends cordoned nodes after ten seconds, unless it is told to keep off",
        _scale_down,
        finished,
        {"drain": {"deregistration": "30s"}},
    ),
    Named(
        "autoscaler-ends-empty-nodes",
        "cluster-autoscaler FAQ: how to prevent scale-down of a node",
        "a cluster autoscaler ends nodes that are empty for ten seconds: each successor is, until its predecessor's pods come",
        _ends_what_is_empty,
        finished,
        {"drain": {"deregistration": "30s"}, "pace": {"maxSurge": 1, "soak": "20s"}},
    ),
    Named(
        "zone-by-zone",
        "karpenter#1902, containers-roadmap#2445",
        "one zone after the other, though the other has nodes that drain faster",
        nothing,
        _zone_by_zone,
        {"nodes": {"order": [{"by": "zone"}]}},
    ),
)
