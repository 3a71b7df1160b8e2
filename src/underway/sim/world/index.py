"""Who belongs to whom: pods by owner, by node and by label, kept as they change, for all controllers of a world."""

from underway.kube.resource import PODS
from underway.sim.store import Change, Object, Store
from underway.sim.world.controller import controller_of
from underway.sim.world.placement import selects

Pods = dict[tuple[str, str], Object]


class PodIndex:
    """Pods by the UID of their controller and by node; "" holds those without."""

    def __init__(self, store: Store) -> None:
        self._by_owner: dict[str, Pods] = {}
        self._by_node: dict[str, Pods] = {}
        self._by_namespace: dict[str, Pods] = {}
        store.subscribe(PODS, self._changed)

    def owned(self, uid: str) -> list[Object]:
        """The pods of a controller, oldest first."""
        return list(self._by_owner.get(uid, {}).values())

    def on_node(self, node: str) -> list[Object]:
        """The pods bound to a node."""
        return list(self._by_node.get(node, {}).values())

    def matching(self, namespace: str, selector: Object | None) -> list[Object]:
        """The pods of a namespace that a label selector matches."""
        if selector is None:
            return []
        pods = self._by_namespace.get(namespace, {}).values()
        if not selector.get("matchExpressions"):  # the usual case, asked thousands of times a run
            wanted = (selector.get("matchLabels") or {}).items()
            return [pod for pod in pods if wanted <= (pod["metadata"].get("labels") or {}).items()]
        return [pod for pod in pods if selects(selector, pod["metadata"].get("labels") or {})]

    def matching_claim(self, namespace: str, claim: str) -> list[Object]:
        """The pods of a namespace that mount a claim."""
        return [
            pod
            for pod in self._by_namespace.get(namespace, {}).values()
            for volume in pod["spec"].get("volumes") or ()
            if volume.get("persistentVolumeClaim", {}).get("claimName") == claim
        ]

    def _changed(self, change: Change) -> None:
        pod = change.object
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        node = pod["spec"].get("nodeName", "")
        owner = controller_of(pod)
        previous_node = change.previous["spec"].get("nodeName", "") if change.previous else node
        if previous_node != node:
            self._by_node.get(previous_node, {}).pop(key, None)
        groups = (
            (self._by_owner, owner["uid"] if owner else ""),
            (self._by_node, node),
            (self._by_namespace, key[0]),
        )
        for index, name in groups:
            if change.type == "DELETED":
                index.get(name, {}).pop(key, None)
            else:
                index.setdefault(name, {})[key] = pod
