"""Who answers for a pod, and in which order its surroundings are asked."""

from typing import Any

from objects import cluster, pod
from underway.model import decode
from underway.model.snapshot import Snapshot
from underway.policy.ownership import owner_in, owner_of_pod, workload_of

KEYS = ("underway.dev/owner", "team")


def deployment(name: str = "web", **metadata: Any) -> Any:
    return decode.from_values("Deployment", {"metadata": {"name": name, "namespace": "shop", **metadata}})


def namespace(**metadata: Any) -> Any:
    return decode.from_values("Namespace", {"kind": "Namespace", "metadata": {"name": "shop", **metadata}})


def replica(**metadata: Any) -> Any:
    controller = {"kind": "ReplicaSet", "name": "web-5c9", "uid": "u", "controller": True}
    labels = {"pod-template-hash": "5c9", **metadata.pop("labels", {})}
    return pod("web-5c9-x", "n1", metadata={"ownerReferences": [controller], "labels": labels, **metadata})


def owner(of: Any, snapshot: Snapshot, **mapped: str) -> str:
    return owner_of_pod(of, snapshot, KEYS, mapped)


def test_the_pod_speaks_before_its_deployment_the_mapping_and_its_namespace() -> None:
    above = cluster(deployment(labels={"team": "tills"}), namespace(labels={"team": "floor"}))
    assert owner(replica(labels={"team": "carts"}), above, shop="mapped") == "carts"
    assert owner(replica(), above, shop="mapped") == "tills"
    assert owner(replica(), cluster(namespace(labels={"team": "floor"})), shop="mapped") == "mapped"
    assert owner(replica(), cluster(namespace(labels={"team": "floor"}))) == "floor"
    assert owner(replica(), cluster()) == ""


def test_an_annotation_is_as_good_as_a_label_and_the_weightier_key_wins() -> None:
    both = replica(labels={"team": "old"}, annotations={"underway.dev/owner": "new"})
    assert owner(both, cluster()) == "new"
    assert owner(replica(), cluster(namespace(annotations={"team": "floor"}))) == "floor"


def test_a_deployment_is_found_through_its_replica_set_by_the_hash_alone() -> None:
    found = workload_of(replica(), cluster(deployment()))
    assert found is not None
    assert found.key == "Deployment/shop/web"
    assert workload_of(replica(labels={"pod-template-hash": ""}), cluster(deployment())) is None
    assert workload_of(pod("lone", "n1", owner=""), cluster(deployment())) is None


def test_other_workloads_are_found_by_their_name() -> None:
    of = decode.from_values("StatefulSet", {"metadata": {"name": "db", "namespace": "shop", "annotations": {"team": "data"}}})
    assert owner(pod("db-0", "n1", app="db", owner="StatefulSet"), cluster(of)) == "data"


def test_a_namespace_that_is_not_seen_answers_nothing() -> None:
    assert owner_in("shop", cluster(), KEYS, {}) == ""
