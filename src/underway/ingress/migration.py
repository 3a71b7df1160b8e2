"""A migration of a class of Ingresses on a live cluster: where it stands, what comes next, and the requests of each step.

Owns the order of steps and what each writes. State lives on the Ingresses, as annotations: who starts from nothing reads it
back and goes on. Every request is safe to send twice. Nothing is deleted but what the migration made; an Ingress is retired by
its class, which `undo` gives back. Sending is for `live`, conversion and proof are asked by the shell.
"""

from enum import Enum
from typing import Any

import msgspec

from underway.kube.request import APPLY_PATCH, MERGE_PATCH, Request
from underway.kube.resource import SERVICES, Resource

STEP, FROZEN, CLASS, WEIGHT = (f"migrate.underway.dev/{word}" for word in ("step", "frozen", "class", "weight"))
# What external-dns makes weighted records of, on Ingresses and on routes alike (its docs: annotations, Gateway API sources).
DNS_WEIGHT, DNS_NAME = (f"external-dns.alpha.kubernetes.io/{word}" for word in ("aws-weight", "set-identifier"))
ALL = 100  # percent
MANAGER = "underway-ingress-migrate"
RETIRED = "-retired"  # appended to spec.ingressClassName: no controller has such a class
INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
# What Ingresses refer to and a conversion reads; Secrets are named, never read.
REFERRED = (
    SERVICES,
    Resource("", "v1", "configmaps", "ConfigMap"),
    Resource("networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False),
)


class Step(Enum):
    """The steps, in order. The value is what stands in the annotation once a step is done."""

    READ = ""
    APPLIED = "Applied"
    COMPARED = "Compared"
    SHIFTED = "Shifted"
    RETIRED = "Retired"


ORDER = tuple(Step)
SAYS = {
    Step.APPLIED: "convert, prove, and apply Gateways and routes beside the Ingresses",
    Step.COMPARED: "replay requests against both data planes, and compare the answers",
    Step.SHIFTED: "send traffic to the Gateways' addresses (DNS, or the weights of a load balancer)",
    Step.RETIRED: "take the Ingresses out of their class; the old data plane forgets them",
}


class State(msgspec.Struct, frozen=True):
    """Where a migration stands. ingresses: the objects of the class; step: the least that all have reached.

    furthest: the most that one has reached, which is another where a step was cut off; weight: how many of a hundred lookups lead
    to the Gateways, None where no weights are set.
    """

    class_name: str
    ingresses: tuple[dict[str, Any], ...]
    step: Step
    frozen: bool
    furthest: Step = Step.READ
    weight: int | None = None

    @property
    def following(self) -> Step | None:
        """The step that comes next, None at the end."""
        index = ORDER.index(self.step) + 1
        return ORDER[index] if index < len(ORDER) else None


class Blocked(msgspec.Struct, frozen=True):
    """Why a step is not taken now, and what to do."""

    reason: str


def state_of(ingresses: list[dict[str, Any]], class_name: str) -> State:
    """The state of a class. ingresses: all of the cluster, as plain JSON values."""
    mine = tuple(one for one in ingresses if _class_of(one).removesuffix(RETIRED) == class_name)
    steps = [_step_of(one) for one in mine]
    least, most = (choose(steps, key=ORDER.index, default=Step.READ) for choose in (min, max))
    weights = [int(text) for one in mine if (text := _annotations(one).get(WEIGHT, "")).isdigit()]
    frozen = any(_annotations(one).get(FROZEN) == "true" for one in mine)
    return State(class_name, mine, least, frozen, most, min(weights, default=None))


def _step_of(one: dict[str, Any]) -> Step:
    mark = _annotations(one).get(STEP, "")
    return Step(mark) if mark in {step.value for step in Step} else Step.READ


def may(state: State, wanted: Step) -> Blocked | None:
    """Whether a step may be taken now. A step may be taken again; none may be left out."""
    if not state.ingresses:
        return Blocked(f"there is no Ingress of class {state.class_name!r}; kubectl get ingress -A shows the classes")
    if state.frozen:
        return Blocked("the migration is frozen; `underway ingress migrate resume` lets it go on")
    if ORDER.index(wanted) > ORDER.index(state.step) + 1:
        return Blocked(f"{wanted.value} comes after {ORDER[ORDER.index(wanted) - 1].value}; take that step first")
    if ORDER.index(wanted) < ORDER.index(state.step) and wanted is not Step.COMPARED:
        return Blocked(f"{wanted.value} is done; `underway ingress migrate undo` goes back")
    return None


def lines(state: State) -> list[str]:
    """The steps with what is done, next and later."""
    found = []
    for number, step in enumerate(ORDER[1:], start=1):
        done = ORDER.index(step) <= ORDER.index(state.step)
        word = "done" if done else "frozen" if state.frozen else "next" if step is state.following else "later"
        said = SAYS[step]
        if step is Step.SHIFTED and state.weight is not None:
            said += f"; {state.weight} of {ALL} lookups lead there"
        found.append(f"{number}. {word:7} {step.value.lower():9} {said}")
    return found


def original(one: dict[str, Any]) -> dict[str, Any]:
    """An Ingress as it was before it was retired."""
    spec = {**one["spec"]}
    if spec.get("ingressClassName", "").endswith(RETIRED):
        spec["ingressClassName"] = spec["ingressClassName"].removesuffix(RETIRED)
    return {"apiVersion": INGRESSES.api_version, "kind": "Ingress", **one, "spec": spec}


def applying(state: State, objects: list[dict[str, Any]]) -> list[Request]:
    """Apply what was converted, each object labelled, and mark the Ingresses."""
    requests = []
    for number, one in enumerate(objects):
        labels = {**one["metadata"].get("labels", {}), CLASS: state.class_name}
        body = {**one, "metadata": {**one["metadata"], "labels": labels}}
        requests.append(_apply(number, body))
    return requests + marking(state, Step.APPLIED)


def marking(state: State, step: Step) -> list[Request]:
    """Write down on each Ingress that a step is done."""
    value = step.value or None
    return [_annotate(one, {STEP: value} if value else {STEP: None, FROZEN: None}) for one in state.ingresses]


def freezing(state: State, frozen: bool) -> list[Request]:
    """Stop a migration where it stands, or let it go on."""
    return [_annotate(one, {FROZEN: "true" if frozen else None}) for one in state.ingresses]


def stale(objects: list[dict[str, Any]], made: list[dict[str, Any]]) -> list[Request]:
    """Take away what an earlier conversion made and this one does not. made: the labelled objects of the cluster."""
    wanted = {_identity(one) for one in objects}
    return [_delete(one) for one in reversed(made) if _identity(one) not in wanted]


def shifting(state: State, routes: list[dict[str, Any]], weight: int) -> list[Request]:
    """Let so many of a hundred lookups lead to the Gateways, by records that external-dns weighs; all of them is the step done.

    routes: those that the migration made. Routes get their share first: no lookup is without an answer.
    """
    requests = [_weigh(one, str(weight), f"{state.class_name}-gateway", {}) for one in routes]
    done: dict[str, str | None] = {STEP: Step.SHIFTED.value} if weight == ALL else {}
    mark = {WEIGHT: str(weight), **done}
    return requests + [_weigh(one, str(ALL - weight), f"{state.class_name}-ingress", mark) for one in state.ingresses]


def unshifting(state: State, routes: list[dict[str, Any]]) -> list[Request]:
    """Take the weights away, the Ingresses' first."""
    mark: dict[str, str | None] = {WEIGHT: None, STEP: Step.COMPARED.value}
    weighed = [one for one in routes if DNS_WEIGHT in _annotations(one)]
    return [*(_weigh(one, None, None, mark) for one in state.ingresses), *(_weigh(one, None, None, {}) for one in weighed)]


def retiring(state: State) -> list[Request]:
    """Take the Ingresses out of their class, and write that down in the same request."""
    return [_reclass(one, state.class_name + RETIRED, Step.RETIRED) for one in state.ingresses]


def undoing(state: State, made: list[dict[str, Any]]) -> list[Request]:
    """One step back, for those that are furthest: what was cut off halfway is taken back whole.

    made: the labelled objects; they are deleted, with their UID as precondition, when the first step is taken back, and routes
    among them lose their weights when the shift is.
    """
    if state.weight is not None and state.furthest in (Step.COMPARED, Step.SHIFTED):
        return unshifting(state, made)
    last = [one for one in state.ingresses if _step_of(one) is state.furthest]
    if state.furthest is Step.RETIRED:
        return [_reclass(one, state.class_name, Step.SHIFTED) for one in last]
    if state.furthest in (Step.SHIFTED, Step.COMPARED):
        return [_annotate(one, {STEP: ORDER[ORDER.index(state.furthest) - 1].value}) for one in last]
    return [_delete(one) for one in reversed(made)] + marking(state, Step.READ)


def resources_of(objects: list[dict[str, Any]]) -> list[Resource]:
    """The resources of some objects, each once."""
    return list(dict.fromkeys(resource_of(one) for one in objects))


def resource_of(one: dict[str, Any]) -> Resource:
    """The resource that an object is of."""
    group, _, version = one["apiVersion"].rpartition("/")
    kind = one["kind"]
    plural = kind.lower()[:-1] + "ies" if kind.endswith("Policy") else kind.lower() + ("es" if kind.endswith("s") else "s")
    return Resource(group, version, plural, kind, namespaced=kind != "GatewayClass")


def _apply(number: int, body: dict[str, Any]) -> Request:
    metadata = body["metadata"]
    query = (("fieldManager", MANAGER), ("force", "true"))
    resource = resource_of(body)
    return Request(
        id=number,
        verb="patch",
        resource=resource,
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        query=query,
        body=body,
        content_type=APPLY_PATCH,
    )


def _annotate(one: dict[str, Any], annotations: dict[str, str | None]) -> Request:
    return _patch(one, {"metadata": {"annotations": annotations}})


def _reclass(one: dict[str, Any], class_name: str, step: Step) -> Request:
    """The field if it is used, else the annotation that older Ingresses have."""
    if one["spec"].get("ingressClassName"):
        return _patch(one, {"spec": {"ingressClassName": class_name}, "metadata": {"annotations": {STEP: step.value}}})
    return _patch(one, {"metadata": {"annotations": {"kubernetes.io/ingress.class": class_name, STEP: step.value}}})


def _weigh(one: dict[str, Any], weight: str | None, name: str | None, more: dict[str, str | None]) -> Request:
    """Set what external-dns reads. None: take it away."""
    return _annotate(one, {DNS_WEIGHT: weight, DNS_NAME: name, **more})


def _identity(one: dict[str, Any]) -> tuple[str, str, str, str]:
    metadata = one["metadata"]
    return one["apiVersion"].partition("/")[0], one["kind"], metadata.get("namespace", ""), metadata["name"]


def _patch(one: dict[str, Any], body: dict[str, Any]) -> Request:
    metadata = one["metadata"]
    names = {"namespace": metadata["namespace"], "name": metadata["name"]}
    query = (("fieldManager", MANAGER),)
    resource = resource_of(one) if "kind" in one else INGRESSES  # a list of Ingresses does not say their kind
    return Request(id=0, verb="patch", resource=resource, query=query, body=body, content_type=MERGE_PATCH, **names)


def _delete(one: dict[str, Any]) -> Request:
    metadata = one["metadata"]
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": metadata["uid"]}}
    names = {"namespace": metadata.get("namespace", ""), "name": metadata["name"]}
    return Request(id=0, verb="delete", resource=resource_of(one), body=body, **names)


def _annotations(one: dict[str, Any]) -> dict[str, str]:
    return one.get("metadata", {}).get("annotations") or {}


def _class_of(one: dict[str, Any]) -> str:
    return str(one.get("spec", {}).get("ingressClassName") or _annotations(one).get("kubernetes.io/ingress.class", ""))
