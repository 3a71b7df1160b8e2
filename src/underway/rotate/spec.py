"""What the user asks for: the Rotation specification, decoded and checked.

Owns the shape (group underway.dev, version v1), the defaults and the contradictions that are refused. It does not know
how a file is read: `cli` hands in plain values. Sources of the defaults stand beside them.
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from underway.errors import UsageError
from underway.model import duration, version
from underway.model.meta import LabelSelector

API_VERSION = "underway.dev/v1"
OnBreach = Literal["Wait", "Freeze"]


class Spec(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """The base of every part of a Rotation: an unknown field is refused, never ignored."""


class Target(Spec, frozen=True):
    """When a node is up to date: all that are given must hold."""

    kubelet_version: str = ""
    os_image: str = ""
    max_age: str = ""


class OrderBy(Spec, frozen=True):
    """One key of the order in which nodes go."""

    by: Literal["zone", "age", "name"]


class Nodes(Spec, frozen=True):
    """Which nodes are rotated, and in which order.

    selector None: every node that is not of the control plane. order: keys that come before the least projected wait for
    budgets. canary: so many nodes go alone before the pace applies.
    """

    selector: LabelSelector | None = None
    exclude: LabelSelector | None = None
    order: tuple[OrderBy, ...] = ()
    canary: int = 0


class Machines(Spec, frozen=True):
    """Where replacements come from. bootTimeout: MachineHealthCheck's nodeStartupTimeout default is 10 minutes.

    Each provider reads its own fields and refuses to begin without those that it needs: command (Command); groups, region
    (AutoScalingGroup); kubeconfig, context (ClusterAPI: of the management cluster, if it is another).
    """

    provider: str = "Command"
    command: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    region: str = ""
    kubeconfig: str = ""
    context: str = ""
    boot_timeout: str = "10m"


class Pace(Spec, frozen=True):
    """How many at once, as numbers or percentages of the selected nodes; maxSurge rounds up, maxUnavailable down.

    As in Deployments (apps/v1 RollingUpdateDeployment). perZone: both hold in each zone by itself. soak: how long a new
    node must have been Ready before its predecessor is cordoned.
    """

    max_unavailable: int | str = 0
    max_surge: int | str = 1
    per_zone: bool = False
    soak: str = "0s"


class Drain(Spec, frozen=True):
    """How a node is emptied. timeout: AKS waits 30 minutes by default; deregistration: for load balancers to let go."""

    timeout: str = "30m"
    grace_period_limit: str = ""
    empty_dir: Literal["Evict", "Block"] = "Evict"
    unmanaged: Literal["Evict", "Block"] = "Block"
    deregistration: str = "10s"
    on_stuck: Literal["Quarantine", "Freeze"] = "Quarantine"


class Gate(Spec, frozen=True):
    """One health gate. for: how long a breach must last; threshold: the gate's own unit."""

    gate: str
    on_breach: OnBreach = "Wait"
    for_: str = msgspec.field(name="for", default="")
    threshold: float | None = None


class RotationSpec(Spec, frozen=True):
    """The whole specification."""

    target: Target
    mode: Literal["Rotate", "Freeze"] = "Rotate"
    nodes: Nodes = Nodes()
    machines: Machines = Machines()
    pace: Pace = Pace()
    drain: Drain = Drain()
    health: tuple[Gate, ...] = (
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
        raise UsageError(f"{source}: {_explained(str(error))}") from None
    problems = list(_problems(rotation.spec, frozenset(gates), frozenset(providers)))
    if problems:
        raise UsageError("\n".join(f"{source}: {problem}" for problem in problems))
    return rotation


def _explained(message: str) -> str:
    """msgspec's message with the path first and, for a field that does not exist, those that do."""
    text, _, path = message.partition(" - at `$")
    path = path.rstrip("`").lstrip(".") or "the document"
    if "unknown field" in text:
        known = _known_fields(path)
        return f"{path}: {text[0].lower()}{text[1:]}; known here: {', '.join(known)}" if known else f"{path}: {text}"
    return f"{path}: {text[0].lower()}{text[1:]}"


def _known_fields(path: str) -> list[str]:
    at: Any = Rotation
    for part in [] if path == "the document" else path.replace("[...]", "").split("."):
        field = next((field for field in msgspec.structs.fields(at) if field.encode_name == part), None)
        if field is None:
            return []
        at = next((kind for kind in _struct_types(field.type)), None)
        if at is None:
            return []
    return sorted(field.encode_name for field in msgspec.structs.fields(at))


def _struct_types(annotation: Any) -> Iterable[Any]:
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
            yield candidate


def _problems(spec: RotationSpec, gates: frozenset[str], providers: frozenset[str]) -> Iterable[str]:
    if not any((spec.target.kubelet_version, spec.target.os_image, spec.target.max_age)):
        yield "spec.target: give kubeletVersion, osImage or maxAge, or no node would ever be out of date"
    if spec.target.kubelet_version:
        yield from _parsed("spec.target.kubeletVersion", spec.target.kubelet_version, version.parse)
    durations = {
        "spec.target.maxAge": spec.target.max_age,
        "spec.machines.bootTimeout": spec.machines.boot_timeout,
        "spec.pace.soak": spec.pace.soak,
        "spec.drain.timeout": spec.drain.timeout,
        "spec.drain.gracePeriodLimit": spec.drain.grace_period_limit,
        "spec.drain.deregistration": spec.drain.deregistration,
    }
    for path, text in durations.items():
        if text:
            yield from _parsed(path, text, duration.seconds)
    yield from _pace_problems(spec.pace)
    if spec.nodes.canary < 0:
        yield f"spec.nodes.canary: {spec.nodes.canary} is less than 0"
    if spec.machines.provider not in providers:
        yield f"spec.machines.provider: no provider {spec.machines.provider!r}; there are {', '.join(sorted(providers))}"
    for index, gate in enumerate(spec.health):
        if gate.gate not in gates:
            yield f"spec.health[{index}].gate: no gate {gate.gate!r}; there are {', '.join(sorted(gates))}"
        if gate.for_:
            yield from _parsed(f"spec.health[{index}].for", gate.for_, duration.seconds)


def _pace_problems(pace: Pace) -> Iterable[str]:
    bad = False
    for path, value in (("spec.pace.maxUnavailable", pace.max_unavailable), ("spec.pace.maxSurge", pace.max_surge)):
        if isinstance(value, int) and value < 0:
            bad = True
            yield f"{path}: {value} is less than 0"
        elif isinstance(value, str) and not (value.endswith("%") and value[:-1].isdigit()):
            bad = True
            yield f"{path}: {value!r} is neither a number nor a percentage such as 10%"
    if not bad and all(value in (0, "0%") for value in (pace.max_unavailable, pace.max_surge)):
        yield "spec.pace: maxUnavailable and maxSurge are both 0, so no node could ever go; raise one of them"


def _parsed(path: str, text: str, parse: Any) -> Iterable[str]:
    try:
        parse(text)
    except ValueError as error:
        yield f"{path}: {error}"
