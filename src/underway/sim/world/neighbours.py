"""What a pod's neighbours say of where it may run: pod affinity, anti-affinity and topology spread, counted once a pod.

Owns the counts of one scheduling attempt; the scheduler asks for each node. A pod that is on its way out still repels and
attracts until it is gone, but no longer counts for the spread. Source: kube-scheduler's plugins InterPodAffinity and
PodTopologySpread (calPreFilterState, Filter). Not here: weights of preferred terms beyond their order, namespaces by label
other than those that exist.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from underway.kube import resource as r
from underway.sim.store import Object, Store
from underway.sim.world.index import PodIndex
from underway.sim.world.placement import REQUIRED, node_fits, selects
from underway.sim.world.taints import untolerated

PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
Places = dict[str, int]
Wanted = tuple[str, Places]


class Neighbours:
    """The neighbourhood of one pod. repelling: the bound pods that have anti-affinity terms of their own."""

    def __init__(self, pod: Object, store: Store, pods: PodIndex, repelling: Iterable[Object]) -> None:
        self._pod = pod
        self._store = store
        self._pods = pods
        affinity = pod["spec"].get("affinity") or {}
        attract, repel = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
        own = pod["metadata"].get("labels") or {}
        self._apart = [self._wanted(term) for term in repel.get(REQUIRED) or ()]
        self._taken = list(self._forbidden(repelling))
        self._near = [self._wanted(term) for term in attract.get(REQUIRED) or ()]
        alone = not any(places for _, places in self._near)
        self._first = alone and all(self._covers(term, pod, own) for term in attract.get(REQUIRED) or ())
        self._liked = [(*self._wanted(term["podAffinityTerm"]), -term["weight"]) for term in attract.get(PREFERRED) or ()]
        self._liked += [(*self._wanted(term["podAffinityTerm"]), term["weight"]) for term in repel.get(PREFERRED) or ()]
        constraints = pod["spec"].get("topologySpreadConstraints") or ()
        self._spread = self._spreads(constraints, "DoNotSchedule") if constraints else []
        self._even = self._spreads(constraints, "ScheduleAnyway") if constraints else []

    def refusal(self, node: Object) -> str:
        """Why the neighbours forbid the node, or ""."""
        labels = node["metadata"].get("labels") or {}
        for constraint, places, mine, least in self._spread:
            key = constraint["topologyKey"]
            if key not in labels:
                return "node(s) didn't match pod topology spread constraints (missing required label)"
            if places.get(labels[key], 0) + mine - least > constraint["maxSkew"]:
                return "node(s) didn't match pod topology spread constraints"
        if any(key not in labels or (not self._first and not places.get(labels[key])) for key, places in self._near):
            return "node(s) didn't match pod affinity rules"
        if any(places.get(labels.get(key, "")) for key, places in self._apart):
            return "node(s) didn't match pod anti-affinity rules"
        if any(labels.get(key) == value for key, value in self._taken):
            return "node(s) didn't satisfy existing pods anti-affinity rules"
        return ""

    def cost(self, node: Object) -> int:
        """How much the preferences speak against the node."""
        labels = node["metadata"].get("labels") or {}
        crowd = sum(places.get(labels.get(c["topologyKey"], ""), 0) for c, places, _, _ in self._even)
        return crowd + sum(int(weight) * places.get(labels.get(key, ""), 0) for key, places, weight in self._liked)

    def _wanted(self, term: Object) -> Wanted:
        """A term's topology key, and how many pods of the term each of its places has."""
        key, own = term["topologyKey"], self._pod["metadata"].get("labels") or {}
        found = (
            other
            for namespace in self._namespaces(term, self._pod)
            for other in self._pods.matching(namespace, _selector(term, own))
            if other["metadata"]["uid"] != self._pod["metadata"]["uid"] and not _finished(other)
        )
        return key, self._counted(key, found)

    def _counted(self, key: str, pods: Iterable[Object], node_counts: Callable[[Object], bool] = lambda _: True) -> Places:
        places: Places = {}
        for pod in pods:
            node = self._store.get(r.NODES, "", pod["spec"].get("nodeName", ""))
            value = (node["metadata"].get("labels") or {}).get(key) if node is not None and node_counts(node) else None
            if value is not None:
                places[value] = places.get(value, 0) + 1
        return places

    def _namespaces(self, term: Object, pod: Object) -> set[str]:
        """The namespaces of a term: those named, those selected, or else the pod's own."""
        named, selector = set(term.get("namespaces") or ()), term.get("namespaceSelector")
        if selector is None:
            return named or {pod["metadata"]["namespace"]}
        known = self._store.values(r.NAMESPACES)
        return named | {n["metadata"]["name"] for n in known if selects(selector, n["metadata"].get("labels") or {})}

    def _covers(self, term: Object, holder: Object, labels: dict[str, str]) -> bool:
        """Whether a term of one pod speaks of this one."""
        namespace = self._pod["metadata"]["namespace"]
        own = holder["metadata"].get("labels") or {}
        return selects(_selector(term, own), labels) and namespace in self._namespaces(term, holder)

    def _forbidden(self, repelling: Iterable[Object]) -> Iterator[tuple[str, str]]:
        """Places that pods already there keep this one away from."""
        labels = self._pod["metadata"].get("labels") or {}
        for other in repelling:
            for term in other["spec"]["affinity"]["podAntiAffinity"].get(REQUIRED) or ():
                if other["metadata"]["uid"] != self._pod["metadata"]["uid"] and self._covers(term, other, labels):
                    yield from ((term["topologyKey"], value) for value in self._counted(term["topologyKey"], [other]))

    def _spreads(self, constraints: Iterable[Object], action: str) -> list[tuple[Object, Places, int, int]]:
        """Each constraint of an action: what it is, its places with their pods, whether this pod counts, the least of them."""
        chosen = [constraint for constraint in constraints if constraint["whenUnsatisfiable"] == action]
        keys = {constraint["topologyKey"] for constraint in chosen}
        nodes = [n for n in self._store.values(r.NODES) if keys <= (n["metadata"].get("labels") or {}).keys()]
        return [self._counts(constraint, nodes) for constraint in chosen]

    def _counts(self, constraint: Object, nodes: Iterable[Object]) -> tuple[Object, Places, int, int]:
        key, labels = constraint["topologyKey"], self._pod["metadata"].get("labels") or {}
        selector = _selector(constraint, labels)
        counting = {n["metadata"]["name"]: n["metadata"]["labels"][key] for n in nodes if self._included(constraint, n)}
        places = dict.fromkeys(counting.values(), 0)
        for other in self._pods.matching(self._pod["metadata"]["namespace"], selector):
            place = counting.get(other["spec"].get("nodeName", ""))
            if place is not None and not _finished(other) and not other["metadata"].get("deletionTimestamp"):
                places[place] += 1
        least = min(places.values(), default=0) if len(places) >= (constraint.get("minDomains") or 1) else 0
        return constraint, places, int(selects(selector, labels)), least

    def _included(self, constraint: Object, node: Object) -> bool:
        """Whether a node is one of the constraint's: by default a cordoned or tainted one is."""
        spec = self._pod["spec"]
        if constraint.get("nodeAffinityPolicy", "Honor") == "Honor" and not node_fits(spec, node):
            return False
        honoured = constraint.get("nodeTaintsPolicy", "Ignore") == "Honor"
        return not (honoured and untolerated(node, spec.get("tolerations") or (), "NoSchedule", "NoExecute"))


def _selector(term: Object, labels: dict[str, str]) -> Object | None:
    """The selector of a term with its matchLabelKeys, which the API server merges into it, and mismatchLabelKeys."""
    selector: Object | None = term.get("labelSelector")
    if selector is None:
        return None
    extra: list[dict[str, Any]] = []
    for field, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")):
        keys = [key for key in term.get(field) or () if key in labels]
        extra += [{"key": key, "operator": operator, "values": [labels[key]]} for key in keys]
    return {**selector, "matchExpressions": [*(selector.get("matchExpressions") or ()), *extra]} if extra else selector


def _finished(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
