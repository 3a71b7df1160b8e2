"""kube-proxy works in a mode that is going away.

## What it finds
A kube-proxy in ipvs mode and a target of 1.35 or newer, or in userspace mode and a target of 1.26 or newer: by its
argument --proxy-mode, or by the Event IPVSDeprecation that a kube-proxy of 1.35 or newer writes of its node.

## Why it matters
ipvs is deprecated since 1.35; by the KEP its feature gate is off unless asked for from 1.40 on, and then a kube-proxy in that
mode does not start: no Service is reached from its node. userspace is gone since 1.26.

## Bad
```yaml
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-proxy, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-proxy}}
  template:
    metadata: {labels: {k8s-app: kube-proxy}}
    spec:
      containers:
        - {name: kube-proxy, image: "registry.k8s.io/kube-proxy:v1.35.1", command: [kube-proxy, --proxy-mode=ipvs]}
```

## Good
```yaml
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-proxy, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-proxy}}
  template:
    metadata: {labels: {k8s-app: kube-proxy}}
    spec:
      containers:
        - {name: kube-proxy, image: "registry.k8s.io/kube-proxy:v1.35.1", command: [kube-proxy, --proxy-mode=nftables]}
```

## Fix
Move to nftables (kernel 5.13 or newer) or iptables: change the mode, then replace the nodes or restart kube-proxy on each.

## Since
0.2. Most clusters write the mode into the ConfigMap kube-proxy, which is never read: there the Event speaks, for an hour after
a kube-proxy has started. To look by hand: `kubectl get configmap kube-proxy -n kube-system -o yaml`.

## References
- <https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/5495-deprecate-ipvs-mode-in-kube-proxy>
- <https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-modes>
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.image import parse
from underway.lint.objects.cluster import Event
from underway.lint.objects.meta import Metadata, Named
from underway.lint.objects.pod import Container
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.target import target_minor
from underway.model.enumeration import some_of

FLAG = "--proxy-mode"
PROXY = ("DaemonSet", "kube-system", "kube-proxy")
DEPRECATED = "IPVSDeprecation"  # kubernetes cmd/kube-proxy/app/server_linux.go
# From which minor version on a mode is deprecated, and from which kube-proxy does not start in it, if nothing is done.
ENDS = {"ipvs": (35, 40, ", as it is planned, unless the feature gate KubeProxyIPVS is on"), "userspace": (26, 26, "")}
NAMES_MAX = 3  # of nodes that a message shows


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    target = target_minor(picture, options)
    told = False
    for subject in picture.subjects():
        for placed in subject.containers:
            mode = _mode(placed.container) if _is_proxy(placed.container) else ""
            if said := _said(mode, target):
                told = True
                field = "args" if _written(placed.container.args) else "command"
                yield Found(
                    about=subject.about,
                    path=f"{placed.path}.{field}",
                    value=mode,
                    message=said[1],
                    remedy="move to nftables or iptables",
                    severity=said[0],
                    pods=len(subject.pods),
                )
    nodes = sorted({event.involved_object.name for event in picture.of(Event) if event.reason == DEPRECATED})
    said = _said("ipvs", target)
    if nodes and said is not None and not told:
        kind, namespace, name = PROXY
        yield Found(
            about=picture.get(*PROXY) or Named(kind=kind, metadata=Metadata(name=name, namespace=namespace)),
            value="ipvs",
            message=f"{said[1]}; kube-proxy said so of {some_of(nodes, NAMES_MAX)}",
            remedy="move to nftables or iptables (mode in the ConfigMap kube-proxy)",
            severity=said[0],
            evidence=Evidence.OBSERVED,
        )


def _is_proxy(container: Container) -> bool:
    image = parse(container.image)
    return container.name == PROXY[2] or (image is not None and image.base_name == PROXY[2])


def _written(argv: Sequence[str]) -> str:
    """The value of the flag, "" where it is not given."""
    for word, following in pairwise((*argv, "")):
        name, equals, value = word.partition("=")
        if name == FLAG:
            return value if equals else following
    return ""


def _mode(container: Container) -> str:
    return _written((*container.command, *container.args))


def _said(mode: str, target: int) -> tuple[Severity, str] | None:
    """How bad a mode is at the target, and why; None where it is good."""
    since, end, how = ENDS.get(mode, (0, 0, ""))
    if not since or target < since:
        return None
    ending = f"from 1.{end} on it does not start in it{how}"
    if target >= end:
        return Severity.ERROR, f"kube-proxy works in {mode} mode; {ending}"
    return Severity.WARNING, f"kube-proxy works in {mode} mode, which is deprecated since 1.{since}; {ending}"


RULE = Rule(
    name="kube-proxy-mode",
    groups=("upgrade",),
    severity=Severity.WARNING,
    kinds=("Pod",),
    run=run,
    page=__doc__,
    also=("Event",),
)
