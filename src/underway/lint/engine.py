"""Runs rules over a picture: what is skipped, silenced, counted; in which order it is reported.

Owns the order, the fingerprints and the score. A rule that breaks is named and isolated: the others still speak.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from underway.lint.finding import Finding, Found, ObjectRef, Severity, fingerprint, order
from underway.lint.ignore import disabled_for_clusterlint, silences
from underway.lint.objects.meta import Object
from underway.lint.picture import Picture, Skipped
from underway.lint.rule import Options, Rule
from underway.lint.rules import RULES
from underway.lint.selection import Selection, fitting, platforms
from underway.policy.ownership import named_owner


class Report(msgspec.Struct, frozen=True):
    """What a run found. score: 0 to 100; objects: how many it was computed over; rules: the names of those that ran."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    score: int
    objects: int
    rules: tuple[str, ...]
    silenced: int = 0

    def at_least(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of this severity or worse."""
        return tuple(finding for finding in self.findings if finding.severity.rank <= severity.rank)


def lint(picture: Picture, rules: Iterable[Rule] | None = None, options: Options | None = None) -> Report:
    """Run rules over a picture.

    rules: None are all of ours, those of a platform only where nodes of that platform are seen. options: None is Options(), whose
    clock stands at 1970: no ignore annotation has expired.
    """
    options = options or Options()
    if rules is None:
        rules = fitting(RULES, Selection(), platforms(picture))
    findings: list[Finding] = []
    skipped: list[Skipped] = list(picture.skipped)
    ran: dict[str, tuple[Rule, list[Found]]] = {}
    silenced = 0
    for rule in rules:
        lacking = [kind for kind in rule.kinds if kind in picture.missing]
        if lacking:
            skipped.append(Skipped("Rule", f"rule {rule.name} was not run: it needs {', '.join(lacking)}"))
            continue
        founds, broken = _run(rule, picture, options)
        ran[rule.name] = rule, founds
        skipped += broken
    about = {name: {found.about.key for found in founds} for name, (_, founds) in ran.items()}
    for rule, founds in ran.values():
        if rule.covered_by and not options.as_clusterlint:
            told = set().union(*(about.get(name, ()) for name in rule.covered_by))
            founds = [found for found in founds if found.about.key not in told]
        spoken = [found for found in founds if not _silenced(found, rule, picture, options)]
        silenced += len(founds) - len(spoken)
        findings += [_finding(found, rule, picture, options) for found in spoken]
    findings.sort(key=order)
    looked_at = sum(1 for thing in picture.objects if thing.metadata.controller is None)
    return Report(_marked(findings), tuple(skipped), score(findings, looked_at), looked_at, tuple(ran), silenced)


def _run(rule: Rule, picture: Picture, options: Options) -> tuple[list[Found], list[Skipped]]:
    """What a rule finds, up to where it breaks."""
    founds: list[Found] = []
    try:
        # One by one: what was found before it breaks is kept.
        for found in rule.run(picture, options):
            founds.append(_checked(found, rule))  # noqa: PERF401
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a rule may be anybody's: it must not take the others with it
        why = f"rule {rule.name} broke: {type(error).__name__}: {error}; what it found before is kept"
        return founds, [Skipped("Rule", why)]
    return founds, []


def _checked(found: object, rule: Rule) -> Found:
    if not isinstance(found, Found):
        raise TypeError(f"{rule.name} yields {type(found).__name__}; a rule yields Found")
    return found


def _silenced(found: Found, rule: Rule, picture: Picture, options: Options) -> bool:
    if options.as_clusterlint:
        return disabled_for_clusterlint(found.about.metadata.annotations, rule.name)
    return any(silences(annotations, rule.name, options.now_ms) for annotations in picture.annotations_above(found.about))


def _finding(found: Found, rule: Rule, picture: Picture, options: Options) -> Finding:
    about = found.about
    place = picture.places.get(about.key)
    return Finding(
        rule=rule.name,
        severity=found.severity or rule.severity,
        evidence=found.evidence,
        object=ObjectRef(about.kind, about.namespace, about.name),
        path=found.path,
        message=found.message,
        value=found.value,
        remedy=found.remedy,
        patch=found.patch,
        team=team(about, picture, options.team_label),
        file=place.file if place else "",
        line=place.line if place else 0,
        pods=found.pods,
    )


def team(about: Object, picture: Picture, label: str) -> str:
    """Whose object it is: the label (or annotation) on the object, its owners, or its namespace."""
    namespace = picture.namespace(about.namespace)
    things: tuple[Object, ...] = (about, *picture.owners(about), *((namespace,) if namespace else ()))
    return named_owner((label,), (thing.metadata for thing in things))


def _marked(findings: list[Finding]) -> tuple[Finding, ...]:
    """With fingerprints; equal places are told apart by their count."""
    seen: Counter[tuple[str, ObjectRef, str]] = Counter()
    marked = []
    for finding in findings:
        place = (finding.rule, finding.object, finding.path)
        marked.append(msgspec.structs.replace(finding, fingerprint=fingerprint(*place, seen[place])))
        seen[place] += 1
    return tuple(marked)


def score(findings: Iterable[Finding], objects: int) -> int:
    """100 x (N - E - W/2) / N, rounded down; 100 where there is nothing.

    N: objects without a controller; E: those whose worst finding is an error; W: those whose worst is a warning. Information
    costs nothing.
    """
    worst: dict[ObjectRef, Severity] = {}
    for finding in findings:
        known = worst.get(finding.object)
        if known is None or finding.severity.rank < known.rank:
            worst[finding.object] = finding.severity
    counts = Counter(worst.values())
    total = max(objects, len(worst))
    lost = 2 * counts[Severity.ERROR] + counts[Severity.WARNING]
    return 100 if total == 0 else max(0, 100 * (2 * total - lost) // (2 * total))
