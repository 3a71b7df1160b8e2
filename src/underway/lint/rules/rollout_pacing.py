"""A rollout goes on before new pods have proven themselves, or can never end.

## What it finds
Served Deployments that are paused, keep no revision to go back to, replace more than a quarter at once, go on the moment a pod
is ready (behind a load balancer without a readiness gate), give up before a pod can start, or did give up.

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
0.2. Threshold: `--set rollout-pacing.away_percent=25`.

## References
- <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds>
- <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.workload import Deployment
from underway.lint.picture import Picture
from underway.lint.rollout import unavailable_most
from underway.lint.rule import Options, Rule
from underway.lint.traffic import ALSO, KINDS, Served, served

PROGRESS_DEFAULT_S = 600
Said = tuple[Severity, str, str, str]  # severity, path, message, remedy


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for serving in served(picture):
        deployment = serving.subject.about
        if isinstance(deployment, Deployment):
            said = [*_written(deployment, serving, options), *_deadline(deployment, serving)]
            for severity, path, message, remedy in said:
                yield Found(
                    about=deployment, path=path, message=message, remedy=remedy, severity=severity, pods=len(serving.subject.pods)
                )
            yield from _seen(deployment)


def _written(deployment: Deployment, serving: Served, options: Options) -> Iterator[Said]:
    spec = deployment.spec
    if spec.paused:
        yield Severity.WARNING, "spec.paused", "the rollout is paused: a new template changes nothing", "resume it"
    if spec.revision_history_limit == 0:
        yield Severity.WARNING, "spec.revisionHistoryLimit", "no revision is kept: there is no rollback", "keep ten, the default"
    away = unavailable_most(spec.strategy.rolling_update, serving.desired)
    percent = options.threshold(RULE, "away_percent")
    some_stay = away < serving.desired  # where none does, rollout-capacity says so
    if some_stay and 100 * away > percent * serving.desired and spec.strategy.type != "Recreate":
        path = "spec.strategy.rollingUpdate.maxUnavailable"
        yield Severity.INFO, path, f"a rollout takes {away} of {serving.desired} pods at once", "set maxUnavailable lower"
    if not spec.min_ready_seconds:
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


RULE = Rule(
    name="rollout-pacing",
    groups=("zero-downtime",),
    severity=Severity.INFO,
    kinds=KINDS,
    run=run,
    page=__doc__,
    also=ALSO,
    thresholds={"away_percent": 25},
)
