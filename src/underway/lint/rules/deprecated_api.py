"""Objects written with API versions that will be removed after the target version.

## What it finds
Manifests whose apiVersion is deprecated at the target version and still served there.

## Why it matters
It works now, and stops working with a later upgrade: the release is known.

## Bad
```yaml
apiVersion: resource.k8s.io/v1beta2
kind: ResourceClaim
metadata: {name: gpu, namespace: shop}
spec: {}
```

## Good
```yaml
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {name: gpu, namespace: shop}
spec: {}
```

## Fix
Change apiVersion to the replacement that the finding names.

## Since
0.2.

## References
- <https://kubernetes.io/docs/reference/using-api/deprecation-policy/>
"""

from collections.abc import Iterator

from underway.lint.api_lifecycle import lifecycle_of
from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.target import target_minor


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    target = target_minor(picture, options)
    for thing in picture.objects:
        found = None if thing.metadata.uid else lifecycle_of(thing.api_version, thing.kind)
        if found is None or not 0 < found.deprecated <= target or 0 < found.removed <= target:
            continue
        when = f"1.{found.removed} will not serve it" if found.removed else "no release is named for its end"
        yield Found(
            about=thing,
            path="apiVersion",
            value=found.api_version,
            message=f"{found.api_version} is deprecated since 1.{found.deprecated}; {when}",
            remedy=f"write it as {found.replacement.rpartition('/')[0]}" if found.replacement else "find out what it is for",
        )


RULE = Rule(name="deprecated-api", groups=("upgrade",), severity=Severity.WARNING, kinds=(), run=run, page=__doc__)
