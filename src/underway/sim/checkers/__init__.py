"""Judges of a simulated run: own arithmetic, from what the world shows; they import nothing that they judge."""

from underway.sim.checkers.astray_eviction import AstrayEviction
from underway.sim.checkers.budget_exceeded import BudgetExceeded
from underway.sim.checkers.canary_alone import CanaryAlone
from underway.sim.checkers.deadline_delete import DeadlineDelete
from underway.sim.checkers.double_terminate import DoubleTerminate
from underway.sim.checkers.early_eviction import EarlyEviction
from underway.sim.checkers.etcd_quorum import EtcdQuorum
from underway.sim.checkers.every_node_reached import EveryNodeReached
from underway.sim.checkers.evidence import Checker
from underway.sim.checkers.frozen_acts import FrozenActs
from underway.sim.checkers.grace_zero import GraceZero
from underway.sim.checkers.long_work import LongWork
from underway.sim.checkers.pdb_overspent import PdbOverspent
from underway.sim.checkers.short_soak import ShortSoak
from underway.sim.checkers.single_replica import SingleReplica
from underway.sim.checkers.stranded_cordon import StrandedCordon
from underway.sim.checkers.undrained_terminated import UndrainedTerminated
from underway.sim.checkers.window_acts import WindowActs

CHECKERS: tuple[type[Checker], ...] = (
    PdbOverspent,
    BudgetExceeded,
    UndrainedTerminated,
    FrozenActs,
    DoubleTerminate,
    GraceZero,
    StrandedCordon,
    EveryNodeReached,
    WindowActs,
    CanaryAlone,
    LongWork,
    DeadlineDelete,
    AstrayEviction,
    EarlyEviction,
    ShortSoak,
    SingleReplica,
    EtcdQuorum,
)
