"""What the user asks of many clusters: the Fleet specification, decoded and checked as a Rotation is.

Owns the shape and its contradictions. Which cluster may go when is `rotate.fleet`'s.
"""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from underway.errors import UsageError
from underway.rotate.alerts.memory import Memory
from underway.rotate.alerts.routes import ALERTS_MAX, Alert
from underway.rotate.explaining import explained
from underway.rotate.fields import LIST_MAX, Count, Duration, OptionalDuration, Rule, Selector, Share, Spec, problems_of
from underway.rotate.kinds.status import Conditions, Freezing, Time
from underway.rotate.spec import RotationSpec, spec_problems

CLUSTERS_MAX = 512
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=253, extra_json_schema={"minLength": 1})]


class SecretRef(Spec, frozen=True):
    """A Secret in the operator's own namespace, and the key under which it holds a kubeconfig."""

    name: Name
    key: Name = "kubeconfig"


class Cluster(Spec, frozen=True):
    """One cluster. kubeconfig: how it is reached; its user there has the rights of the ClusterRole underway-member."""

    name: Name
    kubeconfig: SecretRef
    labels: dict[str, str] = {}


class Success(Spec, frozen=True):
    """When a wave is good. finished: how many of its clusters must be; within: after this long without, the wave has failed."""

    finished: Share = "100%"
    within: OptionalDuration = ""


class Wave(Spec, frozen=True):
    """Clusters that go together, by name or by label.

    maxConcurrent: so many at once, 0 for all; soak: how long the wave is watched after its success before the next begins.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.clusters) && size(self.clusters) > 0) != has(self.selector)",
            "give either clusters or selector, or the wave would be empty or ambiguous",
            lambda self: bool(self.clusters) != (self.selector is not None),
        ),
    )
    name: Name
    clusters: Annotated[tuple[str, ...], msgspec.Meta(max_length=CLUSTERS_MAX)] = ()
    selector: Selector | None = None
    max_concurrent: Count = 0
    soak: Duration = "0s"
    success: Success = Success()


class Template(Spec, frozen=True):
    """The Rotation that each cluster gets. name: of it, the Fleet's own by default."""

    spec: RotationSpec
    name: str = ""


class FleetSpec(Spec, frozen=True):
    """The whole. clusterSelector: Secrets of the operator's namespace that are clusters too, by label; alerts: of the hub."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.clusters) && size(self.clusters) > 0) || has(self.clusterSelector)",
            "give clusters or clusterSelector, or the fleet would be empty",
            lambda self: self.clusters or self.cluster_selector is not None,
        ),
    )
    rotation: Template
    waves: Annotated[tuple[Wave, ...], msgspec.Meta(min_length=1, max_length=LIST_MAX, extra_json_schema={"minItems": 1})]
    mode: Literal["Rotate", "Freeze"] = "Rotate"
    clusters: Annotated[tuple[Cluster, ...], msgspec.Meta(max_length=CLUSTERS_MAX)] = ()
    cluster_selector: Selector | None = None
    alerts: Annotated[tuple[Alert, ...], msgspec.Meta(max_length=ALERTS_MAX)] = ()


class ClusterStatus(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One cluster: its wave, how its Rotation stands, and why."""

    name: str
    wave: str = ""
    state: str = ""
    reason: str = ""
    total: int = 0
    up_to_date: int = 0


class WaveStatus(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One wave. state: Waiting, Progressing, Soaking, Succeeded, Frozen or Failed."""

    name: str
    state: str
    reason: str = ""
    clusters: int = 0
    finished: int = 0
    started_at: Time = ""
    succeeded_at: Time = ""


class FleetStatus(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """How a Fleet stands.

    frozen: since when and by whom, in level "fleet" by whoever froze it, in level "wave" by a cluster that stopped by itself;
    alerted: what people have been told, so that the next leader does not repeat it; undelivered: why the last message did not
    arrive, "" if it did.
    """

    observed_generation: int = 0
    state: str = ""
    reason: str = ""
    conditions: Conditions = ()
    waves: tuple[WaveStatus, ...] = ()
    clusters: tuple[ClusterStatus, ...] = ()
    frozen: Freezing | None = None
    alerted: Memory | None = None
    undelivered: str = ""


def fleet_from(spec: Any, source: str, gates: Iterable[str], providers: Iterable[str]) -> FleetSpec:
    """The Fleet specification in plain values. Raises UsageError, which names the field."""
    try:
        fleet = msgspec.convert(spec, FleetSpec)
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: {explained(str(error), FleetSpec, 'spec')}") from None
    problems = [
        *problems_of(fleet, "spec"),
        *(problem.replace("spec.", "spec.rotation.spec.", 1) for problem in spec_problems(fleet.rotation.spec, gates, providers)),
    ]
    if problems:
        raise UsageError("\n".join(f"{source}: {problem}" for problem in dict.fromkeys(problems)))
    return fleet
