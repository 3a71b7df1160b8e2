"""Definitions whose objects may still be stored in a version that is not the storage version.

What it finds
    CustomResourceDefinitions with more than one version in status.storedVersions, or with one there that is not served.

Why it matters
    Such a version cannot be taken out of the definition: an upgrade of the operator that does so is refused by the API server.

Bad
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: devices.things.example.com}
    spec:
      group: things.example.com
      versions: [{name: v1alpha1, served: true, storage: false}, {name: v1, served: true, storage: true}]
    status: {storedVersions: [v1alpha1, v1]}

Good
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: devices.things.example.com}
    spec:
      group: things.example.com
      versions: [{name: v1alpha1, served: true, storage: false}, {name: v1, served: true, storage: true}]
    status: {storedVersions: [v1]}

Fix
    underway crd migrate NAME writes every object anew and trims the list.

Since
    0.2.

References

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each definition with versions left in storage."""
    for definition in picture.of("CustomResourceDefinition"):
        versions = {version["name"]: version for version in definition.spec.get("versions") or () if "name" in version}
        stored = definition.status.get("storedVersions") or []
        left = [name for name in stored if not versions.get(name, {}).get("storage")]
        if not left:
            continue
        unserved = [name for name in left if not versions.get(name, {}).get("served")]
        listed = ", ".join(left)
        message = f"objects may still be stored in {listed}"
        if unserved:
            message += f"; {', '.join(unserved)} is not served any more"
        severity = Severity.ERROR if unserved else RULE.severity
        remedy = f"underway crd migrate {definition.metadata.name}"
        reference = picture.ref(definition)
        yield Finding(RULE.name, severity, reference, message, "status.storedVersions", stored, Evidence.OBSERVED, remedy)


RULE = Rule("stored-versions", ("upgrade",), Severity.WARNING, __doc__, run, needs=("CustomResourceDefinition",))
