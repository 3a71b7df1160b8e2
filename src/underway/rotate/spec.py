"""What the user asks for: the Rotation specification, decoded and checked.

Owns the shape (group underway.dev, version v1), the defaults and the contradictions that are refused. It does not know
how a file is read: `cli` hands in plain values. Sources of the defaults stand beside them.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from underway.errors import UsageError
from underway.model.duration import seconds
from underway.rotate.alerts.routes import ALERTS_MAX, Alert, problems_of_alerts
from underway.rotate.fields import (
    LIST_MAX,
    TEXT_MAX,
    Count,
    Duration,
    LabelKey,
    Ladder,
    LongText,
    OptionalCondition,
    OptionalDuration,
    OptionalGateCondition,
    OptionalScore,
    OptionalUrl,
    OptionalVersion,
    OwnerName,
    PositiveDuration,
    Rule,
    Schedule,
    Selector,
    Share,
    Spec,
    TimeZone,
    is_nothing,
    name_problem,
    problems_of,
)

API_VERSION = "underway.dev/v1"
POOLS_MAX = 16
WINDOWS_MAX = 16
WAITS_MAX = 16
OWNER_KEYS_MAX = 8
OnBreach = Literal["Wait", "Freeze"]
NO_TARGET = "give kubeletVersion, osImage, maxAge, expression or drifted, or no node would ever be out of date"
FORCE_AFTER = "6h"  # Zalando's cluster-lifecycle-manager: no pod is forced off a node that has drained for less
HASTY = f"DeadlineDelete needs a deadline of {FORCE_AFTER} or more"
NO_SCORE = "by: expression and an expression need each other"


class Target(Spec, frozen=True):
    """When a node is up to date: all that are given must hold.

    expression: CEL over `node`, for what the others cannot say; drifted: its machine provider would make it as it is now.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "[has(self.kubeletVersion) && self.kubeletVersion != '', has(self.osImage) && self.osImage != '',"
            " has(self.maxAge) && self.maxAge != '', has(self.expression) && self.expression != '',"
            " has(self.drifted) && self.drifted].exists(given, given)",
            NO_TARGET,
        ),
    )
    kubelet_version: OptionalVersion = ""
    os_image: str = ""
    max_age: OptionalDuration = ""
    expression: OptionalCondition = ""
    drifted: bool = False


class OrderBy(Spec, frozen=True):
    """One key of the order in which nodes go. expression: CEL over `node` that gives its score; the lowest goes first."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule("(self.by == 'expression') == (has(self.expression) && self.expression != '')", NO_SCORE),
    )
    by: Literal["zone", "pool", "age", "name", "disruptions", "expression"]
    expression: OptionalScore = ""


class Pool(Spec, frozen=True):
    """One pool of nodes: those that its selector chooses."""

    name: Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]
    selector: Selector


class Nodes(Spec, frozen=True):
    """Which nodes are rotated, and in which order.

    selector None: every node that is not of the control plane. pools: go one after the other, nodes of none of them last.
    order: keys that come before the least projected wait for budgets; pool comes first where it is not named. canary: so
    many nodes go alone before the pace applies; canarySoak: how long after the last of them the others wait.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.order) || !self.order.exists(key, key.by == 'pool') || (has(self.pools) && size(self.pools) > 0)",
            "order by pool needs pools: give them in the order in which they are to go",
        ),
    )
    selector: Selector | None = None
    exclude: Selector | None = None
    pools: Annotated[tuple[Pool, ...], msgspec.Meta(max_length=POOLS_MAX)] = ()
    order: Annotated[tuple[OrderBy, ...], msgspec.Meta(max_length=LIST_MAX)] = ()
    canary: Count = 0
    canary_soak: Duration = "0s"


RULED = frozenset({"ClusterAPI", "Karpenter"})
"""Providers whose machines are objects that carry rules of their own: MachineDrainRules, hooks, do-not-disrupt."""


class Machines(Spec, frozen=True):
    """Where replacements come from. bootTimeout: MachineHealthCheck's nodeStartupTimeout default is 10 minutes.

    Each provider reads its own fields and refuses to begin without those that it needs: command (Command); groups, region
    (AutoScalingGroup, EKSNodegroup), cluster (EKSNodegroup); kubeconfig, context (ClusterAPI: of the management cluster, if it is
    another).
    """

    provider: str = "Command"
    command: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    cluster: str = ""
    region: str = ""
    kubeconfig: str = ""
    context: str = ""
    boot_timeout: Duration = "10m"


class Window(Spec, frozen=True):
    """When acts are allowed: from each time that the schedule fires in its time zone, for a duration."""

    schedule: Schedule
    duration: PositiveDuration
    time_zone: TimeZone = "UTC"


