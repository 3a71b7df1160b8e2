"""A served container is stopped by a signal that its program does not take as "finish your requests".

## What it finds
Stop signals, from status or `lifecycle.stopSignal`, that a known program (by its image) understands otherwise: nginx wants
QUIT, haproxy USR1, Apache WINCH, php-fpm and unicorn QUIT. Also SIGKILL, QUIT for a program that dumps its state at it, and
a stop signal that the node did not take over. The signal that the image itself names is not known and never guessed.

## Why it matters
nginx answers QUIT by finishing its requests, and TERM by cutting them.

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
      os: {name: linux}
      containers:
        - {name: web, image: "nginx:1.29", lifecycle: {stopSignal: SIGTERM}}
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
      os: {name: linux}
      containers:
        - {name: web, image: "nginx:1.29", lifecycle: {stopSignal: SIGQUIT}}
```

## Fix
Set `lifecycle.stopSignal` (alpha since 1.33), STOPSIGNAL in the image, or a preStop hook that asks the program to end.

## Since
0.2. The right signal does not close the gap before clients learn of the end: see `pre-stop-delay`.

## References
- <https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/4960-container-stop-signals>
- <https://nginx.org/en/docs/control.html>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.image import parse
from underway.lint.objects.pod import Container
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.traffic import ALSO, KINDS, Served, asked_to_end, served

GRACEFUL = {
    "nginx": {"SIGQUIT"},
    "openresty": {"SIGQUIT"},
    "php-fpm": {"SIGQUIT"},
    "unicorn": {"SIGQUIT"},
    "httpd": {"SIGWINCH"},
    "haproxy": {"SIGUSR1"},
    "postgres": {"SIGINT", "SIGTERM"},
    "pgcat": {"SIGINT"},
    "uwsgi": {"SIGINT", "SIGQUIT"},
}
KILL, QUIT = "SIGKILL", "SIGQUIT"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for serving in served(picture):
        for placed in serving.answering:
            container = placed.container
            seen = _observed(serving, container.name)
            written = container.lifecycle.stop_signal if container.lifecycle is not None else ""
            verdict = _verdict(serving, container, written, seen)
            if verdict is not None:
                severity, message, remedy = verdict
                yield Found(
                    about=serving.subject.about,
                    path=f"{placed.path}.lifecycle.stopSignal",
                    value=seen or written,
                    message=f"container {container.name!r}: {message}",
                    remedy=remedy,
                    severity=severity,
                    evidence=Evidence.OBSERVED if seen else Evidence.STATIC,
                    pods=len(serving.subject.pods),
                )


def _observed(serving: Served, name: str) -> str:
    """The signal that the newest pod's node reports."""
    statuses = (status for pod in serving.subject.pods[:1] for status in pod.status.container_statuses)
    return next((status.stop_signal for status in statuses if status.name == name), "")


def _runs(serving: Served, name: str) -> bool:
    """Whether a node has reported that the container runs."""
    statuses = (status for pod in serving.subject.pods[:1] for status in pod.status.container_statuses)
    return any(status.name == name and status.state.running is not None for status in statuses)


def _verdict(serving: Served, container: Container, written: str, seen: str) -> tuple[Severity, str, str] | None:
    signal = seen or written
    image = parse(container.image)
    known = GRACEFUL.get(image.base_name, set()) if image is not None else set()
    if signal == KILL:
        return Severity.ERROR, "SIGKILL cannot be handled: every stop cuts requests", "name a signal that the program handles"
    if written and written != seen and (seen or _runs(serving, container.name)):
        instead = f"the node stops it by {seen}, not" if seen else "its node does not say that it stops it"
        message = f"{instead} by {written}: the gate is off, or the runtime too old"
        return Severity.WARNING, message, "enable ContainerStopSignals, or name the signal in the image"
    if not signal or asked_to_end(container):
        return None
    if known and signal not in known:
        severity = serving.severity(Severity.ERROR, Severity.WARNING)
        wanted = " or ".join(sorted(known))
        return severity, f"{signal} cuts the requests of {image.base_name if image else ''}", f"stop it by {wanted}"
    if signal == QUIT and not known and image is not None:
        message = "SIGQUIT makes most programs dump their state: Go ends at once, Java goes on"
        return Severity.WARNING, message, "use SIGTERM, unless the program takes SIGQUIT for a graceful end"
    return None


RULE = Rule(
    name="stop-signal", groups=("zero-downtime",), severity=Severity.WARNING, kinds=KINDS, run=run, page=__doc__, also=ALSO
)
