"""What a run may be told: the target version, thresholds, and whose semantics.

Every threshold of a rule is here, with its source; nothing is read from anywhere else.
"""

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a run.

    compat: "clusterlint" gives its semantics where ours differ (each rule's page says how). target: the minor version to
    upgrade to, as in 1.37, None for none. now_ms: epoch milliseconds, for whatever ages. owner_labels: which label names an
    object's team.
    """

    compat: str = ""
    target: int | None = None
    now_ms: int = 0
    owner_labels: tuple[str, ...] = ("team", "owner", "app.kubernetes.io/team", "app.kubernetes.io/part-of")
    pre_stop_s_min: float = 5.0  # EndpointSlices reach every proxy within a few seconds
    pre_stop_external_s_min: float = 15.0  # cloud load balancers deregister in 10 to 15 s by default
    drain_timeout_s: float = 1800.0  # AKS drains for 30 minutes by default
    stale_days: float = 30.0  # managedFields older than this say what was, not what is

    @property
    def as_clusterlint(self) -> bool:
        """Whether clusterlint's own semantics are wanted."""
        return self.compat == "clusterlint"
