"""What the user asks for: the Rotation specification, decoded and checked.

Owns the shape (group underway.dev, version v1), the defaults and the contradictions that are refused. It does not know
how a file is read: `cli` hands in plain values. Sources of the defaults stand beside them.
"""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from underway.errors import UsageError
from underway.model.duration import seconds
from underway.rotate.alerts.routes import ALERTS_MAX, Alert
from underway.rotate.explaining import explained
from underway.rotate.fields import (
    LIST_MAX,
    Count,
    Duration,
    FilledText,
    LabelKey,
    Ladder,
    OptionalAge,
    OptionalCondition,
    OptionalDuration,
    OptionalScore,
    OptionalVersion,
    OwnerName,
    Portion,
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
from underway.rotate.gate_spec import NEEDS, GateSpec

API_VERSION = "underway.dev/v1"
POOLS_MAX = 16
WINDOWS_MAX = 16
ZONES_MAX = 16
WAITS_MAX = 16
OWNER_KEYS_MAX = 8
NO_TARGET = "give kubeletVersion, osImage, maxAge, expression or drifted, or no node would ever be out of date"
FORCE_AFTER = "6h"  # Zalando's cluster-lifecycle-manager: no pod is forced off a node that has drained for less


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
            lambda self: self != Target(),
        ),
    )
    kubelet_version: OptionalVersion = ""
    os_image: str = ""
    max_age: OptionalAge = ""
    expression: OptionalCondition = ""
    drifted: bool = False


class OrderBy(Spec, frozen=True):
    """One key of the order in which nodes go. expression: CEL over `node` that gives its score; the lowest goes first."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(self.by == 'expression') == (has(self.expression) && self.expression != '')",
            "by: expression and an expression need each other",
            lambda self: (self.by == "expression") == bool(self.expression),
        ),
    )
    by: Literal["zone", "pool", "age", "name", "disruptions", "expression"]
    expression: OptionalScore = ""


class Pool(Spec, frozen=True):
    """One pool of nodes: those that its selector chooses."""

    name: FilledText
    selector: Selector


def _are_unlike(named: Iterable[Any]) -> bool:
    """Whether no two of them have the same name."""
    names = [one.name for one in named]
    return len(names) == len(set(names))


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
            lambda self: self.pools or all(key.by != "pool" for key in self.order),
        ),
        Rule(
            "!has(self.pools) || self.pools.all(pool, self.pools.exists_one(other, other.name == pool.name))",
            "two pools have the same name",
            lambda self: _are_unlike(self.pools),
        ),
        Rule(
            "!has(self.exclude) || (has(self.exclude.matchLabels) && size(self.exclude.matchLabels) > 0)"
            " || (has(self.exclude.matchExpressions) && size(self.exclude.matchExpressions) > 0)",
            "exclude without a label chooses every node, and none would be left to rotate",
            lambda self: self.exclude is None or self.exclude.match_labels or self.exclude.match_expressions,
        ),
        Rule(
            "!has(self.selector) || !has(self.exclude) || dyn(self.selector) != dyn(self.exclude)",
            "exclude is the same as selector, so no node would be chosen",
            lambda self: self.selector is None or self.selector != self.exclude,
        ),
        Rule(
            "!has(self.order) || self.order.all(key, self.order.exists_one(other, other.by == key.by"
            " && (has(other.expression) ? other.expression : '') == (has(key.expression) ? key.expression : '')))",
            "order names a key twice; the second would change nothing",
            lambda self: len(set(self.order)) == len(self.order),
        ),
        Rule(
            "!has(self.canarySoak) || duration(self.canarySoak) == duration('0s') || (has(self.canary) && self.canary > 0)",
            "canarySoak needs a canary, whose end it counts from",
            lambda self: self.canary or not seconds(self.canary_soak),
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

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.provider != 'AutoScalingGroup' || (has(self.groups) && size(self.groups) > 0)",
            "provider AutoScalingGroup needs groups, the names of the Auto Scaling groups",
            lambda self: self.provider != "AutoScalingGroup" or self.groups,
        ),
    )
    provider: str = "Command"
    command: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    cluster: str = ""
    region: str = ""
    kubeconfig: str = ""
    context: str = ""
    boot_timeout: PositiveDuration = "10m"


class Window(Spec, frozen=True):
    """When acts are allowed: from each time that the schedule fires in its time zone, for a duration."""

    schedule: Schedule
    duration: PositiveDuration
    time_zone: TimeZone = "UTC"


STANDSTILL = Rule(
    "![self.maxUnavailable, self.maxSurge].all(share, share == 0 || share == '0%')",
    "maxUnavailable and maxSurge are both 0, so no node could ever go; raise one of them",
    lambda self: not (is_nothing(self.max_unavailable) and is_nothing(self.max_surge)),
)


class ZonePace(Spec, frozen=True):
    """The budget of one zone, in place of the pace's own. name: the value of the nodes' label topology.kubernetes.io/zone."""

    rules: ClassVar[tuple[Rule, ...]] = (STANDSTILL,)
    name: FilledText
    max_unavailable: Portion = 0
    max_surge: Share = 1


class Pace(Spec, frozen=True):
    """How many at once, as numbers or percentages of the selected nodes; maxSurge rounds up, maxUnavailable down.

    As in Deployments (apps/v1 RollingUpdateDeployment). perZone: both hold in each zone by itself, of its nodes; zones: those
    with a budget of their own; maxInHand: so many nodes in all zones together, a percentage rounded up. soak: how long a new node
    must have been Ready before its predecessor is cordoned. windows: when anything may be begun; none means always.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        STANDSTILL,
        Rule(
            "!has(self.zones) || size(self.zones) == 0 || (has(self.perZone) && self.perZone)",
            "zones need perZone: true, or there would be one budget for all of them and others beside it",
            lambda self: self.per_zone or not self.zones,
        ),
        Rule(
            "!has(self.zones) || self.zones.all(zone, self.zones.exists_one(other, other.name == zone.name))",
            "two zones have the same name",
            lambda self: _are_unlike(self.zones),
        ),
        Rule(
            "![self.maxInHand].exists(share, share == 0 || share == '0%')",
            "maxInHand is 0, so no node could ever go; set spec.mode: Freeze to stop",
            lambda self: not is_nothing(self.max_in_hand),
        ),
    )
    max_unavailable: Portion = 0
    max_surge: Share = 1
    per_zone: bool = False
    max_in_hand: Portion = "100%"
    zones: Annotated[tuple[ZonePace, ...], msgspec.Meta(max_length=ZONES_MAX)] = ()
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
            f"DeadlineDelete needs a deadline of {FORCE_AFTER} or more",
            lambda self: "DeadlineDelete" not in self.ladder or seconds(self.deadline) >= seconds(FORCE_AFTER),
        ),
        Rule(
            "!has(self.ladder) || !('Quarantine' in self.ladder) || !('Freeze' in self.ladder || 'DeadlineDelete' in self.ladder)"
            " || !has(self.deadline) || !has(self.timeout) || duration(self.deadline) >= duration(self.timeout)",
            "deadline is shorter than timeout, so the last rung of the ladder would come before the quarantine",
            lambda self: (
                not ("Quarantine" in self.ladder and {"Freeze", "DeadlineDelete"} & set(self.ladder))
                or seconds(self.deadline) >= seconds(self.timeout)
            ),
        ),
        Rule(
            "!has(self.notifyAfter) || self.notifyAfter == '' || !has(self.timeout) ||"
            " duration(self.notifyAfter) <= duration(self.timeout)",
            "notifyAfter is longer than timeout, so the owner would be told too late to do anything",
            lambda self: not self.notify_after or seconds(self.notify_after) <= seconds(self.timeout),
        ),
        Rule(
            "!has(self.ladder) || 'Quarantine' in self.ladder || !has(self.maxQuarantined)"
            " || [self.maxQuarantined].exists(share, share == 0 || share == '0%' || share == 1)",
            "maxQuarantined needs the rung Quarantine in ladder, or no node would ever be quarantined",
            lambda self: "Quarantine" in self.ladder or is_nothing(self.max_quarantined) or self.max_quarantined == 1,
        ),
    )
    timeout: PositiveDuration = "30m"
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


