"""Lint before a rotation: what its rules about drains and versions say of the nodes that would go.

What cannot end well becomes a blocker of the plan; all else becomes a note. Each finding can be silenced as everywhere in lint.
"""

from collections.abc import Iterator

import msgspec

from underway.lint.engine import lint
from underway.lint.finding import Finding, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.rules import RULES
from underway.lint.target import minor_of
from underway.model.enumeration import some_of
from underway.model.version import Version
from underway.rotate.blockers import Blocker
from underway.rotate.plan import Plan
from underway.rotate.spec import Rotation

ALSO = ("version-skew", "container-runtime", "webhook-on-one-node", "stored-versions")
ENDS_BADLY = ("pinned-to-node",)  # an error after which a node's pods cannot run again
PLANNED = ("pdb-blocks-drain", "several-budgets")  # what the plan judges itself, pod by pod
NOTES_MAX = 20
NAMES_MAX = 3  # of objects in one note


def rules() -> tuple[Rule, ...]:
    """The rules that matter to a rotation of nodes."""
    return tuple(rule for rule in RULES if "disruption" in rule.groups or rule.name in ALSO)


def judged(made: Plan, rotation: Rotation, picture: Picture, now_ms: int) -> Plan:
    """The plan with what lint found. Nodes that are blocked by it leave the order."""
    server, wanted = minor_of(picture.server_version), minor_of(rotation.spec.target.kubelet_version)
    minor = max(server, wanted)
    options = Options(now_ms=now_ms, target=Version(1, minor) if minor else None)
    report = lint(picture, rules(), options)
    blockers = list(made.blockers)
    noted = []
    if server and wanted > server:
        kubelet = rotation.spec.target.kubelet_version
        newer = f"kubelet {kubelet} is newer than the API server ({picture.server_version}): upgrade the control plane first"
        blockers.extend(Blocker(node.node, newer) for node in made.order)
    going = {node.node for node in made.order}
    for finding in report.findings:
        stopped = [blocker for blocker in _blockers(finding, picture) if blocker.node in going]
        blockers.extend(stopped)
        if not stopped and finding.rule not in PLANNED and finding.severity is not Severity.INFO:
            noted.append(finding)
    notes = [*_notes(noted)]
    notes += [f"not looked at: {skipped.kind}: {skipped.reason}" for skipped in report.skipped]
    if len(notes) > NOTES_MAX:
        target = f" --target 1.{minor}" if minor else ""
        notes[NOTES_MAX:] = [f"{len(notes) - NOTES_MAX} more: underway lint run -g upgrade{target}"]
    blocked = {blocker.node for blocker in blockers}
    return msgspec.structs.replace(
        made,
        order=tuple(node for node in made.order if node.node not in blocked),
        blockers=tuple(blockers),
        warnings=(*made.warnings, *notes),
    )


def _notes(findings: list[Finding]) -> Iterator[str]:
    """A sentence for each finding; for several objects of a kind of which the same is said, one for all."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.object.kind, finding.message), []).append(finding)
    for (rule, kind, message), alike in groups.items():
        first = alike[0]
        if len(alike) == 1:
            yield str(first)
            continue
        names = [str(one.object).partition(" ")[2] for one in alike]
        yield f"{first.severity}: {len(names)} {kind}s ({some_of(names, NAMES_MAX)}): {message} ({rule})"


def _blockers(finding: Finding, picture: Picture) -> Iterator[Blocker]:
    """The nodes that a finding forbids to empty."""
    if finding.rule not in ENDS_BADLY or finding.severity is not Severity.ERROR:
        return
    about = finding.object
    for pod in picture.pods_by_owner.get((about.kind, about.namespace, about.name), ()):
        if pod.spec.node_name and not pod.finished:
            yield Blocker(
                pod.spec.node_name,
                f"{about}: {finding.message} ({finding.rule})",
                f"{pod.namespace}/{pod.name}",
                owner=finding.team,
            )
