"""Objects written with API versions that will be removed after the target version.

## What it finds
Manifests whose apiVersion is deprecated at the target version and still served there; and, on a live cluster, deprecated APIs
that clients asked for, as the API server counts them (apiserver_requested_deprecated_apis).

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
from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.meta import Metadata, Named
from underway.lint.picture import Picture
from underway.lint.requested import REQUESTED
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
            remedy=f"write it as {found.instead}" if found.replacement else "find out what it is for",
        )
    for asked in picture.requested:
        if asked.removed > target:
            yield Found(
                about=picture.get("APIService", "", asked.service_name)
                or Named(kind="APIService", metadata=Metadata(name=asked.service_name)),
                value=asked.resource,
                message=f"somebody asks for {asked.resource} in {asked.api_version}, which 1.{asked.removed} will not serve",
                remedy="look for the audit annotation k8s.io/deprecated, which names the client",
                evidence=Evidence.OBSERVED,
            )


RULE = Rule(
    name="deprecated-api", groups=("upgrade",), severity=Severity.WARNING, kinds=(), run=run, page=__doc__, also=(REQUESTED,)
)
