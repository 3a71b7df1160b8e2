"""The routing trees of both sides, host by host, beside the verdict: plain values for whoever draws them."""

import msgspec

from underway.ingress.equivalence.classes import host_classes
from underway.ingress.equivalence.verdict import Difference, HostVerdict, Proof, Verdict, in_words, shown_answer
from underway.ingress.matchers.answer import Answer
from underway.ingress.matchers.router import Router

HOSTS_MAX = 300  # drawn; the others are counted
BRANCHES_MAX = 200  # of one host and side
_FIRST = (Verdict.REFUTED, Verdict.UNKNOWN, Verdict.TESTED, Verdict.PROVED)


class Branch(msgspec.Struct, frozen=True):
    """One rule of a host. path: as the rule has it; kind: how it matches; conditions: what else must hold; outcome: in words;
    taken: it answers the witness."""

    path: str
    kind: str
    conditions: str
    outcome: str
    rule: str
    taken: bool = False


class Witness(msgspec.Struct, frozen=True):
    """The request that shows a difference, and both answers in words."""

    request: str
    left: str
    right: str
    reason: str


class HostPicture(msgspec.Struct, frozen=True):
    """One host. left, right: its branches; cut: how many more there are."""

    host: str
    verdict: str
    reason: str
    cases: int
    left: tuple[Branch, ...]
    right: tuple[Branch, ...]
    cut: int
    witnesses: tuple[Witness, ...]


class Picture(msgspec.Struct, frozen=True):
    """Both sides. left, right: their semantics; counts: hosts by verdict; hidden: hosts that are not drawn; problems: objects
    that take no part."""

    verdict: str
    left: str
    right: str
    cases: int
    counts: tuple[tuple[str, int], ...]
    hosts: tuple[HostPicture, ...]
    hidden: int
    problems: tuple[tuple[str, str], ...]


def picture_of(left: Router, right: Router, proof: Proof) -> Picture:
    """The picture of a proof; what is not proved comes first."""
    asked = {one.label: one.hosts[0] for one in host_classes(left.hosts() | right.hosts())}
    ordered = sorted(proof.hosts, key=lambda one: (_FIRST.index(one.verdict), one.host == "*", one.host))
    counts = tuple((verdict.value, sum(one.verdict is verdict for one in proof.hosts)) for verdict in _FIRST)
    problems = tuple((side, problem) for side, router in (("from", left), ("to", right)) for problem in router.problems)
    drawn = tuple(_host(left, right, one, asked[one.host]) for one in ordered[:HOSTS_MAX])
    hidden = len(ordered) - len(drawn)
    return Picture(proof.verdict.value, left.name, right.name, proof.cases, counts, drawn, hidden, problems)


def _host(left: Router, right: Router, verdict: HostVerdict, host: str) -> HostPicture:
    differences = (verdict.difference, *verdict.more) if verdict.difference else ()
    scheme = differences[0].request.scheme if differences else "http"
    sides = [
        _branches(router, scheme, host, {answer.rule for answer in answers})
        for router, answers in ((left, [one.left for one in differences]), (right, [one.right for one in differences]))
    ]
    return HostPicture(
        verdict.host,
        verdict.verdict.value,
        verdict.reason,
        verdict.cases,
        tuple(sides[0][:BRANCHES_MAX]),
        tuple(sides[1][:BRANCHES_MAX]),
        sum(max(0, len(side) - BRANCHES_MAX) for side in sides),
        tuple(_witness(one) for one in differences),
    )


def _branches(router: Router, scheme: str, host: str, taken: set[str]) -> list[Branch]:
    found = []
    for view in router.views(scheme, host):
        for atom, conditions, answer in view.branches():
            said = ", ".join(
                f"{one.part} {one.name} {'~' if one.regex else '='} {one.value}".replace("  ", " ") for one in conditions
            )
            found.append(Branch(atom.value, atom.kind, said, words(answer), answer.rule, answer.rule in taken))
    return list(dict.fromkeys(found))


def words(answer: Answer) -> str:
    """An answer in words, as far as it stands before any request."""
    return in_words(shown_answer(answer))


def _witness(one: Difference) -> Witness:
    headers = "".join(f" -H '{name}: {value}'" for name, value in one.request.headers)
    return Witness(f"{one.request.method} {one.request.url}{headers}", words(one.left), words(one.right), one.reason)
