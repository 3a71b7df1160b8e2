"""Definitions whose objects may still be stored in a version that is not the storage version.

## What it finds
CustomResourceDefinitions with more than one version in status.storedVersions, or with one there that is not served.

## Why it matters
Such a version cannot be taken out of the definition: an upgrade of the operator that does so is refused by the API server.

## Bad
```yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: devices.things.example.com}
spec:
  group: things.example.com
  versions: [{name: v1alpha1, served: true, storage: false}, {name: v1, served: true, storage: true}]
status: {storedVersions: [v1alpha1, v1]}
```

## Good
```yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: devices.things.example.com}
spec:
  group: things.example.com
  versions: [{name: v1alpha1, served: true, storage: false}, {name: v1, served: true, storage: true}]
status: {storedVersions: [v1]}
```

## Fix
underway crd migrate NAME writes every object anew and trims the list.

## Since
0.2.

## References
- <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.cluster import CustomResourceDefinition
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for definition in picture.of(CustomResourceDefinition):
        versions = {version.name: version for version in definition.spec.versions}
        stored = definition.status.stored_versions
        left = [name for name in stored if name not in versions or not versions[name].storage]
        if not left:
            continue
        unserved = [name for name in left if name not in versions or not versions[name].served]
        ending = f"; {', '.join(unserved)} is not served any more" if unserved else ""
        yield Found(
            about=definition,
            path="status.storedVersions",
            value=", ".join(stored),
            message=f"objects may still be stored in {', '.join(left)}{ending}",
            remedy=f"underway crd migrate {definition.name}",
            severity=Severity.ERROR if unserved else Severity.WARNING,
            evidence=Evidence.OBSERVED,
        )


RULE = Rule(
    name="stored-versions",
    groups=("upgrade",),
    severity=Severity.WARNING,
    kinds=("CustomResourceDefinition",),
    run=run,
    page=__doc__,
)
