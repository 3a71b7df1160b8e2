"""Leases: who holds something, until when. Source: coordination/v1 types.go."""

from underway.model.meta import Model, ObjectMeta


class LeaseSpec(Model, frozen=True):
    """The holder and its term. Times are RFC 3339 with microseconds."""

    holder_identity: str = ""
    lease_duration_seconds: int | None = None
    acquire_time: str = ""
    renew_time: str = ""
    lease_transitions: int = 0


class Lease(Model, frozen=True):
    """One lease."""

    metadata: ObjectMeta
    spec: LeaseSpec = LeaseSpec()
