"""A container may run as root.

## What it finds
Containers and initContainers that neither themselves nor through their pod are bound to a user other than root:
`runAsNonRoot` or a `runAsUser` above 0, the container's own word over the pod's.

## Why it matters
Root in the container is root on the node for every kernel bug and every mounted path.

## Bad
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers:
        - name: web
          image: "registry.example.com/web:1.0"
          securityContext: {runAsNonRoot: false}
```

## Good
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      securityContext: {runAsUser: 1000}
      containers:
        - {name: web, image: "registry.example.com/web:1.0"}
```

## Fix
Set `securityContext.runAsNonRoot: true` on the pod, and give the image a numeric USER.

## Since
clusterlint's `non-root-user`, which ignores `runAsUser` and takes a pod's `runAsNonRoot: true` for an answer where the
container says false. It reports each replica; we report each workload once. `--compat clusterlint` reports as it does.

## References
- <https://kubernetes.io/docs/tasks/configure-pod-container/security-context/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.pod import SecurityContext
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    bound = _bound_for_clusterlint if options.as_clusterlint else _bound
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        for placed in subject.containers:
            if not bound(placed.container.security_context, subject.spec.security_context):
                yield Found(
                    about=subject.about,
                    path=f"{placed.path}.securityContext.runAsNonRoot",
                    message=f"container {placed.container.name!r} may run as root",
                    remedy="set runAsNonRoot: true, and give the image a numeric USER",
                    patch=subject.container_patch(placed, {"securityContext": {"runAsNonRoot": True}}),
                    pods=len(subject.pods),
                )


def _bound(own: SecurityContext | None, of_pod: SecurityContext | None) -> bool:
    """Whether the container cannot be root: its own fields win over the pod's, one by one."""
    own, of_pod = own or SecurityContext(), of_pod or SecurityContext()
    user = own.run_as_user if own.run_as_user is not None else of_pod.run_as_user
    flag = own.run_as_non_root if own.run_as_non_root is not None else of_pod.run_as_non_root
    return bool(flag) or (user is not None and user > 0)


def _bound_for_clusterlint(own: SecurityContext | None, of_pod: SecurityContext | None) -> bool:
    return any(context is not None and context.run_as_non_root for context in (own, of_pod))


RULE = Rule(name="non-root-user", groups=("security",), severity=Severity.WARNING, kinds=("Pod",), run=run, page=__doc__)
