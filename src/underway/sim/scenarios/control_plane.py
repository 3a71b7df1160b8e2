"""Nodes of the control plane and the etcd on them: one at a time, and none while a member is lost or does not vote yet."""

from functools import partial

from underway.kube import resource as r
from underway.model.node import CONTROL_PLANE_LABEL
from underway.sim.scenario import Manifest
from underway.sim.scenarios.holds import heard
from underway.sim.scenarios.play import AMID_S, Holds, Named, Run, nothing
from underway.sim.store import Object

EVERYTHING: Manifest = {"nodes": {"selector": {}}, "pace": {"maxSurge": 3}}


def _lose_a_member(run: Run) -> None:
    """One member's process has failed before anything begins; somebody repairs it half an hour later."""
    run.world.etcd.lose("control-1")
    run.at(1_800, partial(run.world.etcd.mend, "control-1"))


def _lose_a_member_amid(run: Run) -> None:
    """A member fails once a node of the control plane is cordoned: two of four would be gone with it. It comes back later."""
    lost: list[str] = []

    def look() -> None:
        taken = [n["metadata"]["name"] for n in run.in_phase("Cordoned") if n["metadata"]["name"] in run.world.etcd.voters()]
        if taken and not lost:
            lost.append(next(node for node in run.world.etcd.voters() if node not in taken))
            run.world.etcd.lose(lost[0])
            run.at(900, partial(run.world.etcd.mend, lost[0]))

    run.every(1, 600, look)


def _lose_the_quorum(run: Run) -> None:
    """Two members fail at once and come back; a person resumes."""
    for node in ("control-1", "control-2"):
        run.at(AMID_S, partial(run.world.etcd.lose, node))
        run.at(AMID_S + 600, partial(run.world.etcd.mend, node))
    run.at(AMID_S + 900, run.rehearsal.resume)


def _grow(run: Run) -> None:
    """After a quarter of an hour somebody lets two of the new workers join the control plane."""

    def joined(node: Object) -> Object:
        labels = {**node["metadata"]["labels"], CONTROL_PLANE_LABEL: ""}
        return {**node, "metadata": {**node["metadata"], "labels": labels}}

    def grow() -> None:
        if "control-0" in run.touched():
            run.wrong.append("node control-0 was closed while it held the only member of etcd")
        names = [node["metadata"]["name"] for node in run.world.store.values(r.NODES)]
        for name in [name for name in names if name != "control-0"][:2]:
            run.world.registry.mutate(r.NODES, "", name, joined)

    run.at(900, grow)


def _kept_its_quorum(run: Run, members: int = 3) -> str:
    etcd = run.world.etcd
    if not etcd.has_quorum or len(etcd.voters()) != members:
        return f"etcd ends with {len(etcd.voters())} members that vote, quorum: {etcd.has_quorum}"
    return ""


def _told_and_kept(*parts: str) -> Holds:
    return lambda run: heard(*parts)(run) or _kept_its_quorum(run)


SCENARIOS = (
    Named(
        "control-plane-one-at-a-time",
        "k0smotron#1481, cluster-api KubeadmControlPlane",
        "three nodes of the control plane, four workers, a surge of three: members of etcd go one by one, learners vote first",
        nothing,
        _kept_its_quorum,
        EVERYTHING,
        control_plane=3,
    ),
    Named(
        "etcd-member-lost",
        "k0smotron#1481, etcd FAQ",
        "a member of etcd is down for half an hour: no node of the control plane is begun until it votes again",
        _lose_a_member,
        _told_and_kept("etcd-control-1"),
        EVERYTHING,
        control_plane=3,
    ),
    Named(
        "etcd-member-lost-amid-the-drain",
        "k0smotron#1481, etcd FAQ",
        "a member fails while another's node is in hand: its machine stays until all others vote",
        _lose_a_member_amid,
        _told_and_kept("stays for the quorum of etcd"),
        {**EVERYTHING, "drain": {"deregistration": "2m"}},
        control_plane=3,
    ),
    Named(
        "etcd-quorum-lost",
        "etcd disaster recovery",
        "two members fail: every request times out for ten minutes, the rotation freezes, then goes on from what is written",
        _lose_the_quorum,
        _told_and_kept("etcd failed"),
        EVERYTHING,
        control_plane=3,
    ),
    Named(
        "control-plane-of-one",
        "k0smotron#1481, etcd FAQ",
        "the only member of etcd: its node is named and not begun, workers go on, until two more have joined",
        _grow,
        _told_and_kept("bring the control plane to three members first"),
        EVERYTHING,
        control_plane=1,
    ),
    Named(
        "control-plane-of-two",
        "k0smotron#1481, etcd FAQ",
        "two members of etcd, and a slot without a successor is free: each waits for one beside it, that three vote when it goes",
        nothing,
        partial(_kept_its_quorum, members=2),
        {**EVERYTHING, "pace": {"maxSurge": 1, "maxUnavailable": 1}},
        control_plane=2,
    ),
)
