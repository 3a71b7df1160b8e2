"""Runs rules over a picture: who is asked, what is kept, in which order, and how it all scores.

Owns suppression, order, grouping and the score. It knows no rule and no format. A rule that fails is told as skipped, with
its name: one broken rule costs its own findings and no others'.
"""

from collections.abc import Iterable

import msgspec

from underway.lint.finding import Finding, ObjectRef, Severity, Skipped
from underway.lint.ignore import Ignores
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule

# What one object with a finding of that severity takes off: an object with an error counts as lost, with a warning as half.
WEIGHTS = {Severity.ERROR: 1.0, Severity.WARNING: 0.5, Severity.INFO: 0.0}


class Report(msgspec.Struct, frozen=True):
    """What a run has found. objects: how many were looked at; ignored: how many findings annotations have silenced."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    objects: int
    ignored: int = 0

    @property
    def score(self) -> int:
        """0 to 100: 100 * (objects - lost) / objects, rounded down; an error loses an object, a warning half."""
        worst: dict[ObjectRef, float] = {}
        for finding in self.findings:
            worst[finding.object] = max(worst.get(finding.object, 0.0), WEIGHTS[finding.severity])
        if not self.objects:
            return 100
        return max(0, int(100 * (self.objects - sum(worst.values())) / self.objects))

    def at_least(self, severity: Severity) -> list[Finding]:
        """The findings of a severity or worse."""
        return [finding for finding in self.findings if finding.severity.rank <= severity.rank]


def run(picture: Picture, rules: Iterable[Rule], options: Options) -> Report:
    """Run the rules. Raises nothing that a rule raises."""
    ignores = Ignores(picture, options)
    found: dict[tuple[str, str], Finding] = {}
    skipped = list(picture.skipped)
    ignored = 0
    for rule in rules:
        missing = [kind for kind in rule.needs if not picture.has(kind) and picture.live]
        if missing:
            skipped.append(Skipped(f"rule {rule.name}", f"needs {', '.join(missing)}, which could not be read"))
            continue
        try:
            results = list(rule.run(picture, options))
        except Exception as error:  # noqa: BLE001  # a third party's rule may raise anything; it is named and isolated
            skipped.append(Skipped(f"rule {rule.name}", f"failed: {type(error).__name__}: {error}"))
            continue
        for finding in results:
            if ignores.silences(finding):
                ignored += 1
            else:
                found.setdefault((finding.fingerprint, finding.message), _owned(finding, picture, options))
    complaints = {(one.fingerprint, one.message): one for one in ignores.complaints}
    ordered = sorted((found | complaints).values(), key=lambda finding: finding.order)
    count = sum(1 for _ in picture.everything)
    return Report(tuple(ordered), tuple(dict.fromkeys(skipped)), count, ignored)


def _owned(finding: Finding, picture: Picture, options: Options) -> Finding:
    """The finding with the team that owns its object, from the object's label or its namespace's."""
    if finding.team:
        return finding
    reference = finding.object
    key = f"{reference.namespace}/{reference.name}" if reference.namespace else reference.name
    thing = picture.by_key.get((reference.kind, key))
    places = [thing, picture.namespaces.get(reference.namespace)]
    for place in places:
        for label in options.owner_labels if place is not None else ():
            team = place.metadata.labels.get(label, "") if place is not None else ""
            if team:
                return msgspec.structs.replace(finding, team=team)
    return finding
