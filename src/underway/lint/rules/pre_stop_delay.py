"""A served container ends before its clients have learned that it does.

## What it finds
Answering containers without a preStop wait, with one shorter than 5 seconds (15 behind a load balancer of the provider,
which takes as long as its health checks where externalTrafficPolicy is Local), or with one that eats the whole grace period;
and hooks that were seen to fail (an Event of the last hour), as `sleep` does in an image that has no such program.

## Why it matters
A pod's end and its way out of all load balancers begin at the same moment and run side by side. A program that closes its socket
at SIGTERM refuses those clients that have not heard yet.

## Bad
```yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: app, image: "registry.example.com/web:1"}
```

## Good
```yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 45
      containers:
        - {name: app, image: "registry.example.com/web:1", lifecycle: {preStop: {sleep: {seconds: 10}}}}
```

## Fix
`lifecycle.preStop.sleep.seconds` (1.30 and newer), or `exec: {command: [sleep, "10"]}`; and a grace period of the wait plus
the longest request. A program that waits by itself says so with the annotation `lint.underway.dev/app-shutdown-delay: 10s`;
ingress-nginx and Traefik by their flags. CoreDNS and Caddy say it in a file, which is not read: there it is but information.

## Since
0.2. Thresholds: `--set pre-stop-delay.internal_s=5`, `pre-stop-delay.balanced_s=15`, `pre-stop-delay.rest_s=5`, and
`pre-stop-delay.checked_s=30` for externalTrafficPolicy Local, unless annotations of the Service give interval and count
(AWS).

## References
- <https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/3960-pod-lifecycle-sleep-action>
- <https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/1672-tracking-terminating-endpoints>
"""

from collections.abc import Iterator, Mapping
from typing import Any

from underway.lint.finding import Evidence, Found, Patch, Severity
from underway.lint.image import parse
from underway.lint.objects.cluster import Event
from underway.lint.objects.meta import Object, ObjectReference
from underway.lint.objects.pod import Container
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.subject import Placed
from underway.lint.target import minor_of
from underway.lint.traffic import ALSO, KINDS, Served, delay_of, served
from underway.model.duration import seconds

OWN_DELAY = "lint.underway.dev/app-shutdown-delay"
WAITING_FLAGS = ("--shutdown-grace-period", "requestacceptgracetimeout")  # ingress-nginx, Traefik
WAITING_BY_FILE = {"coredns": "lameduck", "caddy": "shutdown_delay"}  # base name of the image, and the directive
# Of the AWS load balancer controllers: how often a target is looked at, and how often in vain before it is left out.
CHECK_INTERVAL = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval"
CHECK_COUNT = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-unhealthy-threshold"
SLEEP_ACTION_SINCE = 30
GRACE_DEFAULT_S = 30
FAILED = "FailedPreStopHook"  # kubernetes pkg/kubelet/events/event.go


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    failed = {_siblings(event.involved_object) for event in picture.of(Event) if event.reason == FAILED}
    for serving in served(picture):
        least_s = _least(serving, options)
        own_s = _own_delay(serving)
        for placed in serving.answering:
            delay_s = delay_of(placed.container)
            if _fails(serving, placed, failed):
                yield _failing(serving, placed, max(delay_s or 0, least_s), options, picture)
                continue
            if delay_s is None or _waits_itself(placed.container):
                continue
            short = max(delay_s, own_s) < least_s
            late = _too_late(serving, delay_s, int(options.threshold(RULE, "rest_s")))
            if not short and late is None:
                continue
            severity, message, remedy = late or _by_file(placed.container) or _too_short(serving, delay_s, least_s)
            yield Found(
                about=serving.subject.about,
                path=f"{placed.path}.lifecycle.preStop",
                value=f"{delay_s}s",
                message=f"container {placed.container.name!r} {message}",
                remedy=remedy,
                patch=_patch(serving, placed, least_s, options, picture) if late is None else None,
                severity=severity,
                pods=len(serving.subject.pods),
            )


def _least(serving: Served, options: Options) -> int:
    """How long clients may take to hear of an end, seconds."""
    least_s = options.threshold(RULE, "balanced_s" if serving.load_balanced else "internal_s")
    for service in serving.services:
        if service.spec.type == "LoadBalancer" and service.spec.external_traffic_policy == "Local":
            least_s = max(least_s, _checked(service.metadata.annotations) or options.threshold(RULE, "checked_s"))
    return int(least_s)


def _checked(annotations: Mapping[str, str]) -> int:
    """How long a load balancer looks before it leaves a node out, seconds; 0 where that is not written."""
    interval, count = annotations.get(CHECK_INTERVAL, ""), annotations.get(CHECK_COUNT, "")
    return int(interval) * int(count) if interval.isdecimal() and count.isdecimal() else 0


