"""ingress-latency: p50, p95, p99 and the share of errors at the ingress stay close to what they were before the rotation.

The baseline is the first answer, taken before the first node is begun and kept on the Lease. threshold: the factor over the
baseline that is put up with (default 2); the share of errors may rise by one percentage point. histogram and requests name the
metrics (defaults: those of ingress-nginx), match narrows them ('ingress="shop"').
"""

from underway.rotate.effects import Question
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Finding, Gate, Unknown, latest

HISTOGRAM = "nginx_ingress_controller_request_duration_seconds"
REQUESTS = "nginx_ingress_controller_requests"
QUANTILES = (0.5, 0.95, 0.99)
FACTOR_DEFAULT = 2.0
ERRORS_MORE_MAX = 0.01  # one request in a hundred: what a 99 % objective bears
SECONDS_MIN = 0.005  # the first bucket of most histograms: a factor of what cannot be measured says nothing
RANGE = "1m"


def questions(asked: GateSpec) -> tuple[Question, ...]:
    """The three quantiles, and the share of answers that are 5xx."""
    histogram, requests = asked.histogram or HISTOGRAM, asked.requests or REQUESTS
    bucket = f"sum by (le) (rate({histogram}_bucket{{{asked.match}}}[{RANGE}]))"
    failed = ",".join(part for part in ('status=~"5.."', asked.match) if part)
    errors = f"(sum(rate({requests}{{{failed}}}[{RANGE}])) or vector(0)) / sum(rate({requests}{{{asked.match}}}[{RANGE}]))"
    queries = (*(f"histogram_quantile({quantile}, {bucket})" for quantile in QUANTILES), errors)
    return tuple(Question("prometheus", url=asked.prometheus, query=query) for query in queries)


def judge(evidence: Evidence, asked: GateSpec) -> Finding:
    """The first figure that is worse than the baseline bears."""
    values: list[float] = []
    for index in range(len(QUANTILES) + 1):
        answer = latest(evidence, index)
        if isinstance(answer, Unknown):
            return answer
        if not answer.values:
            return Unknown("the ingress has no requests to measure", yet=True)
        values.append(answer.values[0])
    if len(evidence.baseline) != len(values):
        return Unknown("the baseline is still being taken", yet=True)
    factor = FACTOR_DEFAULT if asked.threshold is None else asked.threshold
    for quantile, now_s, before_s in zip(QUANTILES, values, evidence.baseline, strict=False):
        if now_s > max(before_s, SECONDS_MIN) * factor:
            return f"p{quantile * 100:.0f} is {now_s * 1_000:.0f} ms, {before_s * 1_000:.0f} ms before; limit is {factor:g} times"
    errors, before = values[-1], evidence.baseline[-1]
    if errors > before + ERRORS_MORE_MAX:
        return f"{errors:.1%} of the requests fail, {before:.1%} before"
    return ""


GATE = Gate("ingress-latency", judge, for_s=30, questions=questions, baseline=True)
