"""Lint before a rotation: what its rules about drains and versions say of the nodes that would go.

What cannot end well becomes a blocker of the plan; all else becomes a note. Each finding can be silenced as everywhere in lint.
"""

from collections.abc import Callable, Iterator

import msgspec

from underway.cli.lint.sources import kinds_of
from underway.lint.asked_about import asked_of
from underway.lint.backends import alone
from underway.lint.engine import lint
from underway.lint.finding import Finding, Severity
from underway.lint.objects import limits
from underway.lint.objects.limits import PodDisruptionBudget
from underway.lint.objects.pod import Pod
from underway.lint.picture import Picture
from underway.lint.placement import STAYING
from underway.lint.requested import REQUESTED
from underway.lint.rule import Options, Rule
from underway.lint.rules import RULES
from underway.lint.target import minor_of
from underway.lint.trials import pods_under
from underway.model import timestamp
from underway.model.autoscaler import HorizontalPodAutoscaler
from underway.model.duration import human
from underway.model.enumeration import some_of
from underway.model.snapshot import Snapshot
from underway.model.version import Version
from underway.rotate.blockers import Blocker
from underway.rotate.estimates import estimates_of
from underway.rotate.fields import is_nothing
from underway.rotate.plan import Plan, plan
from underway.rotate.spec import Rotation

ELSEWHERE = ("deprecated-api",)  # what a later version ends is no matter of this rotation
# They look at whatever was read: nobody who rotates nodes should have to be allowed to list all that has an API version.
AS_READ = ("removed-api", "removed-api-in-rules")
PLANNED = (
    ("pdb-blocks-drain", "spec."),
    ("several-budgets", ""),
)  # errors that the plan judges itself, pod by pod, by their paths
NO_ROOM = "no-room-to-repack"
NOTES_MAX = 20
NAMES_MAX = 3  # of objects in one note
STUCK_MIN = 10  # minutes without Ready, after which a pod is not waited for
MINUTE_MS = 60_000

Stopped = tuple[Pod, str]  # a pod that cannot move, and what to add to the finding


def rules() -> tuple[Rule, ...]:
    """The rules that matter to a rotation of nodes: whether an upgrade can end well."""
    ready = (rule for rule in RULES if "upgrade" in rule.groups and "traffic" not in rule.groups)
    return tuple(rule for rule in ready if rule.name not in ELSEWHERE)


def kinds() -> set[str]:
    """The kinds that are read for them, and which deprecated APIs clients ask for."""
    return kinds_of([rule for rule in rules() if rule.name not in AS_READ]) | {REQUESTED}


def planned(
    rotation: Rotation, snapshot: Snapshot, picture: Picture, now_ms: int, namespaces: frozenset[str] | None = None
) -> Plan:
    """The plan with what lint found. namespaces: the only ones in which pods may be evicted, None for all."""
    seen = msgspec.structs.replace(snapshot, autoscalers=_autoscalers(picture))
    return judged(plan(rotation, seen, estimates_of(rotation.spec), now_ms, namespaces), rotation, picture, now_ms)


def _autoscalers(picture: Picture) -> dict[str, HorizontalPodAutoscaler]:
    """What scales each workload, by its key."""
    read = (
        msgspec.convert(msgspec.to_builtins(one), HorizontalPodAutoscaler) for one in picture.of(limits.HorizontalPodAutoscaler)
    )
    targets = ((one, one.metadata.namespace, one.spec.scale_target_ref) for one in read)
    return {f"{target.kind}/{namespace}/{target.name}": one for one, namespace, target in targets}


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
        stopped = [blocker for blocker in _blockers(finding, picture, rotation, now_ms) if blocker.node in going]
        blockers.extend(stopped)
        if not stopped and not _idle(finding, rotation):
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


def _idle(finding: Finding, rotation: Rotation) -> bool:
    """Whether a finding says nothing of this rotation that the plan does not say."""
    room = finding.rule == NO_ROOM and not is_nothing(rotation.spec.pace.max_surge)  # the successor comes first
    said = finding.severity is Severity.ERROR and any(
        finding.rule == rule and finding.path.startswith(path) for rule, path in PLANNED
    )
    return room or said or finding.severity is Severity.INFO


