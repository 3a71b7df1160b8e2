"""A sidecar in the path of requests ends before the container that it serves.

## What it finds
Proxies (istio-proxy, linkerd-proxy, envoy, cloud-sql-proxy, daprd, oauth2-proxy, pgbouncer, vault-agent) as plain containers that
wait less than the main container; shippers of logs and traces that do; native sidecars with a preStop hook that does not wait, or
whose drain and the main container's wait together outlast the grace period; Jobs that a plain sidecar keeps from completing.

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
0.2. Native sidecars are on since 1.29. What annotations of the pod say of its proxy is taken: Istio's
terminationDrainDuration and EXIT_ON_ZERO_ACTIVE_CONNECTIONS (proxy.istio.io/config), Linkerd's
proxy-wait-before-exit-seconds. What the mesh as a whole is set to is not read.

## References
- <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>
- <https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers>
"""

import re
from collections.abc import Iterator, Mapping
from math import inf

from underway.lint.finding import Found, Severity
from underway.lint.image import parse
from underway.lint.objects.pod import Container
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.subject import Placed, Subject
from underway.lint.target import minor_of
from underway.lint.traffic import ALSO, Served, delay_of, served
from underway.model.duration import seconds

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
# What annotations say of how long the proxy of a mesh goes on after SIGTERM. Sources: linkerd-proxy-injector, istio ProxyConfig.
LINKERD_WAIT = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds"
ISTIO_CONFIG = "proxy.istio.io/config"
_ISTIO_DRAIN = re.compile(r"\bterminationDrainDuration:\s*['\"]?([0-9.hms]+)")
_ISTIO_UNTIL_IDLE = re.compile(r"\bEXIT_ON_ZERO_ACTIVE_CONNECTIONS:\s*['\"]?true")
NATIVE_SINCE = 29  # the minor version from which native sidecars are on
GRACE_DEFAULT_S = 30


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    native = minor_of(picture.server_version) not in range(1, NATIVE_SINCE)
    for serving in served(picture):
        for placed in serving.subject.containers:
            if _kind(placed.container) and not placed.plain_init:
                yield from _native(serving, placed) if placed.sidecar else _plain(serving, placed, native=native)
    for subject in picture.subjects():
        if subject.about.kind in ("Job", "CronJob"):
            yield from _never_done(subject)


def _kind(container: Container) -> str:
    """ "path" or "tail" for a known sidecar, else ""."""
    image = parse(container.image)
    names = {container.name, image.base_name if image is not None else ""}
    return "path" if names & IN_PATH else "tail" if names & TAIL else ""


def _longest(subject: Subject) -> int | None:
    """How long the main containers wait before they end, seconds; None if there is none but sidecars."""
    mains = [one.container for one in subject.containers if not one.initial and not _kind(one.container)]
    return max(delay_of(main) or 0 for main in mains) if mains else None


def _goes_on(container: Container, annotations: Mapping[str, str]) -> float:
    """How long the proxy of a mesh goes on after SIGTERM, by annotation, seconds; infinite while it has connections."""
    image = parse(container.image)
    names = {container.name, image.base_name if image is not None else ""}
    if names & {"linkerd-proxy"}:
        text = annotations.get(LINKERD_WAIT, "")
        return float(text) if text.isdecimal() else 0.0
    if names & {"istio-proxy", "proxyv2"}:
        config = annotations.get(ISTIO_CONFIG, "")
        drain = _ISTIO_DRAIN.search(config)
        if _ISTIO_UNTIL_IDLE.search(config):
            return inf
        try:
            return seconds(drain[1]) if drain else 0.0
        except ValueError:
            return 0.0
    return 0.0


def _native(serving: Served, placed: Placed) -> Iterator[Found]:
    """A native sidecar: it gets SIGTERM when the main containers have ended, and its hook runs together with theirs."""
    subject, container = serving.subject, placed.container
    if container.pre_stop is not None and delay_of(container) is None:
        message = f"the preStop hook of sidecar {container.name!r} runs together with those of the others, and does not wait"
        yield _found(subject, f"{placed.path}.lifecycle.preStop", message, "drop the hook: a sidecar ends last anyway")
    written = subject.spec.termination_grace_period_seconds
    grace_s = GRACE_DEFAULT_S if written is None else written
    longest_s, own_s = _longest(subject) or 0, _goes_on(container, subject.annotations)
    if grace_s < longest_s + own_s < inf:
        message = f"the main container waits {longest_s} s, then {container.name!r} {own_s:g} s, of a grace period of {grace_s} s"
        remedy = f"set terminationGracePeriodSeconds to more than {longest_s + own_s:g}"
        yield _found(subject, f"{subject.path}.terminationGracePeriodSeconds", message, remedy)


def _plain(serving: Served, placed: Placed, *, native: bool) -> Iterator[Found]:
    """A plain container, which gets SIGTERM together with the main ones. native: whether the server knows better."""
    subject, container = serving.subject, placed.container
    delay_s, longest_s = delay_of(container), _longest(subject)
    own_s = _goes_on(container, subject.annotations)
    if longest_s is None or delay_s is None or delay_s + own_s > longest_s:
        return
    in_path = _kind(container) == "path"
    told = "cuts what it still serves" if in_path else "loses what it still says"
    after_s = delay_s + own_s
    message = f"{container.name!r} ends after {after_s:g} s, the main container after {longest_s} s or more: it {told}"
    severity = Severity.ERROR if in_path else Severity.WARNING
    wait = f"have it wait more than {longest_s} s in a preStop hook"
    remedy = f"make it a native sidecar (initContainers, restartPolicy Always), or {wait}" if native else wait
    yield _found(subject, placed.path, message, remedy, severity)


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
