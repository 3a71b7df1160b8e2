"""CronJobs whose runs may overlap without anybody having said so.

What it finds
    CronJobs with concurrencyPolicy Allow, which is also what an unset one becomes.

Why it matters
    A run that outlasts its schedule is joined by the next: two backups, two migrations, and more of them the slower they
    get. During an upgrade jobs take longer than usual.

Bad
    apiVersion: batch/v1
    kind: CronJob
    metadata: {name: backup, namespace: shop}
    spec:
      schedule: "0 * * * *"
      concurrencyPolicy: Allow
      jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image:
      "registry.example/app:1"}]}}}}

Good
    apiVersion: batch/v1
    kind: CronJob
    metadata: {name: backup, namespace: shop}
    spec:
      schedule: "0 * * * *"
      concurrencyPolicy: Forbid
      jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image:
      "registry.example/app:1"}]}}}}

Fix
    Set concurrencyPolicy to Forbid, or to Replace where only the newest run counts.

Since
    0.2. clusterlint: cronjob-concurrency, the same.

References
    https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy
"""

from collections.abc import Iterator

from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each CronJob that allows overlap."""
    for job in picture.of("CronJob"):
        policy = job.spec.concurrency_policy or "Allow"
        if policy == "Allow":
            yield Finding(
                RULE.name,
                RULE.severity,
                picture.ref(job),
                "its runs may overlap: concurrencyPolicy is Allow",
                "spec.concurrencyPolicy",
                observed=policy,
                remedy="set concurrencyPolicy to Forbid or Replace",
                patch={"spec": {"concurrencyPolicy": "Forbid"}},
            )


RULE = Rule("cronjob-concurrency", ("basic",), Severity.WARNING, __doc__, run, needs=("CronJob",))
