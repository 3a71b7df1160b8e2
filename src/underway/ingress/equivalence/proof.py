"""The proof that two sides route alike, or the request that shows that they do not.

Owns the comparison. For every host, scheme, path, method, header and parameter that either side can tell apart there is one
request; equal answers to all of them are a proof, the first unequal ones a counterexample.
"""

from collections.abc import Callable

import msgspec

from underway.ingress.equivalence.classes import (
    STEPS_IN_ALL_MAX,
    STEPS_MAX,
    Hosts,
    Paths,
    host_classes,
    path_classes,
    requests_of,
)
from underway.ingress.equivalence.verdict import Difference, HostVerdict, Proof, Verdict, worst
from underway.ingress.matchers.answer import Answer, Backend, nothing, outcome
from underway.ingress.matchers.request import Request
from underway.ingress.matchers.router import Router, View

DIFFERENCES_MAX = 8  # shown for one host


def prove(left: Router, right: Router, only: Callable[[str], bool] = lambda _: True) -> Proof:
    """The verdict on two sides, host by host. left, right: what was and what is to be; only: the hosts to look at."""
    asked = [hosts for hosts in host_classes(left.hosts() | right.hosts()) if only(hosts.label)]
    budget = Budget()
    verdicts = [_HostProof(left, right, hosts, budget).verdict() for hosts in asked]
    cases = sum(one.cases for one in verdicts)
    return Proof(worst(one.verdict for one in verdicts), tuple(verdicts), cases)


class Budget:
    """Steps of automata: so many for one host, so many for all, so that hostile expressions end in TESTED instead of never."""

    def __init__(self) -> None:
        self.left = STEPS_IN_ALL_MAX

    def paths(self, one: View, other: View) -> Paths:
        """The paths for two views of a host."""
        found = path_classes([*one.atoms(), *other.atoms()], min(STEPS_MAX, self.left))
        self.left -= found.steps
        return found


class _HostProof:
    """The comparison of one line of the report."""

    def __init__(self, left: Router, right: Router, hosts: Hosts, budget: Budget) -> None:
        self._left, self._right, self._hosts, self._budget = left, right, hosts, budget
        self._cases = 0
        self._tested = ""
        self._unknown = ""
        self._differences: dict[tuple[str, str], Difference] = {}

    def verdict(self) -> HostVerdict:
        """The verdict on the host."""
        for host in self._hosts.hosts:
            for scheme in ("http", "https"):
                for one in self._left.views(scheme, host):
                    for other in self._right.views(scheme, host):
                        self._views(host, scheme, one, other)
        found = tuple(self._differences.values())
        label = self._hosts.label
        if found:
            return HostVerdict(label, Verdict.REFUTED, self._cases, found[0], found[1:DIFFERENCES_MAX], found[0].reason)
        if self._unknown:
            return HostVerdict(label, Verdict.UNKNOWN, self._cases, reason=self._unknown)
        if self._tested:
            return HostVerdict(label, Verdict.TESTED, self._cases, reason=self._tested)
        return HostVerdict(label, Verdict.PROVED, self._cases)

    def _views(self, host: str, scheme: str, one: View, other: View) -> None:
        if scheme == "https" and not self._certificates(host, one, other):
            return
        paths = self._budget.paths(one, other)
        self._note(paths)
        for path in paths.paths:
            base = Request(host, path, scheme)
            requests = requests_of(base, [*one.conditions(path), *other.conditions(path)])
            if not requests.exhausted:
                self._tested = self._tested or requests.why
            for request in requests.requests:
                self._compare(request, one.answer(request), other.answer(request))

    def _note(self, paths: Paths) -> None:
        if not paths.exhausted:
            self._tested = self._tested or paths.why

    def _certificates(self, host: str, one: View, other: View) -> bool:
        """Whether both sides serve the host over TLS; a difference if only one does, or with another certificate."""
        if one.certificates == other.certificates:
            return one.certificates is not None
        self._cases += 1
        request = Request(host, "/", "https")
        answers = [
            nothing(
                0, f"certificate {', '.join(sorted(view.certificates))}" if view.certificates else "no certificate is configured"
            )
            for view in (one, other)
        ]
        self._differ(request, answers[0], answers[1], "TLS is not terminated alike")
        return one.certificates is not None and other.certificates is not None

    def _compare(self, request: Request, one: Answer, other: Answer) -> None:
        self._cases += 1
        if one.undefined or other.undefined:
            if one.undefined != other.undefined:
                self._unknown = self._unknown or one.undefined or other.undefined
            return
        if one.free or other.free:
            self._tested = self._tested or "captures that no finite number of paths decides"
        if outcome(one, request) == outcome(other, request):
            if one.opaque != other.opaque:
                self._unknown = self._unknown or _opaque(one, other)
            return
        unresolved = _unresolved(one, other)
        if unresolved and outcome(_by_name(one), request) == outcome(_by_name(other), request):
            self._unknown = self._unknown or unresolved
            return
        self._differ(request, one, other, _reason(request, one, other))

    def _differ(self, request: Request, one: Answer, other: Answer, reason: str) -> None:
        self._differences.setdefault((one.rule, other.rule), Difference(request, one, other, reason))


def _opaque(one: Answer, other: Answer) -> str:
    """Settings that one side has and whose effect the judge cannot know."""
    names = sorted({name for name, _ in set(one.opaque) ^ set(other.opaque)})
    rule = one.rule if one.opaque else other.rule
    return f"{', '.join(names)} of {rule} may change the answer, and what it does is not known here"


def _unresolved(one: Answer, other: Answer) -> str:
    """A port by name on one side that the files do not resolve."""
    for answer in (one, other):
        for backend in answer.backends:
            if isinstance(backend.port, str):
                return (
                    f"port {backend.port!r} of Service {backend.namespace}/{backend.name} has no number here: "
                    "add the Service to the files"
                )
    return ""


def _by_name(answer: Answer) -> Answer:
    """The answer with all ports forgotten."""
    backends = tuple(Backend(one.namespace, one.name, 0, one.weight, one.status) for one in answer.backends)
    return msgspec.structs.replace(answer, backends=backends)


def _reason(request: Request, one: Answer, other: Answer) -> str:
    """What differs, in a few words."""
    if one.answer != other.answer:
        return f"{one.answer} against {other.answer}"
    names = {
        "redirect": ("kind", "status", "location", "attributes"),
        "none": ("kind", "status"),
        "backend": ("kind", "backends or their shares", "path that the backend sees", "host that the backend sees",
                    "headers that the backend sees", "attributes"),
    }[one.answer]  # fmt: skip
    pairs = zip(names, outcome(one, request), outcome(other, request), strict=True)
    return "different " + " and ".join(name for name, left, right in pairs if left != right)
