"""api-server: /readyz says ok, and says it in time.

threshold: the median of the last answers in milliseconds that is put up with (default 1,000, the Kubernetes API's own
service level objective for single-object calls, sig-scalability slos). A failing check, such as [-]etcd, is named.
"""

from statistics import median

from underway.rotate.gates.judgement import Evidence, Gate
from underway.rotate.spec import Gate as GateSpec

OK = 200
RECENT = 5  # probes: one slow answer among five does not move a median
SLOW_MS_DEFAULT = 1_000.0


def judge(evidence: Evidence, asked: GateSpec) -> str:
    """Why the API server cannot be leaned on."""
    recent = list(evidence.probes)[-RECENT:]
    if not recent:
        return ""
    last = recent[-1]
    if last.code != OK:
        failing = [line.removeprefix("[-]") for line in last.text.splitlines() if line.startswith("[-]")]
        named = f": {'; '.join(failing)}" if failing else ""
        return (
            f"API server does not answer /readyz{named}"
            if last.code == 0
            else f"API server is not ready (HTTP {last.code}){named}"
        )
    typical_ms = median(probe.elapsed_ms for probe in recent)
    limit_ms = SLOW_MS_DEFAULT if asked.threshold is None else asked.threshold
    if typical_ms > limit_ms:
        return f"API server answers /readyz in {typical_ms:.0f} ms, limit {limit_ms:.0f} ms"
    return ""


GATE = Gate("api-server", judge, for_s=10, probes=True)
