"""A CronJob starts a run while the last one still runs.

## What it finds
CronJobs whose `concurrencyPolicy` is Allow, which is also what the API makes of none.

## Why it matters
A run that takes longer than its interval piles up with its successors until the node, or the database behind it, gives way.

## Bad
```yaml
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec:
  schedule: "*/5 * * * *"
  jobTemplate: {spec: {template: {spec: {containers: [{name: report, image: "registry.example.com/report:1.0"}]}}}}
```

## Good
```yaml
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec:
  schedule: "*/5 * * * *"
  concurrencyPolicy: Forbid
  jobTemplate: {spec: {template: {spec: {containers: [{name: report, image: "registry.example.com/report:1.0"}]}}}}
```

## Fix
Set `concurrencyPolicy: Forbid`, or Replace where the newest run is the one that counts.

## Since
clusterlint's `cronjob-concurrency`, which flags suspended CronJobs too; they start nothing, so we do not. `--compat
clusterlint` flags them.

## References
- <https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Patch, Severity
from underway.lint.objects.workload import CronJob
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for job in picture.of(CronJob):
        if job.spec.concurrency_policy == "Allow" and (options.as_clusterlint or not job.spec.suspend):
            yield Found(
                about=job,
                path="spec.concurrencyPolicy",
                value="Allow",
                message="a run may start while the last one still runs",
                remedy="set concurrencyPolicy to Forbid or Replace",
                patch=Patch({"spec": {"concurrencyPolicy": "Forbid"}}),
            )


RULE = Rule(name="cronjob-concurrency", groups=("basic",), severity=Severity.WARNING, kinds=("CronJob",), run=run, page=__doc__)
