"""How many pods a rolling update may take away. Source: kubernetes pkg/controller/deployment/util, ResolveFenceposts."""

from math import ceil, floor

from underway.lint.objects.workload import Deployment, RollingUpdate
from underway.model.meta import IntOrString

DEFAULT = "25%"


def unavailable_most(update: RollingUpdate | None, desired: int) -> int:
    """How many of `desired` pods may be missing; both bounds at 0 would stand still and count as 1 missing."""
    written = update or RollingUpdate()
    surge = surge_most(update, desired)
    missing = _resolved(DEFAULT if written.max_unavailable is None else written.max_unavailable, desired, up=False)
    return 1 if surge == 0 and missing == 0 else min(missing, desired)


def waits_for_one_more(deployment: Deployment) -> bool:
    """Whether its rollout does not go on without a pod more than is wanted."""
    update, wanted = deployment.spec.strategy.rolling_update, deployment.wanted
    rolling = deployment.spec.strategy.type in ("", "RollingUpdate") and not deployment.spec.paused
    return rolling and wanted > 0 and surge_most(update, wanted) > 0 and unavailable_most(update, wanted) == 0


def surge_most(update: RollingUpdate | None, desired: int) -> int:
    """How many pods there may be beyond `desired`."""
    written = update.max_surge if update is not None else None
    return _resolved(DEFAULT if written is None else written, desired, up=True)


def _resolved(value: IntOrString, total: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    number = value.removesuffix("%")
    share = (int(number) if number.isdigit() else 0) * total / 100
    return ceil(share) if up else floor(share)
