"""A container runs privileged: it can do on the node whatever root can.

## What it finds
Containers and initContainers with `securityContext.privileged: true`.

## Why it matters
A privileged container sees all devices and can leave its namespaces: whoever takes it has the node, and every Secret of every
pod on it.

## Bad
```yaml
apiVersion: v1
kind: Pod
metadata: {name: tool, namespace: shop}
spec:
  containers:
    - name: tool
      image: registry.example.com/tool:1.0
      securityContext: {privileged: true}
```

## Good
```yaml
apiVersion: v1
kind: Pod
metadata: {name: tool, namespace: shop}
spec:
  containers:
    - name: tool
      image: registry.example.com/tool:1.0
      securityContext: {capabilities: {add: [NET_ADMIN]}}
```

## Fix
Drop it, and add the one capability that is needed. Where it is really needed (CNI, CSI), say so with `lint.underway.dev/ignore`.

## Since
clusterlint's `privileged-containers`. It reports each replica; we report each workload once. `--compat clusterlint` reports as
it does.

## References
- <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for subject in picture.subjects(per_pod=options.as_clusterlint):
        for placed in subject.containers:
            security = placed.container.security_context
            if security is not None and security.privileged:
                yield Found(
                    about=subject.about,
                    path=f"{placed.path}.securityContext.privileged",
                    value="true",
                    message=f"container {placed.container.name!r} runs privileged",
                    remedy="drop it, and add the one capability that is needed",
                    patch=subject.container_patch(placed, {"securityContext": {"privileged": False}}),
                    pods=len(subject.pods),
                )


RULE = Rule(name="privileged-containers", groups=("security",), severity=Severity.WARNING, kinds=("Pod",), run=run, page=__doc__)