def _siblings(pod: Object | ObjectReference) -> tuple[str, str]:
    """What the names of the pods of one controller begin with: a pod whose hook failed is gone, its siblings are here."""
    return pod.namespace, pod.name.rpartition("-")[0]


def _fails(serving: Served, placed: Placed, failed: set[tuple[str, str]]) -> bool:
    hook = placed.container.pre_stop
    if hook is None or hook.exec is None:
        return False
    return any(stem[1] and stem in failed for stem in map(_siblings, serving.subject.pods))


def _failing(serving: Served, placed: Placed, delay_s: int, options: Options, picture: Picture) -> Found:
    return Found(
        about=serving.subject.about,
        path=f"{placed.path}.lifecycle.preStop",
        message=f"container {placed.container.name!r}: the preStop hook of one of its pods failed, and the pod ended at once",
        remedy="use the sleep action, which needs no program in the image",
        patch=_patch(serving, placed, delay_s, options, picture),
        severity=Severity.ERROR,
        evidence=Evidence.OBSERVED,
        pods=len(serving.subject.pods),
    )


def _too_short(serving: Served, delay_s: int, least_s: int) -> tuple[Severity, str, str]:
    if delay_s:
        return Severity.WARNING, f"waits {delay_s} s before it ends; clients may take {least_s} s", f"wait {least_s} s"
    severity = serving.severity(Severity.ERROR, Severity.WARNING)
    return severity, "ends at once: clients that have not heard of it are refused", f"wait {least_s} s in a preStop hook"


def _by_file(container: Container) -> tuple[Severity, str, str] | None:
    """What is said of a known program whose own file may tell it to wait."""
    image = parse(container.image)
    directive = WAITING_BY_FILE.get(image.base_name, "") if image is not None else ""
    if not directive or container.pre_stop is not None:
        return None
    return (
        Severity.INFO,
        f"has no preStop wait; whether it waits by itself, its file says ({directive})",
        f"see that {directive} is set",
    )


def _too_late(serving: Served, delay_s: int, rest_s: int) -> tuple[Severity, str, str] | None:
    """A wait that leaves no time to finish requests."""
    grace_s = _grace_s(serving)
    remedy = f"set terminationGracePeriodSeconds to {delay_s + GRACE_DEFAULT_S} or more"
    if grace_s <= 1:
        return Severity.ERROR, f"has a grace period of {grace_s} s: it is killed with its requests", remedy
    if delay_s >= grace_s:
        return Severity.ERROR, f"waits {delay_s} s of a grace period of {grace_s} s: it is killed while it waits", remedy
    if delay_s and grace_s - delay_s < rest_s:
        return Severity.WARNING, f"has {grace_s - delay_s} s left for its requests after waiting {delay_s} s", remedy
    return None


def _grace_s(serving: Served) -> int:
    written = serving.subject.spec.termination_grace_period_seconds
    return GRACE_DEFAULT_S if written is None else written


def _own_delay(serving: Served) -> int:
    text = serving.subject.annotations.get(OWN_DELAY, "")
    try:
        return int(seconds(text)) if text else 0
    except ValueError:
        return 0


def _waits_itself(container: Container) -> bool:
    """Whether its flags say that it goes on serving after SIGTERM."""
    written = " ".join((*container.command, *container.args)).lower()
    return any(flag in written for flag in WAITING_FLAGS)


def _patch(serving: Served, placed: Placed, delay_s: int, options: Options, picture: Picture) -> Patch | None:
    """A wait instead of the hook that is there, and a grace period that is longer: the API server refuses a longer wait.

    Source: kubernetes pkg/apis/core/validation/validation.go, validateHandler and validateSleepAction.
    """
    rest_s = int(options.threshold(RULE, "rest_s"))
    beside = {}
    if _grace_s(serving) - delay_s < rest_s:
        beside["terminationGracePeriodSeconds"] = delay_s + GRACE_DEFAULT_S
    change = {"lifecycle": {"preStop": _hook(placed.container, picture, delay_s)}}
    return serving.subject.container_patch(placed, change, **beside)


def _hook(container: Container, picture: Picture, delay_s: int) -> dict[str, Any]:
    """The wait; a strategic merge would leave the handler of another kind beside it, so that one is taken away."""
    hook = container.pre_stop
    server = minor_of(picture.server_version)
    if server and server < SLEEP_ACTION_SINCE:
        return {"exec": {"command": ["sleep", str(delay_s)]}}
    gone: dict[str, Any] = {} if hook is None or hook.exec is None else {"exec": None}
    return {**gone, "sleep": {"seconds": delay_s}}


RULE = Rule(
    name="pre-stop-delay",
    groups=("zero-downtime",),
    severity=Severity.WARNING,
    kinds=KINDS,
    run=run,
    page=__doc__,
    also=(*ALSO, "Event"),
    thresholds={"internal_s": 5, "balanced_s": 15, "checked_s": 30, "rest_s": 5},
)
