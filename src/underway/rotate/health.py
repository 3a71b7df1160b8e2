"""The gates of one rotation over time: since when each is in breach, and what that means now.

Owns hysteresis (a breach has to last `for`, and to be over for `recovery`), the probes of the API server and the questions
that gates have. A gate's judgement itself is in `rotate.gates`. What is unknown makes the rotation wait; it never freezes it,
since nothing bad was seen, and never lets it go on, since nothing good was.
"""

from collections import deque
from collections.abc import Iterator

import msgspec

from underway.model.duration import seconds
from underway.policy.readiness import node_unready, workload_unavailable
from underway.rotate.effects import Answer, Ask
from underway.rotate.gate_spec import GateSpec
from underway.rotate.gates import GATES
from underway.rotate.gates.judgement import STALE_INTERVALS, Evidence, Finding, Gate, Probe, Unknown
from underway.rotate.gates.pending_pods import unschedulable
from underway.rotate.record import marked_version

PROBE_EVERY_MS = 4_000  # from question to question: what it finds stops the rotation within 5 s
VERSION_EVERY_MS = 60_000
PROBES_KEPT = 20
ANSWERS_KEPT = 4


class Breach(msgspec.Struct, frozen=True):
    """A gate in breach for long enough."""

    gate: str
    reason: str
    since_ms: int


class Verdict(msgspec.Struct, frozen=True):
    """What the gates say: wait (no new node), freeze, or, with neither, go on. due_ms: when time alone may change that, or
    something is to be asked.
    """

    wait: tuple[Breach, ...] = ()
    freeze: tuple[Breach, ...] = ()
    due_ms: int | None = None


class Course:
    """One gate over time: how it was specified, what was asked and answered, and since when it is how it is."""

    def __init__(self, spec: GateSpec, gate: Gate) -> None:
        self.spec = spec
        self.gate = gate
        self.questions = gate.questions(spec) if gate.questions else ()
        self.answers: tuple[deque[Answer], ...] = tuple(deque(maxlen=ANSWERS_KEPT) for _ in self.questions)
        self.answered_ms = [0] * len(self.questions)
        self.asked_ms = [0] * len(self.questions)
        self.next_ms = [0] * len(self.questions)
        self.baseline: tuple[float, ...] = ()
        self.interval_ms = _ms(spec.interval) or round(gate.interval_s * 1_000)
        self.since_ms: int | None = None
        self.breach: Breach | None = None
        self.well_since_ms: int | None = None
        self.told = False
        self._last: tuple[int, Finding] | None = None

    def current(self, now_ms: int) -> tuple[tuple[Answer, ...], ...]:
        """The answers, as far as they are not too old to say anything."""
        limit_ms = self.interval_ms * STALE_INTERVALS
        return tuple(
            (*answers, msgspec.structs.replace(answers[-1], error=f"no answer for {(now_ms - at_ms) // 1_000} s"))
            if answers and now_ms > at_ms + limit_ms
            else tuple(answers)
            for answers, at_ms in zip(self.answers, self.answered_ms, strict=True)
        )

    def take_baseline(self) -> None:
        """Keep the first answers, once every question has one."""
        values = [answers[-1].values[0] for answers in self.answers if answers and not answers[-1].error and answers[-1].values]
        if self.gate.baseline and not self.baseline and len(values) == len(self.questions):
            self.baseline = tuple(values)

    def judge(self, evidence: Evidence, now_ms: int) -> tuple[Breach | None, bool, int | None]:
        """The breach that holds now, whether it is only not known, and when time alone may change that."""
        found = self._judged(evidence, now_ms)
        if found == "":
            return self._well(now_ms)
        self.well_since_ms = None
        self.since_ms = self._seen_ms(evidence, now_ms) if self.since_ms is None else self.since_ms
        reason = found if isinstance(found, str) else f"not known: {found.reason}"
        unknown = isinstance(found, Unknown)
        lasts_ms = self.since_ms + (_ms(self.spec.for_) if self.spec.for_ else round(self.gate.for_s * 1_000))
        at_once = isinstance(found, Unknown) and (found.yet or not self.told)  # it never was known to be well
        if now_ms < lasts_ms and not at_once and self.breach is None:
            return None, False, lasts_ms
        if not unknown:
            self.breach = Breach(self.gate.name, reason, self.since_ms)
        return Breach(self.gate.name, reason, self.since_ms), unknown, None

    def _seen_ms(self, evidence: Evidence, now_ms: int) -> int:
        """How old a breach found now is at least: what is asked was so when it was asked, however late the answer came."""
        probed = [probe.asked_ms for probe in evidence.probes[-1:]] if self.gate.probes else []
        asked = [asked_ms for asked_ms, answers in zip(self.asked_ms, self.answers, strict=True) if answers]
        return max((*probed, *asked), default=now_ms)

    def _judged(self, evidence: Evidence, now_ms: int) -> Finding:
        """What the gate finds; one that takes time is not asked again within its interval."""
        if self.gate.paced and self._last is not None and now_ms < self._last[0] + self.interval_ms:
            return self._last[1]
        seen = msgspec.structs.replace(evidence, answers=self.current(now_ms), baseline=self.baseline)
        found = self.gate.judge(seen, self.spec)
        self._last = (now_ms, found)
        return found

    def _well(self, now_ms: int) -> tuple[Breach | None, bool, int | None]:
        self.well_since_ms = now_ms if self.well_since_ms is None else self.well_since_ms
        over_ms = self.well_since_ms + _ms(self.spec.recovery)
        if self.breach is not None and now_ms < over_ms:
            return msgspec.structs.replace(self.breach, reason=f"{self.breach.reason} (well again, for too short)"), True, over_ms
        self.since_ms, self.breach = None, None
        return None, False, None


