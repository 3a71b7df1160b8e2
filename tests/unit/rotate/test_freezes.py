"""The levels of a freeze: who wins, what is held, and that what cannot be read stops everything."""

from objects import node
from underway.model.lease import Lease
from underway.model.meta import LabelSelector, ObjectMeta
from underway.rotate.freezes import (
    FREEZES,
    Freeze,
    annotations_of,
    freezes_of,
    held_nodes,
    holding,
    resumed_ms,
    standing,
)
from underway.rotate.record import Journal

POOL = Freeze("incident 7", "user", 5, "pool=a", LabelSelector(match_labels={"pool": "a"}))
CLUSTER = Freeze("black friday", "user", 9)


def lease(**annotations: str) -> Lease:
    return Lease(ObjectMeta(name="underway.freeze", annotations=annotations))


def test_freezes_are_read_back_as_they_were_written() -> None:
    written = annotations_of([POOL, CLUSTER], 20_000, ended=False)
    assert freezes_of(Lease(ObjectMeta(annotations={k: v for k, v in written.items() if v}))) == (POOL, CLUSTER)
    assert annotations_of([], 20_000, ended=True)[FREEZES] is None
    ended = {k: v for k, v in annotations_of([], 20_000, ended=True).items() if v}
    assert resumed_ms(Lease(ObjectMeta(annotations=ended))) == 20_000


def test_a_cluster_that_is_frozen_stays_so_whatever_its_rotations_say() -> None:
    frozen = standing(Journal(frozen="a gate", frozen_by="gate x"), [POOL, CLUSTER])
    assert frozen is not None
    assert (frozen.level, frozen.reason, frozen.since_ms) == ("cluster", "black friday", 9)
    assert standing(Journal(), [POOL]) is None


def test_what_cannot_be_read_freezes_the_cluster() -> None:
    (freeze,) = freezes_of(lease(**{FREEZES: "[{"}))
    assert freeze.selector is None
    assert "annotation rotation.underway.dev/freezes of Lease underway.freeze cannot be read" in freeze.reason


def test_a_pool_holds_its_nodes_alone_and_the_rotation_only_once_nothing_else_is_left() -> None:
    inside, outside = node("n1", labels={"pool": "a"}), node("n2", labels={"pool": "b"})
    held = held_nodes([POOL], [inside, outside])
    assert list(held) == ["n1"]
    assert holding(held, [inside, outside]) is None
    frozen = holding(held, [inside])
    assert frozen is not None
    assert (frozen.level, frozen.reason) == ("pool", "incident 7 (1 of pool pool=a)")
    assert holding(held, []) is None


def test_blocked_means_that_nothing_is_left_that_could_go() -> None:
    from underway.model.snapshot import Snapshot
    from underway.rotate.blockers import Blocker
    from underway.rotate.situation import Situation
    from underway.rotate.status import is_blocked

    first, second = node("n1"), node("n2")
    situation = Situation(Snapshot(), {}, Journal(), 0)
    assert not is_blocked(situation, [first, second], [Blocker("n1", "a budget")]), "n2 has only not been begun yet"
    assert is_blocked(situation, [first], [Blocker("n1", "a budget")])
