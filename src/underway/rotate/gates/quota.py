"""quota: the provider makes the machines that it is asked for, and has what one more would take.

Judged from the provider's own answers: a machine that stays Pending with a reason (quota, capacity, throttling), a request
that was refused, and what it says is left: instances, vCPUs, addresses (once a minute). What our own surge takes comes free again
and does not count. A provider that cannot be asked is unknown, never healthy. threshold: how many refused machines are put up
with (default 0).
"""

from underway.rotate.effects import Quota
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Finding, Gate, Unknown


def judge(evidence: Evidence, asked: GateSpec) -> Finding:
    """What the provider said first, beyond the threshold; then what is used up; then what is not known."""
    refused = evidence.refused
    if len(refused) > (asked.threshold or 0):
        more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        return f"the machine provider says: {refused[0]}{more}"
    if isinstance(evidence.quotas, Unknown):
        return evidence.quotas
    short = [quota for quota in evidence.quotas if is_short(quota, evidence)]
    if not short:
        return ""
    more = f", and {len(short) - 1} more" if len(short) > 1 else ""
    return f"{told(short[0])}{more}"


def is_short(quota: Quota, evidence: Evidence) -> bool:
    """Whether there is no room for one more machine, or, where none comes before its predecessor has gone, less than none."""
    used = quota.used - evidence.extra * quota.needs
    return used + (quota.needs if evidence.surges else 0) > quota.limit


def told(quota: Quota) -> str:
    """A quota in words."""
    return f"{quota.name}: {quota.used:g} of {quota.limit:g} are used, one machine more takes {quota.needs:g}"


GATE = Gate("quota", judge, for_s=0, quotas=True, interval_s=60.0)
