"""Objects written with API versions that will be removed after the target version.

What it finds
    Manifests whose apiVersion is deprecated at the target version and still served there.

Why it matters
    It works now, and stops working with a later upgrade: the release is known.

Bad
    apiVersion: resource.k8s.io/v1beta2
    kind: ResourceClaim
    metadata: {name: gpu, namespace: shop}
    spec: {}

Good
    apiVersion: resource.k8s.io/v1
    kind: ResourceClaim
    metadata: {name: gpu, namespace: shop}
    spec: {}

Fix
    Change apiVersion to the replacement that the finding names.

Since
    0.2.

References
    https://kubernetes.io/docs/reference/using-api/deprecation-policy/
"""

from collections.abc import Iterator

from underway.lint.api_lifecycle import lifecycle_of
from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule


def run(picture: Picture, options: Options) -> Iterator[Finding]:
    """Each manifest with a deprecated version."""
    target = picture.target(options)
    for thing in picture.everything if not picture.live else ():
        found = lifecycle_of(thing.api_version, thing.kind)
        if found is None or not 0 < found.deprecated <= target or 0 < found.removed <= target:
            continue
        when = f"1.{found.removed} will not serve it" if found.removed else "no release is named for its end"
        message = f"{found.api_version} is deprecated since 1.{found.deprecated}; {when}"
        remedy = f"write it as {found.replacement.rpartition('/')[0]}" if found.replacement else "nothing replaces it"
        yield Finding(RULE.name, RULE.severity, picture.ref(thing), message, "apiVersion", found.api_version, remedy=remedy)


RULE = Rule("deprecated-api", ("upgrade",), Severity.WARNING, __doc__, run)