class Pace(Spec, frozen=True):
    """How many at once, as numbers or percentages of the selected nodes; maxSurge rounds up, maxUnavailable down.

    As in Deployments (apps/v1 RollingUpdateDeployment). perZone: both hold in each zone by itself. soak: how long a new
    node must have been Ready before its predecessor is cordoned. windows: when anything may be begun; none means always.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "![self.maxUnavailable, self.maxSurge].all(share, share == 0 || share == '0%')",
            "maxUnavailable and maxSurge are both 0, so no node could ever go; raise one of them",
        ),
    )
    max_unavailable: Share = 0
    max_surge: Share = 1
    per_zone: bool = False
    soak: Duration = "0s"
    windows: Annotated[tuple[Window, ...], msgspec.Meta(max_length=WINDOWS_MAX)] = ()


class WaitFor(Spec, frozen=True):
    """Pods that run to their end on a cordoned node before it is emptied, for `limit` at most: Jobs, training.

    until: Checkpointed asks each by an annotation to save its work, and lets it go once it answers that it has.
    """

    selector: Selector
    until: Literal["Finished", "Checkpointed"] = "Finished"
    limit: PositiveDuration = "12h"


class Drain(Spec, frozen=True):
    """How a node is emptied. timeout: AKS waits 30 minutes by default; deregistration: for load balancers to let go.

    wait: what is let run to its end first; doNotDisrupt: whether the annotations of pods that ask for it are honoured.
    singleReplica: whether a Deployment of one replica gets a second one before its pod is evicted. ladder: what is done about a
    drain that is stuck: NotifyOwner after notifyAfter (a third of the timeout where it is not given), Quarantine after timeout,
    Freeze or DeadlineDelete after deadline (Zalando's cluster-lifecycle-manager waits 6 hours). maxQuarantined: so many
    quarantined nodes stand beside the slots of the pace, each with its successor; a percentage is of the selected nodes,
    rounded up (AKS: maxBlockedNodes).
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.ladder) || !('DeadlineDelete' in self.ladder) || !has(self.deadline)"
            f" || duration(self.deadline) >= duration('{FORCE_AFTER}')",
            HASTY,
        ),
    )
    timeout: Duration = "30m"
    ladder: Ladder = ("NotifyOwner", "Quarantine")
    max_quarantined: Share = 1
    notify_after: OptionalDuration = ""
    deadline: Duration = "6h"
    grace_period_limit: OptionalDuration = ""
    empty_dir: Literal["Evict", "Block"] = "Evict"
    unmanaged: Literal["Evict", "Block"] = "Block"
    deregistration: Duration = "10s"
    wait: Annotated[tuple[WaitFor, ...], msgspec.Meta(max_length=WAITS_MAX)] = ()
    do_not_disrupt: Literal["Honour", "Ignore"] = "Honour"
    single_replica: Literal["Evict", "Surge"] = "Evict"


class Owners(Spec, frozen=True):
    """Who answers for what blocks: labels or annotations of the pod, its workload and its namespace, and owners by namespace.

    namespaces: what is written here comes before what a Namespace says, and after what a pod or its workload says.
    """

    keys: Annotated[tuple[LabelKey, ...], msgspec.Meta(max_length=OWNER_KEYS_MAX)] = ("underway.dev/owner", "team")
    namespaces: dict[str, OwnerName] = {}


NEEDS: dict[str, tuple[str, ...]] = {
    "prometheus": ("prometheus", "query"),
    "ingress-latency": ("prometheus",),
    "http": ("url",),
    "command": ("command",),
    "expression": ("expression",),
}
"""What a gate cannot do without, by its name."""


def _needed(gate: str, fields: tuple[str, ...]) -> str:
    return f"gate {gate} needs {' and '.join(fields)}"


class Gate(Spec, frozen=True):
    """One health gate. for: how long a breach must last; recovery: how long it must be well again; threshold: the gate's unit.

    interval: how often it is asked, for gates that ask outside of the cluster: prometheus (the server's URL) and query; url and
    expect (an HTTP status); command; expression (CEL over the whole picture); histogram, requests and match (of ingress-latency).
    """

    rules: ClassVar[tuple[Rule, ...]] = tuple(
        Rule(
            f"self.gate != '{gate}' || ({' && '.join(f'has(self.{field}) && size(self.{field}) > 0' for field in fields)})",
            _needed(gate, fields),
        )
        for gate, fields in NEEDS.items()
    )
    gate: str
    on_breach: OnBreach = "Wait"
    for_: OptionalDuration = msgspec.field(name="for", default="")
    recovery: OptionalDuration = ""
    threshold: float | None = None
    interval: OptionalDuration = ""
    prometheus: OptionalUrl = ""
    query: LongText = ""
    url: OptionalUrl = ""
    expect: Count = 200
    command: Annotated[tuple[LongText, ...], msgspec.Meta(max_length=LIST_MAX)] = ()
    histogram: LongText = ""
    requests: LongText = ""
    match: LongText = ""
    expression: OptionalGateCondition = ""