class _ServerVersion(msgspec.Struct, rename="camel"):
    """What /version answers, as far as it matters here."""

    git_version: str = ""


def git_version(body: str) -> str:
    """The version in an answer of /version, "" if there is none."""
    try:
        return msgspec.json.decode(body, type=_ServerVersion).git_version
    except msgspec.DecodeError:
        return ""


def _ms(text: str) -> int:
    return round(seconds(text) * 1_000) if text else 0


class Health:
    """The gates that a specification names, in its order."""

    def __init__(self, specs: tuple[GateSpec, ...]) -> None:
        by_name = {gate.name: gate for gate in GATES}
        self._courses = [Course(spec, by_name[spec.gate]) for spec in specs]
        self._probes: deque[Probe] = deque(maxlen=PROBES_KEPT)
        self._already_short: frozenset[str] | None = None
        self._already_unready: frozenset[str] | None = None
        self._already_pending: frozenset[str] | None = None
        self._first_seen: dict[str, str] = {}
        self._next_probe_ms = 0
        self._next_version_ms = 0
        self._server = ""

    # What is asked

    def probe_due(self, now_ms: int) -> bool:
        """Whether /readyz should be asked now."""
        return any(course.gate.probes for course in self._courses) and now_ms >= self._next_probe_ms

    def version_due(self, now_ms: int) -> bool:
        """Whether /version should be asked now."""
        return any(course.gate.versions for course in self._courses) and now_ms >= self._next_version_ms

    @property
    def quotas_every_ms(self) -> int | None:
        """How often the provider should be asked for its quotas, None for never."""
        return min((course.interval_ms for course in self._courses if course.gate.quotas), default=None)

    def probed(self, probe: Probe) -> None:
        """Take an answer of /readyz."""
        self._probes.append(probe)
        self._next_probe_ms = probe.asked_ms + PROBE_EVERY_MS

    def told_version(self, version: str, now_ms: int) -> None:
        """Take an answer of /version; "" for none."""
        self._server = version or self._server
        self._next_version_ms = now_ms + (VERSION_EVERY_MS if version else PROBE_EVERY_MS)

    def asks(self, ids: Iterator[int], now_ms: int) -> list[Ask]:
        """The questions that are due. One that is never answered is asked again after its timeout."""
        due = []
        for gate, course in enumerate(self._courses):
            for part, question in enumerate(course.questions):
                if now_ms >= course.next_ms[part]:
                    course.next_ms[part] = now_ms + course.interval_ms + round(question.timeout_s * 1_000)
                    due.append(Ask(id=next(ids), gate=gate, part=part, question=question))
        return due

    def answered(self, answer: Answer, now_ms: int) -> None:
        """Take an answer."""
        course, part = self._courses[answer.request.gate], answer.request.part
        course.answers[part].append(answer)
        course.asked_ms[part] = now_ms - answer.elapsed_ms
        course.next_ms[part] = course.asked_ms[part] + course.interval_ms
        if not answer.error:
            course.answered_ms[part], course.told = now_ms, True
        course.take_baseline()

    # What is kept for the next driver

    @property
    def baselines(self) -> dict[str, tuple[float, ...]]:
        """What was measured before the rotation, by the place of the gate in spec.health."""
        return {str(index): course.baseline for index, course in enumerate(self._courses) if course.baseline}

    def restore(self, baselines: dict[str, tuple[float, ...]]) -> None:
        """Take what an earlier driver has measured."""
        for index, course in enumerate(self._courses):
            course.baseline = baselines.get(str(index), ()) or course.baseline

    # What it means

    def judge(self, evidence: Evidence, now_ms: int) -> Verdict:
        """What the gates say now. The first call notes what is amiss already."""
        evidence = self._with_memory(evidence)
        wait: list[Breach] = []
        freeze: list[Breach] = []
        due = [at_ms for at_ms in self._asking_ms() if at_ms > now_ms]
        for course in self._courses:
            breach, unknown, due_ms = course.judge(evidence, now_ms)
            if due_ms is not None:
                due.append(due_ms)
            if breach is not None:
                (freeze if course.spec.on_breach == "Freeze" and not unknown else wait).append(breach)
        return Verdict(tuple(wait), tuple(freeze), min(due, default=None))

    def _asking_ms(self) -> Iterator[int]:
        """When something is to be asked next."""
        if any(course.gate.probes for course in self._courses):
            yield self._next_probe_ms
        for course in self._courses:
            yield from course.next_ms

    def _with_memory(self, evidence: Evidence) -> Evidence:
        snapshot = evidence.snapshot
        short = frozenset(key for key, workload in snapshot.workloads.items() if workload_unavailable(workload))
        unready = frozenset(name for name, node in snapshot.nodes.items() if node_unready(node))
        pending = frozenset(pod.metadata.uid for pod in snapshot.pods_on("") if unschedulable(pod))
        self._already_short = short if self._already_short is None else self._already_short & short
        self._already_unready = unready if self._already_unready is None else self._already_unready & unready
        self._already_pending = pending if self._already_pending is None else self._already_pending & pending
        nodes = {node.metadata.uid: node for node in snapshot.nodes.values()}
        # Old nodes carry theirs, so that it outlives this driver; of the others only we know.
        self._first_seen = {
            uid: marked_version(node) or self._first_seen.get(uid) or node.status.node_info.kubelet_version
            for uid, node in nodes.items()
        }
        return msgspec.structs.replace(
            evidence,
            already_short=self._already_short,
            already_unready=self._already_unready,
            already_pending=self._already_pending,
            probes=tuple(self._probes),
            server=self._server,
            first_seen=self._first_seen,
        )
