"""The team beside each blocker: in a plan, in the status, in what people read."""

from random import Random
from typing import Any

import pytest

from objects import budget, cluster, node, pod
from underway.errors import UsageError
from underway.kube import resource as r
from underway.kube.reply import ObjectList, Reply
from underway.model import decode
from underway.rotate.blockers import Blocker
from underway.rotate.estimates import estimates_of
from underway.rotate.kinds.conditions import published
from underway.rotate.kinds.status import RotationStatus
from underway.rotate.observe import Observed
from underway.rotate.operator.happenings import happenings
from underway.rotate.owners import with_owners
from underway.rotate.plan import plan
from underway.rotate.spec import Owners, Rotation, rotation_from
from underway.rotate.status import Status

SHOP = decode.from_values("Namespace", {"kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "tills"}}})


def rotation(**owners: Any) -> Rotation:
    spec = {"target": {"kubeletVersion": "v1.37.2"}, "owners": owners}
    values = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "r"}, "spec": spec}
    return rotation_from(values, "r.yaml", ["nodes-ready", "workloads-available", "api-server"], ["Command"])


def test_a_plan_names_the_team_of_each_blocker() -> None:
    picture = cluster(node("n1"), pod("web-1", "n1"), budget(maxUnavailable=0, allowed=0), SHOP)
    wanted = rotation()
    (blocker,) = plan(wanted, picture, estimates_of(wanted.spec), 0).blockers
    assert (blocker.pod, blocker.owner) == ("shop/web-1", "tills")
    assert blocker.sentence.endswith("loosen the budget (owner: tills)")


def test_a_mapping_comes_before_the_namespaces_own_word_and_keys_may_be_chosen() -> None:
    picture = cluster(node("n1"), pod("web-1", "n1", metadata={"annotations": {"example.com/on-call": "night"}}), SHOP)
    blocker = Blocker("n1", "no", "shop/web-1")
    (mapped,) = with_owners([blocker], picture, Owners(namespaces={"shop": "platform"}))
    assert mapped.owner == "platform"
    (chosen,) = with_owners([blocker], picture, Owners(keys=("example.com/on-call",)))
    assert chosen.owner == "night"


def test_without_a_pod_the_budgets_namespace_or_the_node_answers() -> None:
    picture = cluster(node("n1", labels={"team": "metal"}), SHOP)
    found = with_owners([Blocker("n1", "no", budget="shop/web"), Blocker("n1", "no"), Blocker("gone", "no")], picture, Owners())
    assert [one.owner for one in found] == ["tills", "metal", ""]


def test_the_status_and_its_event_name_the_team() -> None:
    calm = Status("workers", "Progressing")
    blocked = Status("workers", "Blocked", "needs 2", blockers=(Blocker("n2", "needs 2", "shop/a", "shop/pdb", "tills"),))
    shown = published(blocked, 1, RotationStatus(), 0)
    assert shown.blockers[0].owner == "tills"
    told = {one.reason: one.message for one in happenings(calm, blocked)}
    assert told["NodeBlocked"] == "node n2: needs 2 (owner: tills)"


def test_namespaces_that_may_not_be_read_stop_nothing() -> None:
    observed = Observed(iter(range(100)))
    for request in observed.poll(0, Random(0)):
        if request.resource == r.NAMESPACES:
            reply = Reply(request=request, code=403)
        else:
            reply = Reply(request=request, code=200, body=ObjectList("1", ()))
        observed.receive(reply, 0, Random(0))
    assert observed.synced
    assert observed.failure == ""


def test_a_key_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(UsageError, match=r"spec\.owners\.keys\[1\]: 'the team' is not the key of a label or annotation"):
        rotation(keys=["team", "the team"])