class RotationSpec(Spec, frozen=True):
    """The whole specification."""

    target: Target
    mode: Literal["Rotate", "Freeze"] = "Rotate"
    nodes: Nodes = Nodes()
    machines: Machines = Machines()
    pace: Pace = Pace()
    drain: Drain = Drain()
    owners: Owners = Owners()
    alerts: Annotated[tuple[Alert, ...], msgspec.Meta(max_length=ALERTS_MAX)] = ()
    health: Annotated[tuple[Gate, ...], msgspec.Meta(max_length=LIST_MAX)] = (
        Gate(gate="nodes-ready"),
        Gate(gate="workloads-available"),
        Gate(gate="api-server", on_breach="Freeze"),
    )


class RotationMetadata(Spec, frozen=True):
    """The Rotation's name, which names its Lease and marks its nodes."""

    name: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Rotation(Spec, frozen=True):
    """One Rotation."""

    metadata: RotationMetadata
    spec: RotationSpec
    api_version: Literal["underway.dev/v1"] = "underway.dev/v1"
    kind: Literal["Rotation"] = "Rotation"


def rotation_from(values: Any, source: str, gates: Iterable[str], providers: Iterable[str]) -> Rotation:
    """The Rotation in plain values.

    source: the file's name, for messages. gates, providers: the names there are. Raises UsageError, which names the
    file, the field and what would be right.
    """
    try:
        rotation = msgspec.convert(values, Rotation)
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: {explained(str(error), Rotation)}") from None
    unnamed = name_problem(rotation.metadata.name)
    problems = [*([unnamed] if unnamed else ()), *spec_problems(rotation.spec, gates, providers)]
    if problems:
        raise UsageError("\n".join(f"{source}: {problem}" for problem in problems))
    return rotation


def explained(message: str, root: type[msgspec.Struct], prefix: str = "") -> str:
    """msgspec's message with the path first and, for a field that does not exist, those that do.

    root: what was decoded; prefix: where it stands in the document.
    """
    text, _, path = message.partition(" - at `$")
    inner = path.rstrip("`").lstrip(".")
    where = ".".join(part for part in (prefix, inner) if part) or "the document"
    if "unknown field" in text:
        known = _known_fields(root, inner)
        if known:
            return f"{where}: {text[0].lower()}{text[1:]}; known here: {', '.join(known)}"
        return f"{where}: {text}"
    return f"{where}: {text[0].lower()}{text[1:]}"


def _known_fields(root: Any, path: str) -> list[str]:
    at: Any = root
    for part in re.sub(r"\[[^]]*\]", "", path).split(".") if path else ():
        field = next((field for field in msgspec.structs.fields(at) if field.encode_name == part), None)
        if field is None:
            return []
        at = next((kind for kind in _struct_types(field.type)), None)
        if at is None:
            return []
    return sorted(field.encode_name for field in msgspec.structs.fields(at))


def _struct_types(annotation: Any) -> Iterable[Any]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _struct_types(inner)


def spec_problems(spec: RotationSpec, gates: Iterable[str], providers: Iterable[str]) -> Iterable[str]:
    """What contradicts itself in a decoded specification, each with its field. gates, providers: the names there are."""
    gates, providers = frozenset(gates), frozenset(providers)
    if spec.target == Target():
        yield f"spec.target: {NO_TARGET}"
    unreadable = list(problems_of(spec, "spec"))
    yield from unreadable
    pace = spec.pace
    bad = any(problem.startswith("spec.pace.max") for problem in unreadable)
    if not bad and is_nothing(pace.max_unavailable) and is_nothing(pace.max_surge):
        yield "spec.pace: maxUnavailable and maxSurge are both 0, so no node could ever go; raise one of them"
    if any(key.by == "pool" for key in spec.nodes.order) and not spec.nodes.pools:
        yield "spec.nodes: order by pool needs pools: give them in the order in which they are to go"
    hasty = "DeadlineDelete" in spec.drain.ladder and not any(text.startswith("spec.drain.deadline") for text in unreadable)
    if hasty and seconds(spec.drain.deadline) < seconds(FORCE_AFTER):
        yield f"spec.drain: {HASTY}"
    for index, key in enumerate(spec.nodes.order):
        if (key.by == "expression") != bool(key.expression):
            yield f"spec.nodes.order[{index}]: {NO_SCORE}"
    if spec.machines.provider not in providers:
        yield f"spec.machines.provider: no provider {spec.machines.provider!r}; there are {', '.join(sorted(providers))}"
    yield from problems_of_alerts(spec.alerts)
    for index, gate in enumerate(spec.health):
        if gate.gate not in gates:
            yield f"spec.health[{index}].gate: no gate {gate.gate!r}; there are {', '.join(sorted(gates))}"
        needs = NEEDS.get(gate.gate, ())
        if not all(getattr(gate, field) for field in needs):
            yield f"spec.health[{index}]: {_needed(gate.gate, needs)}"
