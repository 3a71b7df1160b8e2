"""Nodes that the target control plane cannot work with.

## What it finds
Kubelets and kube-proxies more than three minor versions older than the target (two, if older than 1.25), or newer than the API
server; a target more than one minor version ahead of the cluster, or behind it; and, where the control plane runs in pods, API
servers more than one minor version apart, and controller managers and schedulers that are newer than the API server or more
than one minor version older.

## Why it matters
The API server takes no kubelet that is newer, and promises nothing to one that is too old; a control plane goes one
minor version at a time.

## Bad
```yaml
apiVersion: v1
kind: Node
metadata: {name: old}
status: {nodeInfo: {kubeletVersion: v1.30.4}}
```

## Good
```yaml
apiVersion: v1
kind: Node
metadata: {name: new}
status: {nodeInfo: {kubeletVersion: v1.36.1}}
```

## Fix
Upgrade the nodes first, to a version that the target still takes; or go in several steps.

## Since
0.2.

## References
- <https://kubernetes.io/releases/version-skew-policy/>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.image import parse
from underway.lint.objects.meta import Metadata, Named, Object
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.subject import Subject
from underway.lint.target import minor_of, target_minor

OLDER_MAX, OLDER_MAX_BEFORE_125 = 3, 2
SINCE_THREE = 25
SYSTEM = "kube-system"
API_SERVER = ("Service", "default", "kubernetes")  # which stands for it in its own cluster
PROXY = "kube-proxy"
# By the label component, as kubeadm and the managed platforms write it: how much older than the API server it may be.
CONTROL_PLANE = {"kube-apiserver": 1, "kube-controller-manager": 1, "kube-scheduler": 1, "cloud-controller-manager": 1}
Said = tuple[str, str]  # message, remedy


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    target, server = target_minor(picture, options), minor_of(picture.server_version)
    for node in picture.nodes:
        version = node.status.node_info.kubelet_version
        said = _of_node("kubelet", version, target, picture.server_version)
        if said is not None:
            yield _found(node, "status.nodeInfo.kubeletVersion", version, said)
    said = _steps(picture.server_version, target, server, options)
    if said is not None:
        api = picture.get(*API_SERVER) or Named(
            kind=API_SERVER[0], metadata=Metadata(namespace=API_SERVER[1], name=API_SERVER[2])
        )
        yield _found(api, "", picture.server_version, said)
    for subject in picture.subjects():
        if subject.namespace == SYSTEM:
            yield from _in_pods(subject, target, picture.server_version)


def _of_node(name: str, version: str, target: int, server_version: str) -> Said | None:
    """What keeps a kubelet or kube-proxy from working with the API server of today, or of the target."""
    minor, server = minor_of(version), minor_of(server_version)
    allowed = OLDER_MAX if minor >= SINCE_THREE else OLDER_MAX_BEFORE_125
    if not minor:
        return None
    if target - minor > allowed:
        older = f"{name} {version} is {target - minor} minor versions older than 1.{target}; {allowed} are taken"
        return older, f"replace it by one of 1.{target - OLDER_MAX} or newer first"
    if server and minor > server:
        return (
            f"{name} {version} is newer than the API server ({server_version})",
            "replace it by one of the API server's version",
        )
    return None


def _steps(version: str, target: int, server: int, options: Options) -> Said | None:
    """A target that lies more than one step ahead, or behind."""
    if not server or options.target is None or server <= target <= server + 1:
        return None
    if target < server:
        return f"the API server is {version}, newer than 1.{target}: a control plane is never taken back", "name a newer target"
    steps = ", ".join(f"1.{step}" for step in range(server + 1, target + 1))
    return (
        f"the API server is {version}: from 1.{server} to 1.{target} in one step skips minor versions of the control plane",
        f"go by {steps}",
    )


def _in_pods(subject: Subject, target: int, server_version: str) -> Iterator[Found]:
    """The parts of a control plane that run in pods, and kube-proxy, by the tags of their images."""
    for placed in subject.containers:
        name = placed.container.name
        image = parse(placed.container.image)
        version = image.tag if image is not None else ""
        if name == PROXY:
            said = _of_node(name, version, target, server_version)
        elif name == subject.labels.get("component") and name in CONTROL_PLANE:
            said = _beside(name, version, server_version)
        else:
            continue
        if said is not None:
            yield _found(subject.about, f"{placed.path}.image", placed.container.image, said)


def _beside(name: str, version: str, server_version: str) -> Said | None:
    """What keeps a part of the control plane from working beside the API server that answered."""
    minor, server = minor_of(version), minor_of(server_version)
    if not minor or not server:
        return None
    if name != "kube-apiserver" and minor > server:
        return f"{name} {version} is newer than the API server ({server_version})", "upgrade the API servers first"
    if abs(minor - server) > CONTROL_PLANE[name]:
        apart = (
            f"{name} {version} and the API server that answered ({server_version}) are {abs(minor - server)} minor versions apart"
        )
        return f"{apart}; {CONTROL_PLANE[name]} is taken", "bring the control plane to one version first"
    return None


def _found(about: Object, path: str, version: str, said: Said) -> Found:
    message, remedy = said
    return Found(about=about, path=path, value=version, message=message, remedy=remedy, evidence=Evidence.OBSERVED)


RULE = Rule(
    name="version-skew",
    groups=("upgrade",),
    severity=Severity.ERROR,
    kinds=("Node",),
    run=run,
    page=__doc__,
    also=("Pod", "Service"),
)
