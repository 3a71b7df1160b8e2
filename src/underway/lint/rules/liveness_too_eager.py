"""A livenessProbe restarts a container before its readinessProbe takes it out of traffic.

## What it finds
Liveness that asks the same as readiness without being three times as patient (periodSeconds x failureThreshold; from there
on it is but information), liveness less patient than a readiness that asks something else, liveness on paths that sound like
readiness or dependencies, exec probes with a timeout of 1 second, and restarts that liveness was seen to cause.

## Why it matters
Under load all replicas fail the probe together, are restarted together, and come back to more load: an outage made by the probe.

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
        - name: app
          image: "registry.example.com/web:1"
          readinessProbe: {httpGet: {path: /healthz, port: 8080}}
          livenessProbe: {httpGet: {path: /healthz, port: 8080}}
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
      containers:
        - name: app
          image: "registry.example.com/web:1"
          readinessProbe: {httpGet: {path: /ready, port: 8080}}
          livenessProbe: {httpGet: {path: /healthz, port: 8080}, failureThreshold: 9}
```

## Fix
Leave liveness out unless the program is known to hang; else ask it for less, and have it wait three times as long.

## Since
0.2. Threshold: `--set liveness-too-eager.times=3`.

## References
- <https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/>
"""

from collections.abc import Iterator
from typing import Any

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.cluster import Event
from underway.lint.objects.pod import Container, Probe
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.subject import Placed
from underway.lint.traffic import ALSO, KINDS, Served, served

DEPENDENT = ("ready", "deps", "database", "/db")
Verdict = tuple[Severity, str, Evidence]


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    times = options.threshold(RULE, "times")
    killed = {
        (event.involved_object.namespace or event.namespace, event.involved_object.name)
        for event in picture.of(Event)
        if event.reason == "Unhealthy" and event.message.startswith("Liveness")
    }
    for serving in served(picture):
        for placed in serving.answering:
            verdict = _observed(serving, placed, killed) or _static(placed.container, times)
            if verdict is not None:
                severity, message, evidence = verdict
                yield Found(
                    about=serving.subject.about,
                    path=f"{placed.path}.livenessProbe",
                    message=f"container {placed.container.name!r}: {message}",
                    remedy="leave liveness out, or have it ask for less and wait three times as long",
                    severity=severity,
                    evidence=evidence,
                    pods=len(serving.subject.pods),
                )


def _observed(serving: Served, placed: Placed, killed: set[tuple[str, str]]) -> Verdict | None:
    for pod in serving.subject.pods:
        restarts = sum(status.restart_count for status in pod.status.container_statuses if status.name == placed.container.name)
        if restarts and placed.container.liveness_probe is not None and (pod.namespace, pod.name) in killed:
            message = f"liveness failed and it was restarted {restarts} times (pod {pod.name})"
            return Severity.ERROR, message, Evidence.OBSERVED
    return None


def _static(container: Container, times: float) -> Verdict | None:
    liveness, readiness = container.liveness_probe, container.readiness_probe
    if liveness is None:
        return None
    if readiness is not None:
        patience_s, ready_s = _patience(liveness), _patience(readiness)
        compared = f"liveness gives up after {patience_s} s, readiness after {ready_s} s"
        same = _asks(liveness, container) == _asks(readiness, container)
        if same and patience_s <= ready_s:
            return Severity.ERROR, f"{compared}, and both ask the same", Evidence.STATIC
        if patience_s < ready_s or (same and patience_s < times * ready_s):
            return Severity.WARNING, compared, Evidence.STATIC
        if same:
            return Severity.INFO, f"{compared}; yet both ask the same", Evidence.STATIC
    path = liveness.http_get.path if liveness.http_get is not None else ""
    if any(word in path for word in DEPENDENT):
        return Severity.INFO, f"liveness asks {path}, which sounds like what it depends on", Evidence.STATIC
    if liveness.exec is not None and liveness.timeout_seconds == 1:
        return Severity.INFO, "liveness runs a command that must end within 1 s: on a busy node it does not", Evidence.STATIC
    return None


def _patience(probe: Probe) -> int:
    """How long it fails before something is done, seconds."""
    return probe.period_seconds * probe.failure_threshold


def _asks(probe: Probe, container: Container) -> tuple[Any, ...]:
    """What a probe asks, with named ports resolved: equal for probes that ask the same."""
    ports = {port.name: port.container_port for port in container.ports if port.name}
    if probe.http_get is not None:
        get = probe.http_get
        headers = tuple(sorted((header.name, header.value) for header in get.http_headers))
        return "http", get.scheme, get.host, ports.get(str(get.port), get.port), get.path or "/", headers
    if probe.tcp_socket is not None:
        return "tcp", probe.tcp_socket.host, ports.get(str(probe.tcp_socket.port), probe.tcp_socket.port)
    if probe.grpc is not None:
        return "grpc", probe.grpc.port, probe.grpc.service or ""
    return "exec", probe.exec.command if probe.exec is not None else ()


RULE = Rule(
    name="liveness-too-eager",
    groups=("zero-downtime",),
    severity=Severity.WARNING,
    kinds=KINDS,
    run=run,
    page=__doc__,
    also=(*ALSO, "Event"),
    thresholds={"times": 3},
)
