"""A shell or a launcher is process 1 of a served container, so that SIGTERM does not reach the program.

## What it finds
Commands like `sh -c "java -jar app.jar"`, launchers such as npm, and containers that were seen to die by SIGKILL after their
whole grace period. Scripts that `exec` their program, or trap TERM and wait, are right; so are those that dumb-init or
`tini -g` stand in front of. A command that only the image knows is not looked at. Where a preStop hook asks the program to
end (`nginx -s quit`, a request), or the pod shares one process namespace, it is but information.

## Why it matters
Process 1 gets no default action for SIGTERM, and a shell passes nothing on: the program runs on until its grace period is over
and is killed with its requests. Debian's `sh` stays even for one command, Alpine's and bash make way for it.

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
        - {name: app, image: "registry.example.com/web:1", command: [sh, -c, "java -jar app.jar; echo ended"]}
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
        - {name: app, image: "registry.example.com/web:1", command: [sh, -c, "exec java -jar app.jar"]}
```

## Fix
Write `exec` before the program, or start it without a shell. Put tini -g in front of what cannot be changed.

## Since
0.2. A program that is reached may still ignore SIGTERM: that is seen in status only. Lint runs nothing in a container
(docs/adr/0009). To look at a running one: `kubectl exec POD -c NAME -- grep SigCgt /proc/1/status`; where bit 14 (4000 in
hexadecimal) is not set, SIGTERM is ignored; where it is set, nothing is proven.

## References
- <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>
- <https://www.man7.org/linux/man-pages/man7/pid_namespaces.7.html>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.pod import Pod
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.shell import Fate, fate_of_term, script_of, wrapper_of
from underway.lint.subject import Placed
from underway.lint.traffic import ALSO, KINDS, Served, asked_to_end, served
from underway.model import timestamp

SIGKILLED = 137
SLACK_MS = 1000  # status is written in whole seconds


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for serving in served(picture):
        for placed in serving.subject.containers:
            if placed.plain_init:
                continue
            found = _by_status(serving, placed) or _by_command(serving, placed)
            if found is not None:
                yield found


def _by_command(serving: Served, placed: Placed) -> Found | None:
    container, subject = placed.container, serving.subject
    if not container.command:
        return None
    argv = (*container.command, *container.args)
    script, wrapper = script_of(argv), wrapper_of(argv)
    if script is not None:
        fate = fate_of_term(script)
        if fate in (Fate.REACHED, Fate.UNKNOWN):
            return None
        severity = Severity.ERROR if fate is Fate.KEPT else Severity.WARNING
        message = f"container {container.name!r}: {script.shell} is process 1, and SIGTERM ends there: {fate.value}"
    elif wrapper:
        severity = Severity.WARNING
        message = f"container {container.name!r}: {wrapper} is process 1; what it does with SIGTERM is not the program's doing"
    else:
        return None
    if subject.spec.share_process_namespace or asked_to_end(container):
        severity = Severity.INFO
    return Found(
        about=subject.about,
        path=f"{placed.path}.command",
        value=" ".join(argv)[:200],
        message=message,
        remedy="write exec before the program, or start it without a shell",
        severity=severity,
        pods=len(subject.pods),
    )


def _by_status(serving: Served, placed: Placed) -> Found | None:
    """A pod on its way out whose container was killed when the grace period was over."""
    for pod in serving.subject.pods:
        if pod.terminating and _killed_at_the_end(pod, placed.container.name):
            return Found(
                about=serving.subject.about,
                path=placed.path,
                value=str(SIGKILLED),
                message=f"container {placed.container.name!r} of pod {pod.name} was killed when its grace period was over",
                remedy="handle SIGTERM, or raise terminationGracePeriodSeconds",
                evidence=Evidence.OBSERVED,
                pods=1,
            )
    return None


def _killed_at_the_end(pod: Pod, container: str) -> bool:
    # The deletion timestamp of a pod is when its grace period ends, not when it was asked for.
    end_ms = timestamp.parse(str(pod.metadata.deletion_timestamp))
    for status in pod.status.container_statuses:
        ended = status.state.terminated
        if status.name == container and ended is not None and ended.exit_code == SIGKILLED and ended.reason != "OOMKilled":
            return bool(ended.finished_at) and timestamp.parse(ended.finished_at) >= end_ms - SLACK_MS
    return False


RULE = Rule(name="pid1-shell", groups=("zero-downtime",), severity=Severity.ERROR, kinds=KINDS, run=run, page=__doc__, also=ALSO)