def _blockers(finding: Finding, picture: Picture, rotation: Rotation, now_ms: int) -> Iterator[Blocker]:
    """The nodes that a finding forbids to empty, and through which of their pods."""
    find = STOPPING.get(finding.rule)
    if find is None or finding.severity is not Severity.ERROR:
        return
    for pod, why in find(finding, picture, rotation, now_ms):
        if pod.spec.node_name and not pod.finished:
            reason = f"{finding.object}: {finding.message}{why} ({finding.rule})"
            yield Blocker(pod.spec.node_name, reason, f"{pod.namespace}/{pod.name}", owner=finding.team)


def _pinned(finding: Finding, picture: Picture, _rotation: Rotation, _now_ms: int) -> Iterator[Stopped]:
    """Pods that can run on their node alone."""
    about = finding.object
    yield from ((pod, "") for pod in picture.pods_by_owner.get((about.kind, about.namespace, about.name), ()))


def _held(finding: Finding, picture: Picture, rotation: Rotation, now_ms: int) -> Iterator[Stopped]:
    """The pods of a budget that is short of healthy ones, if one of them has been unready for longer than one waits."""
    budget = picture.get(finding.object.kind, finding.object.namespace, finding.object.name)
    if not isinstance(budget, PodDisruptionBudget) or "DeadlineDelete" in rotation.spec.drain.ladder:
        return
    pods = pods_under(picture, budget)
    unready = ((pod, _unready_ms(pod, now_ms)) for pod in pods)
    worst, for_ms = max(unready, key=lambda one: one[1], default=(None, 0))
    if worst is not None and for_ms >= STUCK_MIN * MINUTE_MS:
        why = f"; {worst.name} has not been ready for {human(for_ms / timestamp.MILLISECONDS)}: {finding.remedy}, or mend it"
        yield from ((pod, why) for pod in pods if pod.status.phase != "Pending")  # such a one goes without asking


def _unready_ms(pod: Pod, now_ms: int) -> int:
    since = next((one.last_transition_time for one in pod.status.conditions if one.type == "Ready" and one.status != "True"), "")
    return max(0, now_ms - timestamp.parse(since)) if since else 0


def _unanswered(finding: Finding, picture: Picture, rotation: Rotation, _now_ms: int) -> Iterator[Stopped]:
    """Pods that nobody could make anew: a webhook is asked first, and none of its pods answers, or will when they have left."""
    for one in picture.derived(alone):
        if finding.object.name != one.configuration.name or (finding.object.kind, finding.path) != (
            one.configuration.kind,
            one.path,
        ):
            continue
        for pod in one.pods or picture.of(Pod):
            controller = pod.metadata.controller
            makes_anew = controller is not None and controller.kind not in STAYING
            if makes_anew and asked_of(one.webhook, pod.metadata.labels, picture.namespace(pod.namespace)):
                if not one.pods:
                    yield pod, f": its own is not made anew; {finding.remedy}"
                elif not _one_by_one(pod, picture, rotation, len(one.pods)):
                    yield pod, f", and is asked before they are made anew: {finding.remedy}, or leave out its namespace"


def _one_by_one(pod: Pod, picture: Picture, rotation: Rotation, pods: int) -> bool:
    """Whether another pod answers when this one has left: a budget sees to that, or a second replica that comes first."""
    if pods > 1:
        return bool(picture.budgets_of(pod.namespace, pod.metadata.labels))
    return rotation.spec.drain.single_replica == "Surge" and picture.top_owner(pod).kind == "Deployment"


# What is an error after which a node's pods cannot run again, and which pods those are.
STOPPING: dict[str, Callable[[Finding, Picture, Rotation, int], Iterator[Stopped]]] = {
    "pinned-to-node": _pinned,
    "unhealthy-pods-held": _held,
    "webhook-on-one-node": _unanswered,
}
