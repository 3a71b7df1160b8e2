"""What a rotation has to be allowed by the API server: the one table of it, and the question whether it is.

Owns which verb on which resource each part of a Rotation uses. `rotate.kinds.installation` and tools/chart.py draw Roles from the
same table; who asks, and when, is the terminal's (`live.granting`) and the operator's (`rotate.operator.permits`).
Source of the question: authorization.k8s.io/v1 types.go (SelfSubjectAccessReview).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.resource import SELF_SUBJECT_ACCESS_REVIEWS
from underway.model.snapshot import Snapshot
from underway.policy.evictable import Leave, Rules, fate
from underway.rotate.kinds.definitions import GROUP
from underway.rotate.record import LEASE_NAMESPACE
from underway.rotate.spec import RotationSpec
from underway.rotate.target import selected_nodes

RbacRule = dict[str, Any]
EVENT_NAMESPACE = "default"  # of objects without one: pkg/apis/core/validation/events.go
ANSWER_S = 5.0  # an API server that needs longer to say what it allows is asked to act instead


def rule(group: str, resources: str, verbs: str) -> RbacRule:
    """One RBAC rule; resources and verbs are separated by blanks."""
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


READS = [
    rule("", "pods persistentvolumes", "list watch"),
    rule("policy", "poddisruptionbudgets", "list watch"),
    rule("apps", "deployments statefulsets daemonsets", "list watch"),
    rule("storage.k8s.io", "volumeattachments", "list watch"),
]
NODE_RULES = [rule("", "nodes", "list watch patch delete")]
OWNER_RULES = [rule("", "namespaces", "list watch")]
"""What only names an owner: without it none is named."""
EVICT = rule("", "pods/eviction", "create")
LEASE_RULES = [rule("coordination.k8s.io", "leases", "list watch create patch")]
PROVIDER_RULES: dict[str, list[RbacRule]] = {
    "ClusterAPI": [
        rule("cluster.x-k8s.io", "machinedeployments", "list patch"),
        rule("cluster.x-k8s.io", "machines", "list patch delete"),
        rule("cluster.x-k8s.io", "machinedrainrules clusters", "list"),
    ],
    "Karpenter": [
        rule("karpenter.sh", "nodeclaims", "get list create patch delete"),
        rule("karpenter.sh", "nodepools", "get list"),
        rule("", "nodes", "get"),
    ],
}
"""What each provider asks of the API server that holds its machines (docs/providers)."""
GRANTS: dict[str, list[RbacRule]] = {
    "DeadlineDelete": [rule("", "pods", "delete")],
    "Checkpoint": [rule("", "pods", "patch")],
    "SingleReplicaSurge": [
        rule("apps", "deployments/scale", "patch"),
        rule("autoscaling", "horizontalpodautoscalers", "list patch"),
    ],
}
"""What only Rotations that ask for it need: granted where pods may be evicted, and nowhere unless it is wanted."""
ROTATION_RULES = [rule(GROUP, "rotations", "list watch patch"), rule(GROUP, "rotations/status", "patch")]
EVENT_RULES = [rule("", "events", "create")]
LEASE_END_RULES = [rule("coordination.k8s.io", "leases", "delete")]
"""A Rotation that is deleted takes its Lease with it."""


class Need(msgspec.Struct, frozen=True, order=True):
    """One thing to be allowed. resource: plural, with "/subresource" where there is one; namespace: "" for everywhere."""

    group: str
    resource: str
    verb: str
    namespace: str = ""

    def __str__(self) -> str:
        """As people say it: `create pods/eviction in namespace shop`, `patch deployments.apps/scale`."""
        plural, _, sub = self.resource.partition("/")
        what = f"{plural}.{self.group}" if self.group else plural
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {what}{f'/{sub}' if sub else ''}{where}"


class Needs(msgspec.Struct, frozen=True):
    """What one Rotation needs.

    reads: to see the cluster; acts: to change it; machines: in the cluster that holds the machines; moves: wherever pods have to
    leave a node.
    """

    reads: tuple[Need, ...]
    acts: tuple[Need, ...]
    machines: tuple[Need, ...]
    moves: tuple[Need, ...]

    @property
    def everywhere(self) -> tuple[Need, ...]:
        """What one cluster has to allow that holds the machines too, without what can be allowed by namespace."""
        return (*self.reads, *self.acts, *self.machines)


Answers = Mapping[Need, bool | None]
"""Whether each is allowed; None where that is not known, and not to be found out."""


def granted(rules: Iterable[RbacRule], namespace: str = "") -> Iterator[Need]:
    """What RBAC rules allow of resources, one by one."""
    for one in rules:
        for group in one.get("apiGroups", ()):
            for resource in one["resources"]:
                yield from (Need(group, resource, verb, namespace) for verb in one["verbs"])


def asked_for(spec: RotationSpec) -> tuple[str, ...]:
    """Which of GRANTS a Rotation asks for."""
    drain = spec.drain
    wants = {
        "DeadlineDelete": "DeadlineDelete" in drain.ladder,
        "Checkpoint": any(wait.until == "Checkpointed" for wait in drain.wait),
        "SingleReplicaSurge": drain.single_replica == "Surge",
    }
    return tuple(name for name in GRANTS if wants[name])


Doer = Literal["terminal", "operator"]
"""Who carries a Rotation out."""
LOOKING = ("list", "watch")


def always(by: Doer) -> tuple[Need, ...]:
    """What every Rotation needs."""
    needs = [*granted((*NODE_RULES, *READS)), *granted(LEASE_RULES, LEASE_NAMESPACE)]
    if by == "operator":
        needs += [*granted(ROTATION_RULES), *granted(EVENT_RULES, EVENT_NAMESPACE), *granted(LEASE_END_RULES, LEASE_NAMESPACE)]
    return tuple(needs)


def needs_of(spec: RotationSpec, by: Doer) -> Needs:
    """What a Rotation needs."""
    moves = [EVICT, *(one for name in asked_for(spec) for one in GRANTS[name])]
    return Needs(
        reads=tuple(one for one in always(by) if one.verb in LOOKING),
        acts=tuple(one for one in always(by) if one.verb not in LOOKING),
        machines=tuple(granted(PROVIDER_RULES.get(spec.machines.provider, ()))),
        moves=tuple(granted(moves)),
    )


def within(needs: Iterable[Need], namespaces: Iterable[str]) -> tuple[Need, ...]:
    """The same in each of some namespaces."""
    needs = tuple(needs)
    return tuple(msgspec.structs.replace(one, namespace=name) for name in sorted(namespaces) for one in needs)


def refused(needs: Iterable[Need], answers: Answers) -> tuple[Need, ...]:
    """Those that are known not to be allowed."""
    return tuple(one for one in needs if answers.get(one) is False)


def open_namespaces(moves: Iterable[Need], namespaces: Iterable[str], answers: Answers) -> frozenset[str]:
    """The namespaces in which pods may be moved."""
    moves = tuple(moves)
    return frozenset(name for name in namespaces if not refused(within(moves, (name,)), answers))


def namespaces_to_leave(snapshot: Snapshot, spec: RotationSpec, rules: Rules) -> frozenset[str]:
    """The namespaces of the pods that a drain of the Rotation's nodes does not leave where they are."""
    return frozenset(
        pod.metadata.namespace
        for node in selected_nodes(snapshot, spec)
        for pod in snapshot.pods_on(node.name)
        if not isinstance(fate(pod, snapshot, rules), Leave)
    )


