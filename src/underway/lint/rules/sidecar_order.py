"""A sidecar in the path of requests ends before the container that it serves.

## What it finds
Proxies (istio-proxy, linkerd-proxy, envoy, cloud-sql-proxy, daprd, oauth2-proxy, pgbouncer, vault-agent) as plain containers that
wait less than the main container; shippers of logs and traces that do; native sidecars with a preStop hook that does not wait;
Jobs that a plain sidecar keeps from completing.

## Why it matters
Plain containers get SIGTERM together. A proxy that goes first cuts the requests that the program is still finishing.

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
          lifecycle: {preStop: {sleep: {seconds: 10}}}
        - {name: cloud-sql-proxy, image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14"}
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
      initContainers:
        - {name: cloud-sql-proxy, image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14", restartPolicy: Always}
      containers:
        - name: app
          image: "registry.example.com/web:1"
          lifecycle: {preStop: {sleep: {seconds: 10}}}
```

## Fix
Make it a native sidecar (an initContainer with restartPolicy Always): those end after all plain containers, in reverse order.

## Since
0.2. Native sidecars are on since 1.29. Proxies that wait by annotation (Istio, Linkerd) are taken at their word.

## References
- <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>
- <https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.image import parse
from underway.lint.objects.pod import Container
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.subject import Placed, Subject
from underway.lint.traffic import ALSO, Served, delay_of, served

IN_PATH = frozenset(
    {
        "istio-proxy",
        "proxyv2",
        "linkerd-proxy",
        "envoy",
        "cloud-sql-proxy",
        "cloudsql-proxy",
        "daprd",
        "vault-agent",
        "oauth2-proxy",
        "pgbouncer",
    }
)
TAIL = frozenset({"fluent-bit", "fluentd", "filebeat", "otel-collector", "opentelemetry-collector", "vector", "promtail"})
WAITING = (
    "config.alpha.linkerd.io/proxy-wait-before-exit-seconds",
    "config.linkerd.io/shutdown-grace-period",
    "proxy.istio.io/config",
)


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for serving in served(picture):
        for placed in serving.subject.containers:
            if _kind(placed.container) and not placed.plain_init:
                yield from _order(serving, placed)
    for subject in picture.subjects():
        if subject.about.kind in ("Job", "CronJob"):
            yield from _never_done(subject)


def _kind(container: Container) -> str:
    """ "path" or "tail" for a known sidecar, else ""."""
    image = parse(container.image)
    names = {container.name, image.base_name if image is not None else ""}
    return "path" if names & IN_PATH else "tail" if names & TAIL else ""


def _order(serving: Served, placed: Placed) -> Iterator[Found]:
    subject, container = serving.subject, placed.container
    delay_s = delay_of(container)
    if placed.sidecar:
        if container.pre_stop is not None and delay_s is None:
            message = f"the preStop hook of sidecar {container.name!r} runs together with those of the others, and does not wait"
            yield _found(subject, f"{placed.path}.lifecycle.preStop", message, "drop the hook: a sidecar ends last anyway")
        return
    mains = [other for other in subject.containers if not other.initial and not _kind(other.container)]
    longest_s = max((delay_of(main.container) or 0 for main in mains), default=0)
    if not mains or delay_s is None or delay_s > longest_s or any(name in subject.annotations for name in WAITING):
        return
    in_path = _kind(container) == "path"
    told = "cuts what it still serves" if in_path else "loses what it still says"
    message = f"{container.name!r} ends after {delay_s} s, the main container after {longest_s} s or more: it {told}"
    severity = Severity.ERROR if in_path else Severity.WARNING
    yield _found(subject, placed.path, message, "make it a native sidecar (initContainers, restartPolicy Always)", severity)


def _never_done(subject: Subject) -> Iterator[Found]:
    for placed in subject.containers:
        if not placed.initial and _kind(placed.container) and len(subject.spec.containers) > 1:
            message = f"{placed.container.name!r} never ends, so the Job never completes"
            yield _found(subject, placed.path, message, "make it a native sidecar", Severity.ERROR)


def _found(subject: Subject, path: str, message: str, remedy: str, severity: Severity = Severity.WARNING) -> Found:
    return Found(about=subject.about, path=path, message=message, remedy=remedy, severity=severity, pods=len(subject.pods))


RULE = Rule(
    name="sidecar-order",
    groups=("zero-downtime",),
    severity=Severity.WARNING,
    kinds=("Pod", "Service"),
    run=run,
    page=__doc__,
    also=ALSO,
)
