"""A rollout goes on before new pods have proven themselves, or can never end.

## What it finds
Served Deployments that are paused, keep no revision to go back to, replace more than a quarter at once, have few pods and no
surge, go on the moment a pod is ready (behind a load balancer without a readiness gate, or though a container ended soon after
its start), give up before a pod can start, or did give up; and those with fewer pods available than a rollout may leave.

## Why it matters
A bad version that passes its first probe is everywhere in seconds; one that cannot be rolled back stays.

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
  replicas: 4
  revisionHistoryLimit: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: "registry.example.com/web:1"
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
  replicas: 4
  minReadySeconds: 10
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: "registry.example.com/web:1"
```

## Fix
Set minReadySeconds to the time in which a bad version shows itself; leave progressDeadlineSeconds well above that plus the
start of a pod; keep some revisions.

## Since
0.2. Thresholds: `--set rollout-pacing.away_percent=25`, `rollout-pacing.few=4` pods, `rollout-pacing.settled_s=60`.

## References
- <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds>
- <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.workload import Deployment
from underway.lint.picture import Picture
from underway.lint.rollout import surge_most, unavailable_most
from underway.lint.rule import Options, Rule
from underway.lint.traffic import ALSO, KINDS, Served, served
from underway.model import timestamp

PROGRESS_DEFAULT_S = 600
Said = tuple[Severity, str, str, str]  # severity, path, message, remedy


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for serving in served(picture):
        deployment = serving.subject.about
        if isinstance(deployment, Deployment):
            hasty = _hasty(deployment, serving, options.threshold(RULE, "settled_s"))
            pace = [] if hasty else [*_moment(deployment, serving)]
            said = [*_written(deployment, serving, options), *pace, *_deadline(deployment, serving)]
            for severity, path, message, remedy in said:
                yield Found(
                    about=deployment, path=path, message=message, remedy=remedy, severity=severity, pods=len(serving.subject.pods)
                )
            yield from _seen(deployment)
            yield from _lacking(deployment)
            yield from hasty


def _written(deployment: Deployment, serving: Served, options: Options) -> Iterator[Said]:
    spec = deployment.spec
    if spec.paused:
        yield Severity.WARNING, "spec.paused", "the rollout is paused: a new template changes nothing", "resume it"
    if spec.revision_history_limit == 0:
        yield Severity.WARNING, "spec.revisionHistoryLimit", "no revision is kept: there is no rollback", "keep ten, the default"
    away = unavailable_most(spec.strategy.rolling_update, serving.desired)
    percent = options.threshold(RULE, "away_percent")
    some_stay = away < serving.desired  # where none does, rollout-capacity says so
    few = 1 < serving.desired < options.threshold(RULE, "few") and surge_most(spec.strategy.rolling_update, serving.desired) == 0
    if some_stay and few and spec.strategy.type != "Recreate":
        message = f"a rollout gives up {away} of {serving.desired} pods before a new one is there"
        path = "spec.strategy.rollingUpdate.maxSurge"
        yield Severity.WARNING, path, message, "set maxSurge 1 and maxUnavailable 0"
    elif some_stay and 100 * away > percent * serving.desired and spec.strategy.type != "Recreate":
        path = "spec.strategy.rollingUpdate.maxUnavailable"
        yield Severity.INFO, path, f"a rollout takes {away} of {serving.desired} pods at once", "set maxUnavailable lower"


def _moment(deployment: Deployment, serving: Served) -> Iterator[Said]:
    """A rollout that looks at no pod twice."""
    if not deployment.spec.min_ready_seconds:
        gated = bool(serving.subject.spec.readiness_gates) or not serving.load_balanced
        message = "a rollout goes on the moment a pod is ready"
        message += "" if gated else ", before the load balancer has seen it"
        severity = Severity.INFO if gated else Severity.WARNING
        yield severity, "spec.minReadySeconds", message, "set minReadySeconds, or a readiness gate of the load balancer"


def _deadline(deployment: Deployment, serving: Served) -> Iterator[Said]:
    """A deadline that passes before a pod can have started."""
    written = deployment.spec.progress_deadline_seconds
    deadline_s = PROGRESS_DEFAULT_S if written is None else written
    startups = [placed.container.startup_probe for placed in serving.subject.containers if placed.container.startup_probe]
    start_s = max((probe.initial_delay_seconds + probe.period_seconds * probe.failure_threshold for probe in startups), default=0)
    need_s = deployment.spec.min_ready_seconds + start_s
    if deadline_s <= need_s:
        message = f"a rollout is given up after {deadline_s} s, and a pod may take {need_s} s to count"
        yield Severity.WARNING, "spec.progressDeadlineSeconds", message, f"set it to {2 * need_s} or more"
    elif written is None and serving.external:
        message = f"a rollout that hangs is given up after {deadline_s} s, and until then nobody is told"
        yield Severity.INFO, "spec.progressDeadlineSeconds", message, "set it to twice what a pod takes to count"


def _seen(deployment: Deployment) -> Iterator[Found]:
    for condition in deployment.status.conditions:
        if condition.type == "Progressing" and condition.status == "False":
            yield Found(
                about=deployment,
                path="status.conditions",
                value=condition.reason,
                message=f"its rollout was given up ({condition.reason})",
                remedy="roll it back, or mend it, before nodes go",
                severity=Severity.ERROR,
                evidence=Evidence.OBSERVED,
            )


def _lacking(deployment: Deployment) -> Iterator[Found]:
    """Fewer pods than a rollout may leave, by what its controller counted since the last change."""
    status, wanted = deployment.status, deployment.wanted
    least = wanted - unavailable_most(deployment.spec.strategy.rolling_update, wanted)
    counted = status.observed_generation and status.observed_generation >= deployment.metadata.generation
    if counted and deployment.spec.strategy.type != "Recreate" and status.available_replicas < least:
        yield Found(
            about=deployment,
            path="status.availableReplicas",
            value=str(status.available_replicas),
            message=f"{status.available_replicas} of {wanted} pods are available, and its rollout may leave {least}",
            remedy="find out why the others are not, before nodes go",
            severity=Severity.ERROR,
            evidence=Evidence.OBSERVED,
        )


def _hasty(deployment: Deployment, serving: Served, settled_s: float) -> list[Found]:
    """A container that ended so soon after its start that a rollout had gone on before."""
    names = {placed.container.name for placed in serving.answering}
    for pod in serving.subject.pods if not deployment.spec.min_ready_seconds else ():
        for status in pod.status.container_statuses:
            ended = status.last_state.terminated
            if status.name not in names or ended is None or not (ended.started_at and ended.finished_at):
                continue
            lived_s = (timestamp.parse(ended.finished_at) - timestamp.parse(ended.started_at)) // timestamp.MILLISECONDS
            if lived_s < settled_s:
                how = f"container {status.name!r} of {pod.name} ended {lived_s} s after its start"
                found = Found(
                    about=deployment,
                    path="spec.minReadySeconds",
                    value="0",
                    message=f"a rollout goes on the moment a pod is ready, and {how}",
                    remedy="set minReadySeconds to more than that",
                    severity=Severity.WARNING,
                    evidence=Evidence.OBSERVED,
                    pods=len(serving.subject.pods),
                )
                return [found]
    return []


RULE = Rule(
    name="rollout-pacing",
    groups=("zero-downtime",),
    severity=Severity.INFO,
    kinds=KINDS,
    run=run,
    page=__doc__,
    also=ALSO,
    thresholds={"away_percent": 25, "few": 4, "settled_s": 60},
)