def _is_once(gate: GateSpec, gates: Iterable[GateSpec]) -> bool:
    """Whether a gate that has no question of its own stands there once with what it does about a breach."""
    return gate.gate in NEEDS or sum((one.gate, one.on_breach) == (gate.gate, gate.on_breach) for one in gates) == 1


class RotationSpec(Spec, frozen=True):
    """The whole specification."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"!has(self.health) || self.health.all(one, one.gate in {list(NEEDS)}"
            " || self.health.exists_one(other, one.gate == other.gate && other.onBreach == one.onBreach))",
            "health asks the same gate twice with the same onBreach; leave one of them",
            lambda self: all(_is_once(gate, self.health) for gate in self.health),
        ),
        Rule(
            "!has(self.alerts) || self.alerts.all(one, !has(one.from) || (has(one.teams) && size(one.teams) > 0)"
            " || self.alerts.exists_one(other, has(other.from) && other.from == one.from && other.to == one.to"
            " && (has(other.causes) ? other.causes : []) == (has(one.causes) ? one.causes : [])))",
            "alerts tells the same of the same twice; leave one of them",
            lambda self: all(
                not one.from_
                or one.teams
                or sum((other.from_, other.to, other.causes) == (one.from_, one.to, one.causes) for other in self.alerts) == 1
                for one in self.alerts
            ),
        ),
    )
    target: Target
    mode: Literal["Rotate", "Freeze"] = "Rotate"
    nodes: Nodes = Nodes()
    machines: Machines = Machines()
    pace: Pace = Pace()
    drain: Drain = Drain()
    owners: Owners = Owners()
    alerts: Annotated[tuple[Alert, ...], msgspec.Meta(max_length=ALERTS_MAX)] = ()
    health: Annotated[tuple[GateSpec, ...], msgspec.Meta(max_length=LIST_MAX)] = (
        GateSpec(gate="nodes-ready"),
        GateSpec(gate="workloads-available"),
        GateSpec(gate="api-server", on_breach="Freeze"),
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


def spec_problems(spec: RotationSpec, gates: Iterable[str], providers: Iterable[str]) -> Iterable[str]:
    """What contradicts itself in a decoded specification, each with its field. gates, providers: the names there are."""
    gates, providers = frozenset(gates), frozenset(providers)
    yield from problems_of(spec, "spec")
    if spec.machines.provider not in providers:
        yield f"spec.machines.provider: no provider {spec.machines.provider!r}; there are {', '.join(sorted(providers))}"
    for index, gate in enumerate(spec.health):
        if gate.gate not in gates:
            yield f"spec.health[{index}].gate: no gate {gate.gate!r}; there are {', '.join(sorted(gates))}"
