"""Why lint does not find what clusterlint finds, and the other way round: each reason is checked, and stands on a page.

Owns the documented deviations. A difference that no reason here holds for is a fault: of lint, of the oracle, or of a page.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from clusterlint_oracle import IMAGES, Diagnostic, Doc, Oracle, used_by

DOCS = Path(__file__).resolve().parents[1] / "docs"
LINT = "lint.md"
Key = tuple[str, str, str]  # kind, namespace, name
SETS = ("Deployment", "StatefulSet", "DaemonSet")
DISABLED = "clusterlint.digitalocean.com/disabled-checks"


class Reason(NamedTuple):
    """A deviation. words: what the page says of it; holds: whether it is the reason for one object."""

    page: str
    words: str
    holds: Callable[[str, Key], bool]

    @property
    def documented(self) -> bool:
        """Whether its words stand on its page."""
        return self.words in " ".join((DOCS / self.page).read_text().split())


class Reasons:
    """The reasons in one cluster."""

    def __init__(self, documents: list[Doc]) -> None:
        self.documents = documents
        self.by_key = {_key(one): one for one in documents}
        self.oracle = Oracle(documents)
        self.nodes = [one["metadata"]["name"] for one in documents if one["kind"] == "Node"]
        self.alive: set[Diagnostic] | None = None
        self.met: set[str] = set()
        rule = "rules/{}.md".format
        self.not_ours = {
            "cronjob-concurrency": [Reason(rule("cronjob-concurrency"), "flags suspended CronJobs too", self.suspended)],
            "default-namespace": [Reason(rule("default-namespace"), "It flags kube-root-ca.crt", self.root_ca)],
            "fully-qualified-image": [Reason(rule("fully-qualified-image"), "take library/ for granted", self.with_registry)],
            "non-root-user": [Reason(rule("non-root-user"), "ignores `runAsUser`", self.bound)],
            "bare-pods": [Reason(rule("bare-pods"), "It flags pods that have ended", self.over)],
            "unused-config-map": [
                Reason(rule("unused-config-map"), "It flags kube-root-ca.crt in every namespace", self.root_ca),
                Reason(rule("unused-config-map"), "those of kube-system", lambda _, key: key[1] == "kube-system"),
                Reason(rule("unused-config-map"), "what only a workload of 0 replicas uses", self.in_template("config")),
            ],
            "unused-secret": [
                Reason(rule("unused-secret"), "releases of Helm", lambda _, key: key[2].startswith("sh.helm.release")),
                Reason(rule("unused-secret"), "certificates of Ingresses", self.certificate),
                Reason(rule("unused-secret"), "what only a workload of 0 replicas uses", self.in_template("secret")),
            ],
            "unused-pvc": [
                Reason(rule("unused-pvc"), "the claims of StatefulSets", self.claimed),
                Reason(rule("unused-pvc"), "and Deployments that are scaled to 0", self.in_template("claim")),
            ],
            "node-labels-and-taints": [
                Reason(rule("node-labels-and-taints"), "takes a cordon", self.cordoned),
            ],
            "admission-controller-webhook": [
                Reason(rule("admission-controller-webhook"), "is taken to be in the cluster", self.namespace_in_no_file)
            ],
            "admission-controller-webhook-replacement": [
                Reason(rule("admission-controller-webhook-replacement"), "It ignores which resources", self.starts_nothing)
            ],
            "validating-admission-policy": [
                Reason(rule("validating-admission-policy"), "It ignores which resources", self.policy_starts_nothing)
            ],
        }
        self.anywhere = Reason(LINT, f'`{DISABLED}: "a,b"` works in the same places', self.silenced)
        self.not_theirs = {
            "default-namespace": [
                Reason(
                    rule("default-namespace"),
                    "does not look at Deployments",
                    lambda _, key: key[0] in (*SETS, "CronJob", "Ingress"),
                )
            ],
            "non-root-user": [Reason(rule("non-root-user"), "takes a pod's `runAsNonRoot: true` for an answer", self.own_false)],
            "bare-pods": [Reason(rule("bare-pods"), "It takes any pod whose name ends in a node's name", self.named_as_node)],
            "unused-pv": [Reason(rule("unused-pv"), "which misses Released volumes", self.released)],
        }
        self.templates = Reason(LINT, "or through its template where no pod lives", self.without_pods)

    def all(self) -> list[Reason]:
        """Every reason."""
        listed = [one for several in (*self.not_ours.values(), *self.not_theirs.values()) for one in several]
        return [*listed, self.anywhere, self.templates]

    def unexplained(self, theirs: set[Diagnostic], ours: set[Diagnostic]) -> list[str]:
        """What one side alone finds, and no reason holds for. Their pods are compared by their owners."""
        theirs = {(check, *self.top((kind, space, name))) for check, kind, space, name in theirs}
        found = []
        for who, alone, table, besides in (
            ("clusterlint alone finds", theirs - ours, self.not_ours, self.anywhere),
            ("we alone find", ours - theirs, self.not_theirs, self.templates),
        ):
            for check, *rest in sorted(alone):
                key = (rest[0], rest[1], rest[2])
                why = [reason for reason in (*table.get(check, ()), besides) if reason.holds(check, key)]
                self.met |= {f"{reason.page}: {reason.words}" for reason in why}
                if not why:
                    found.append(f"{who} {check} {key}")
        return found

    def top(self, key: Key) -> Key:
        """The top owner."""
        thing = self.by_key.get(key)
        for owner in thing["metadata"].get("ownerReferences", []) if thing else []:
            return self.top((owner["kind"], key[1], owner["name"]))
        return key

    def spec(self, key: Key) -> Doc:
        """The pod spec of an object."""
        thing = self.by_key[key]
        if key[0] == "Pod":
            spec: Doc = thing["spec"]
            return spec
        template: Doc = thing["template"] if key[0] == "PodTemplate" else thing["spec"]["template"]
        made: Doc = template["spec"]
        return made

    def containers(self, key: Key) -> list[Doc]:
        """Its containers and initContainers."""
        spec = self.spec(key)
        return [*spec.get("containers", []), *spec.get("initContainers", [])]

    def suspended(self, _: str, key: Key) -> bool:
        return bool(self.by_key[key]["spec"].get("suspend"))

    def root_ca(self, _: str, key: Key) -> bool:
        return key[2] == "kube-root-ca.crt"

    def with_registry(self, _: str, key: Key) -> bool:
        """Every image of it that is not in its canonical form is a reference that begins with a registry."""
        named = [(one["image"], IMAGES[one["image"]][0]) for one in self.containers(key)]
        return all(full is not None and (full == text or "." in text.partition("/")[0]) for text, full in named)

    def bound(self, _: str, key: Key) -> bool:
        """No container of it can be root, if users are looked at and the container's fields win over the pod's."""
        return not any(_root(one, self.spec(key)) for one in self.containers(key))

    def own_false(self, _: str, key: Key) -> bool:
        pod = self.spec(key).get("securityContext", {})
        return any(
            one.get("securityContext", {}).get("runAsNonRoot") is False and pod.get("runAsNonRoot") and _root(one, self.spec(key))
            for one in self.containers(key)
        )

    def over(self, _: str, key: Key) -> bool:
        return bool(self.by_key[key]["status"]["phase"] in ("Succeeded", "Failed"))

    def in_template(self, what: str) -> Callable[[str, Key], bool]:
        """Whether a workload of no replicas names it."""
        idle = [one for one in self.documents if one["kind"] in SETS and one["spec"]["replicas"] == 0]

        def named(_: str, key: Key) -> bool:
            near = [one["spec"]["template"]["spec"] for one in idle if one["metadata"]["namespace"] == key[1]]
            return any((what, key[2]) in set(used_by(spec)) for spec in near)

        return named

    def certificate(self, _: str, key: Key) -> bool:
        ingresses = [one for one in self.documents if one["kind"] == "Ingress" and one["metadata"]["namespace"] == key[1]]
        return any(tls["secretName"] == key[2] for one in ingresses for tls in one["spec"]["tls"])

    def claimed(self, _: str, key: Key) -> bool:
        sets = [one for one in self.documents if one["kind"] == "StatefulSet" and one["metadata"]["namespace"] == key[1]]
        made = [
            f"{claim['metadata']['name']}-{one['metadata']['name']}-"
            for one in sets
            for claim in one["spec"]["volumeClaimTemplates"]
        ]
        return any(key[2].startswith(prefix) and key[2].removeprefix(prefix).isdecimal() for prefix in made)

    def cordoned(self, _: str, key: Key) -> bool:
        node = self.by_key[key]
        return "disk" not in node["metadata"]["labels"] and {one["key"] for one in node["spec"]["taints"]} == {
            "node.kubernetes.io/unschedulable"
        }

    def namespace_in_no_file(self, _: str, key: Key) -> bool:
        services = [one["clientConfig"].get("service") for one in self.by_key[key]["webhooks"]]
        lost = [one for one in services if one and self.oracle.named("Service", one["namespace"], one["name"]) is None]
        return bool(lost) and all(self.oracle.named("Namespace", "", one["namespace"]) is None for one in lost)

    def starts_nothing(self, _: str, key: Key) -> bool:
        stopping = [one for one in self.by_key[key]["webhooks"] if one["clientConfig"].get("service")]
        homes = [self.oracle.named("Namespace", "", one["clientConfig"]["service"]["namespace"]) for one in stopping]
        told = [one for one, home in zip(stopping, homes, strict=True) if self.oracle.stops(one, home)]
        return not any(_starts_pods(rule) for one in told for rule in one["rules"])

    def policy_starts_nothing(self, _: str, key: Key) -> bool:
        return not any(_starts_pods(rule) for rule in self.by_key[key]["spec"]["matchConstraints"]["resourceRules"])

    def silenced(self, check: str, key: Key) -> bool:
        """Its own annotation, or one of its pods', names the check."""
        things = [one for other, one in self.by_key.items() if other == key or (other[0] == "Pod" and self.top(other) == key)]
        return any(check in one["metadata"].get("annotations", {}).get(DISABLED, "").split(", ") for one in things)

    def named_as_node(self, _: str, key: Key) -> bool:
        return any(key[2].endswith(f"-{node}") for node in self.nodes)

    def released(self, _: str, key: Key) -> bool:
        return bool(self.by_key[key]["status"]["phase"] == "Released")

    def without_pods(self, check: str, key: Key) -> bool:
        """clusterlint would find it, if one pod were made from its template."""
        if self.alive is None:
            made = [pod for one in self.documents for pod in _made_from(one)]
            found = Oracle([*self.documents, *made]).diagnostics()
            self.alive = {(name, *self._owner(made, (kind, space, pod))) for name, kind, space, pod in found}
        return (check, *key) in self.alive

    def _owner(self, made: list[Doc], key: Key) -> Key:
        owner = next((one["metadata"]["ownerReferences"][0] for one in made if _key(one) == key), None)
        return (owner["kind"], key[1], owner["name"]) if owner else key


def _made_from(thing: Doc) -> list[Doc]:
    """One pod from a template that has none."""
    kind, namespace, name = _key(thing)
    if kind == "PodTemplate":
        spec = thing["template"]["spec"]
    elif kind in SETS and thing["spec"]["replicas"] == 0:
        spec = thing["spec"]["template"]["spec"]
    else:
        return []
    metadata = {"name": f"made-{kind}-{name}", "namespace": namespace, "ownerReferences": [{"kind": kind, "name": name}]}
    return [{"kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": "Running"}}]


def _root(container: Doc, spec: Doc) -> bool:
    """Whether a container may run as root, field by field, the container's own first."""
    own, pod = container.get("securityContext", {}), spec.get("securityContext", {})
    return not own.get("runAsNonRoot", pod.get("runAsNonRoot")) and not own.get("runAsUser", pod.get("runAsUser"))


def _starts_pods(rule: Doc) -> bool:
    return bool({"*", "pods", "deployments"} & set(rule["resources"]) and {"*", "CREATE"} & set(rule["operations"]))


def _key(thing: Doc) -> Key:
    return thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]