def listed(needs: Iterable[Need]) -> str:
    """All of them in one phrase; verbs on one resource together."""
    groups: dict[str, list[str]] = {}
    for one in needs:
        verb, _, what = str(one).partition(" ")
        groups.setdefault(what, []).append(verb)
    return "; ".join(f"{', '.join(verbs)} {what}" for what, verbs in groups.items())


def rules_for(needs: Iterable[Need]) -> str:
    """The rules that would allow them, as lines for a ClusterRole, or for a Role where a namespace stands behind."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in needs:
        groups.setdefault((one.namespace, one.group, one.resource), []).append(one.verb)
    lines = []
    for (namespace, group, resource), verbs in groups.items():
        where = f"  # a Role in namespace {namespace}" if namespace else ""
        lines.append(f'- {{apiGroups: ["{group}"], resources: ["{resource}"], verbs: [{", ".join(verbs)}]}}{where}')
    return "\n".join(lines)


def manifests_for(spec: RotationSpec, namespaces: Iterable[str] = ()) -> str:
    """The command that prints what the operator needs for a Rotation. namespaces: the only ones to evict in."""
    provider = spec.machines.provider
    options = [f"--provider {provider}"] if provider in PROVIDER_RULES else []
    options += [f"--grant {name}" for name in asked_for(spec)]
    options += [f"--evict-in {name}" for name in sorted(namespaces)]
    return " ".join(["underway manifests", *options])


def review(request_id: int, need: Need) -> Request:
    """Ask the API server whether we may."""
    plural, _, sub = need.resource.partition("/")
    attributes = {"group": need.group, "resource": plural, "verb": need.verb}
    attributes |= {"subresource": sub} if sub else {}
    attributes |= {"namespace": need.namespace} if need.namespace else {}
    resource = SELF_SUBJECT_ACCESS_REVIEWS
    body = {"apiVersion": resource.api_version, "kind": resource.kind, "spec": {"resourceAttributes": attributes}}
    return Request(id=request_id, verb="create", resource=resource, body=body, timeout_s=ANSWER_S)


def verdict(reply: Reply) -> bool | None:
    """What it says; None where it says nothing: it refuses the question, or does not answer in time."""
    status = reply.body.get("status") if reply.ok and isinstance(reply.body, dict) else None
    allowed = status.get("allowed") if isinstance(status, dict) else None
    return allowed if isinstance(allowed, bool) else None
