"""quota: the provider makes the machines that it is asked for.

Judged from the provider's own answers: a machine that stays Pending with a reason (quota, capacity, throttling), or a request
that was refused. threshold: how many such machines are put up with (default 0). What else the account would bear, the
provider's own settings tell; a rotation needs only what it asks for.
"""

from underway.rotate.gates.judgement import Evidence, Gate
from underway.rotate.spec import Gate as GateSpec


def judge(evidence: Evidence, asked: GateSpec) -> str:
    """What the provider said first, beyond the threshold."""
    refused = evidence.refused
    if len(refused) <= (asked.threshold or 0):
        return ""
    more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
    return f"the machine provider says: {refused[0]}{more}"


GATE = Gate("quota", judge, for_s=30)
