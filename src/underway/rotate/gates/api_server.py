"""api-server: /readyz says ok, and says it in time; with Prometheus named, it also turns nobody away and has seats to spare.

threshold: the median of the last answers in milliseconds that is put up with (default 1,000, the Kubernetes API's own
service level objective for single-object calls, sig-scalability slos). A failing check, such as [-]etcd, is named. With
`prometheus`, the share of requests answered 429 and the requests in flight are watched as well, for all clients together.
Sources: "API Priority and Fairness" (apiserver_flowcontrol_*); component-base metrics (apiserver_request_total).
"""

from collections.abc import Sequence
from statistics import median

from underway.rotate.effects import Question
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates.judgement import Evidence, Finding, Gate, Probe, Unknown, latest

OK = 200
RECENT = 5  # probes: one slow answer among five does not move a median
SLOW_MS_DEFAULT = 1_000.0
TURNED_AWAY_MAX = 0.01  # one request in a hundred, as at the ingress
SEATS_TAKEN_MAX = 0.9  # of a priority level: beyond it, requests begin to queue
ALL = "apiserver_request_total"
TURNED_AWAY = f'(sum(rate({ALL}{{code="429"}}[1m])) or vector(0)) / sum(rate({ALL}[1m]))'
# Exempt requests never queue: their level has no seats of its own. A server without priority and fairness has no such series.
LEVEL = 'sum by (priority_level) (apiserver_flowcontrol_{}{{priority_level!="exempt"}})'
SEATS_TAKEN = f"max({LEVEL.format('current_executing_seats')} / ({LEVEL.format('current_limit_seats')} > 0))"


def questions(asked: GateSpec) -> tuple[Question, ...]:
    """The share of requests turned away and the share of seats taken, if there is a Prometheus to ask."""
    if not asked.prometheus:
        return ()
    return tuple(Question("prometheus", url=asked.prometheus, query=query) for query in (TURNED_AWAY, SEATS_TAKEN))


def judge(evidence: Evidence, asked: GateSpec) -> Finding:
    """Why the API server cannot be leaned on."""
    seen = _probed(list(evidence.probes)[-RECENT:], asked.threshold)
    return seen or (_measured(evidence) if asked.prometheus else "")


def _probed(recent: Sequence[Probe], threshold_ms: float | None) -> str:
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
    limit_ms = SLOW_MS_DEFAULT if threshold_ms is None else threshold_ms
    if typical_ms > limit_ms:
        return f"API server answers /readyz in {typical_ms:.0f} ms, limit {limit_ms:.0f} ms"
    return ""


def _measured(evidence: Evidence) -> Finding:
    turned_away, taken = latest(evidence, 0), latest(evidence, 1)
    if isinstance(turned_away, Unknown):
        return turned_away
    if isinstance(taken, Unknown):
        return taken
    if not turned_away.values:
        return Unknown(f"Prometheus knows no {ALL}: it does not scrape the API server")
    if turned_away.values[0] > TURNED_AWAY_MAX:
        return f"API server turns away {turned_away.values[0]:.1%} of all requests (429), limit {TURNED_AWAY_MAX:.0%}"
    if taken.values and taken.values[0] > SEATS_TAKEN_MAX:
        return f"API server has {taken.values[0]:.0%} of a priority level's seats in flight, limit {SEATS_TAKEN_MAX:.0%}"
    return ""


GATE = Gate("api-server", judge, for_s=10, probes=True, questions=questions)
