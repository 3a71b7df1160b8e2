"""What a plan notes of the cluster that forbids nothing."""

import pytest

from objects import NEW, cluster, node
from underway.model import timestamp
from underway.rotate.estimates import Estimates
from underway.rotate.plan import plan, scored
from underway.rotate.spec import Rotation, RotationMetadata, RotationSpec, Target

NOW_MS = timestamp.parse("2026-01-01T01:00:00Z")


def notes(old: int, new: int) -> tuple[str, ...]:
    """Those of a cluster of so many nodes."""
    nodes = [*(node(f"o{number}") for number in range(old)), *(node(f"n{number}", NEW) for number in range(new))]
    rotation = Rotation(RotationMetadata("r"), RotationSpec(Target(kubelet_version=NEW)))
    return plan(rotation, cluster(*nodes), Estimates(), NOW_MS).warnings


@pytest.mark.parametrize(
    ("nodes", "compared"), [(3, 3), (100, 100), (101, 100), (200, 100), (220, 107), (1_000, 420), (10_000, 500)]
)
def test_the_scheduler_compares_as_many_nodes_as_its_own_rule_says(nodes: int, compared: int) -> None:
    assert scored(nodes) == compared


def test_a_cluster_in_which_the_scheduler_may_see_no_new_node_is_noted() -> None:
    (note,) = notes(2, 218)
    assert note == (
        "the cluster has 220 nodes, and unless told otherwise kube-scheduler compares only 107 of them for a pod: some pods will "
        "land on another old node and move twice (of 200 nodes it was one in ten); percentageOfNodesToScore: 100 in its "
        "configuration, for as long as the rotation lasts, has it look at all"
    )


def test_nothing_is_noted_of_a_cluster_that_it_sees_whole_or_where_no_old_node_would_be_left() -> None:
    assert notes(2, 98) == ()
    assert notes(1, 219) == ()
